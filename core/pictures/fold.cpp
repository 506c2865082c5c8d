// Which boxes are open.
#include "pictures/picture.hpp"

namespace fettle {
namespace {

// Opens whole levels, so that boxes of one kind look alike, as long as few enough are in sight. A
// picture of next to nothing helps nobody: then a level may be larger.
void open_levels(std::vector<Box>& boxes, std::uint32_t most) {
  std::vector<std::uint32_t> level = {0};
  std::size_t in_sight = 1;
  while (!level.empty()) {
    std::vector<std::uint32_t> next;
    std::size_t more = 0;
    for (const std::uint32_t box : level) more += boxes[box].children.size() - 1;
    const std::size_t limit = in_sight < most / 5 ? 2 * most : most;
    if (in_sight + more > limit && level.front() != 0) return;
    in_sight += more;
    for (const std::uint32_t box : level) {
      boxes[box].open = true;
      for (const std::uint32_t child : boxes[box].children) {
        if (!boxes[child].leaf()) next.push_back(child);
      }
    }
    level = std::move(next);
  }
}

}  // namespace

void fold(Picture& picture, const Fold& fold) {
  for (Box& box : picture.boxes) {
    box.open = !box.leaf() && (fold.how == Fold::How::none ||
                               (fold.how == Fold::How::depth && box.depth <= fold.depth));
  }
  if (fold.how == Fold::How::automatic && !picture.boxes[0].leaf()) {
    open_levels(picture.boxes, fold.most);
  }
}

std::uint32_t Picture::shown(std::uint32_t box) const {
  std::uint32_t out = box;
  for (; box != 0; box = boxes[box].parent) {
    if (!boxes[boxes[box].parent].open) out = boxes[box].parent;
  }
  return out;
}

std::uint32_t Picture::visible() const {
  std::uint32_t count = 0;
  for (std::uint32_t box = 0; box < boxes.size(); ++box) {
    count += !boxes[box].open && shown(box) == box;
  }
  return count;
}

}  // namespace fettle
