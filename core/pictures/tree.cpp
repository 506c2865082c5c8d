#include "pictures/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/quantity.hpp"

namespace fettle {
namespace {

constexpr double kPart = 40;       // boxes of a part, at most
constexpr std::size_t kLoose = 8;  // calls between modules that make a part

void dissolve_single(std::vector<Box>& boxes) {
  for (Box& box : boxes) {
    for (std::uint32_t& child : box.children) {
      while (boxes[child].kind == Box::Kind::module && boxes[child].children.size() == 1) {
        child = boxes[child].children.front();
      }
    }
  }
}

// Stretches of `children` of nearly one length, each a box of its own; parts of parts where there
// are too many, as many of them on each level.
std::vector<std::uint32_t> in_parts(std::vector<Box>& boxes, std::vector<std::uint32_t> children,
                                    const std::string& path) {
  const double size = static_cast<double>(children.size());
  const double levels = std::max(2.0, std::ceil(std::log(size) / std::log(kPart)));
  const auto each = static_cast<std::size_t>(std::ceil(std::pow(size, 1 / levels)));
  while (children.size() > kMostChildren) {
    const std::size_t count = (children.size() + each - 1) / each;
    std::vector<std::uint32_t> parts;
    for (std::size_t i = 0; i < count; ++i) {
      const auto first =
          children.begin() + static_cast<std::ptrdiff_t>(i * children.size() / count);
      const auto last =
          children.begin() + static_cast<std::ptrdiff_t>((i + 1) * children.size() / count);
      Box part{.kind = Box::Kind::part, .subtitle = "part", .path = path};
      part.children.assign(first, last);
      parts.push_back(static_cast<std::uint32_t>(boxes.size()));
      boxes.push_back(std::move(part));
    }
    children = std::move(parts);
  }
  return children;
}

// Calls that stand between modules hide them when they are many (masks and positions, written out
// in forward): each long stretch of them becomes a part.
std::vector<std::uint32_t> loose_in_parts(std::vector<Box>& boxes,
                                          const std::vector<std::uint32_t>& children,
                                          const std::string& path) {
  const auto loose = [&](std::uint32_t child) {
    return boxes[child].leaf() && boxes[child].kind == Box::Kind::call;
  };
  const bool modules = std::ranges::any_of(
      children, [&](std::uint32_t child) { return boxes[child].kind == Box::Kind::module; });
  if (!modules) return children;
  std::vector<std::uint32_t> out;
  for (auto first = children.begin(); first != children.end();) {
    auto last = std::find_if_not(first, children.end(), loose);
    if (static_cast<std::size_t>(last - first) >= kLoose) {
      Box part{.kind = Box::Kind::part, .subtitle = "part", .path = path};
      part.children.assign(first, last);
      out.push_back(static_cast<std::uint32_t>(boxes.size()));
      boxes.push_back(std::move(part));
    } else {
      if (last == first) ++last;
      out.insert(out.end(), first, last);
    }
    first = last;
  }
  return out;
}

// Parents first, children in their order: program order.
std::vector<Box> numbered(std::vector<Box> boxes) {
  std::vector<Box> out;
  out.reserve(boxes.size());
  struct Open {
    std::uint32_t box, parent, place;
  };
  std::vector<Open> stack = {{0, 0, 0}};
  while (!stack.empty()) {
    const Open at = stack.back();
    stack.pop_back();
    const auto index = static_cast<std::uint32_t>(out.size());
    const std::vector<std::uint32_t> children = boxes[at.box].children;
    out.push_back(std::move(boxes[at.box]));
    out.back().parent = at.parent;
    if (index > 0) {
      out.back().depth = out[at.parent].depth + 1;
      out[at.parent].children[at.place] = index;
    }
    for (std::size_t i = children.size(); i-- > 0;) {
      stack.push_back({children[i], index, static_cast<std::uint32_t>(i)});
    }
  }
  return out;
}

// "layer.0" of "encoder.layer.0" inside "encoder".
std::string relative(const std::string& path, const std::string& around) {
  const bool inside = !around.empty() && path.size() > around.size() && path.starts_with(around) &&
                      path[around.size()] == '.';
  return inside ? path.substr(around.size() + 1) : path;
}

void name(std::vector<Box>& boxes) {
  for (std::size_t i = 1; i < boxes.size(); ++i) {
    Box& box = boxes[i];
    const std::string& around = boxes[box.parent].path;
    if (box.kind == Box::Kind::module) {
      box.title = relative(box.path, around);
    } else if (box.kind == Box::Kind::call && box.path != around && !box.path.empty()) {
      box.subtitle = relative(box.path, around) + ": " + box.subtitle;
    }
  }
}

const std::string& end_title(const std::vector<Box>& boxes, const Box* box, bool last) {
  while (box->kind == Box::Kind::part) box = &boxes[last ? box->children.back() : box->children[0]];
  return box->title;
}

}  // namespace

void arrange(Picture& picture) {
  std::vector<Box>& boxes = picture.boxes;
  dissolve_single(boxes);
  for (std::size_t i = 0, made = boxes.size(); i < made; ++i) {
    // Not in place: in_parts makes boxes.
    std::vector<std::uint32_t> children = std::move(boxes[i].children);
    const std::string path = boxes[i].path;
    children = loose_in_parts(boxes, children, path);
    children = in_parts(boxes, std::move(children), path);
    boxes[i].children = std::move(children);
  }
  boxes = numbered(std::move(boxes));
  name(boxes);
  for (std::size_t i = boxes.size(); i-- > 0;) {
    Box& box = boxes[i];
    if (box.leaf()) continue;
    box.nodes = 0;
    for (const std::uint32_t child : box.children) box.nodes += boxes[child].nodes;
    box.line = human_count(box.nodes) + " nodes";
    if (box.kind == Box::Kind::part) {
      box.title =
          fmt::format("{} … {}", end_title(boxes, &box, false), end_title(boxes, &box, true));
    }
  }
}

}  // namespace fettle
