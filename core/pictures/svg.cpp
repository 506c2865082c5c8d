// Boxes are measured from the inside out and placed from the outside in; all closed ones and nodes
// are of one size, so that the rows of a box line up.
#include "pictures/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/escape.hpp"
#include "pictures/levels.hpp"

namespace fettle {
namespace {

using Out = std::back_insert_iterator<std::string>;
using Place = Level::Place;

constexpr double kBoxWidth = 206, kBoxHeight = 48, kWire = 14, kGap = 14, kRowGap = 26, kPad = 14,
                 kHeader = 20, kSwatch = 110;
constexpr std::size_t kMostCharacters = 28;  // that fit into a box

struct Size {
  double width = 0, height = 0;
};
struct Point {
  double x = 0, y = 0;
};

class Drawing {
 public:
  explicit Drawing(const Picture& picture)
      : picture_(picture),
        levels_(levels(picture)),
        sizes_(picture.boxes.size()),
        at_(picture.boxes.size()) {
    for (std::size_t i = picture.boxes.size(); i-- > 0;) measure(i);  // children before parents
  }

  std::string text() {
    const double width = std::max(sizes_[0].width, kSwatch * 6) + 2 * kPad;
    const double head = 64;
    fmt::format_to(out_,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
                   "viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"sans-serif\" font-size=\"11\">\n"
                   "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
                   width, sizes_[0].height + head + kPad, width, sizes_[0].height + head + kPad);
    legend();
    at_[0] = {(width - sizes_[0].width) / 2, head};
    for (std::uint32_t i = 0; i < picture_.boxes.size(); ++i) {
      if (picture_.shown(i) != i) continue;
      picture_.boxes[i].open ? draw_open(i) : draw_closed(i);
    }
    fmt::format_to(out_, "</svg>\n");
    return std::move(text_);
  }

 private:
  Size size(Place place) const {
    return place < 0 ? Size{kWire, 0} : sizes_[static_cast<std::size_t>(place)];
  }

  Size row_size(const std::vector<Place>& row) const {
    Size out{-kGap, 0};
    for (const Place place : row) {
      out.width += size(place).width + kGap;
      out.height = std::max(out.height, size(place).height);
    }
    return out;
  }

  void measure(std::size_t box) {
    if (!picture_.boxes[box].open) {
      sizes_[box] = {kBoxWidth, kBoxHeight};
      return;
    }
    Size inside{kBoxWidth, kRowGap - kPad};
    for (const auto& row : levels_[box].rows) {
      const Size s = row_size(row);
      inside.width = std::max(inside.width, s.width);
      inside.height += s.height + kRowGap;
    }
    sizes_[box] = {inside.width + 2 * kPad, inside.height + kHeader};
  }

  void tooltip(const Box& box) {
    fmt::format_to(out_, "<title>{}", markup(box.title));
    if (!box.path.empty()) fmt::format_to(out_, "\n{}", markup(box.path));
    for (const std::string& line : box.details) fmt::format_to(out_, "\n{}", markup(line));
    fmt::format_to(out_, "</title>");
  }

  void words(double x, double y, std::string_view text, const char* style) {
    if (text.empty()) return;
    fmt::format_to(out_, "<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>", x, y, style,
                   markup(shortened(text, kMostCharacters)));
  }

  void draw_closed(std::uint32_t index) {
    const Box& box = picture_.boxes[index];
    const Point at = at_[index];
    const bool end = box.kind == Box::Kind::input || box.kind == Box::Kind::output ||
                     box.kind == Box::Kind::weight;
    fmt::format_to(out_, "<g>");
    tooltip(box);
    fmt::format_to(out_,
                   "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
                   "rx=\"{}\" fill=\"{}\" stroke=\"#555\"{}/>",
                   at.x, at.y, kBoxWidth, kBoxHeight, end ? 20 : 3, box.fill,
                   box.leaf() ? "" : " stroke-width=\"2.5\"");
    const double middle = at.x + kBoxWidth / 2;
    const double line = box.subtitle.empty() ? 28 : 41;
    words(middle, at.y + 15, box.title, "text-anchor=\"middle\" font-weight=\"bold\"");
    words(middle, at.y + 28, box.subtitle, "text-anchor=\"middle\"");
    words(middle, at.y + line, box.line, "text-anchor=\"middle\" fill=\"#333\"");
    fmt::format_to(out_, "</g>\n");
  }

  void draw_open(std::uint32_t index) {
    const Box& box = picture_.boxes[index];
    const Point at = at_[index];
    const Size whole = sizes_[index];
    if (index != 0) {
      fmt::format_to(out_, "<g>");
      tooltip(box);
      fmt::format_to(out_,
                     "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"5\" "
                     "fill=\"#000\" fill-opacity=\".04\" stroke=\"#888\"/>",
                     at.x, at.y, whole.width, whole.height);
      words(at.x + 8, at.y + 14, box.title + "  " + box.subtitle, "fill=\"#333\"");
      fmt::format_to(out_, "</g>\n");
    }
    draw_edges(index, place_rows(index));
  }

  // Where each place of the box's drawing is entered and left: above and below its middle.
  std::map<Place, std::pair<Point, Point>> place_rows(std::uint32_t index) {
    const Size whole = sizes_[index];
    std::map<Place, std::pair<Point, Point>> ends;
    double y = at_[index].y + kHeader + kRowGap - kPad;
    for (const auto& row : levels_[index].rows) {
      const Size s = row_size(row);
      double x = at_[index].x + (whole.width - s.width) / 2;
      for (const Place place : row) {
        const Size own = size(place);
        const double top = place < 0 ? y : y + (s.height - own.height) / 2;
        if (place >= 0) at_[static_cast<std::size_t>(place)] = {x, top};
        const double bottom = place < 0 ? y + s.height : top + own.height;
        ends[place] = {{x + own.width / 2, top}, {x + own.width / 2, bottom}};
        x += own.width + kGap;
      }
      y += s.height + kRowGap;
    }
    return ends;
  }

  void draw_edges(std::uint32_t index, const std::map<Place, std::pair<Point, Point>>& ends) {
    const double middle = at_[index].x + sizes_[index].width / 2;
    const Point top{middle, at_[index].y + (index ? kHeader : 0)};
    const Point bottom{middle, at_[index].y + sizes_[index].height};
    fmt::format_to(out_, "<path fill=\"none\" stroke=\"#777\" d=\"");
    for (const Level::Segment& segment : levels_[index].segments) {
      const Point a = segment.from == index ? top : ends.at(segment.from).second;
      const Point b = segment.to == index ? bottom : ends.at(segment.to).first;
      const double bend = (b.y - a.y) / 2;
      fmt::format_to(out_, "M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.x, a.y,
                     a.x, a.y + bend, b.x, b.y - bend, b.x, b.y);
      if (segment.to < 0) fmt::format_to(out_, "V{:.1f}", ends.at(segment.to).second.y);
      if (segment.to >= 0) fmt::format_to(out_, "m-3 -6l3 6l3 -6");
    }
    fmt::format_to(out_, "\"/>\n");
  }

  void legend() {
    fmt::format_to(out_,
                   "<text x=\"{}\" y=\"22\" font-size=\"14\" font-weight=\"bold\">{}</text>\n",
                   kPad, markup(picture_.title));
    fmt::format_to(out_, "<text x=\"{}\" y=\"38\">{}</text>\n", kPad, markup(picture_.legend));
    double x = kPad;
    for (const auto& [fill, meaning] : picture_.swatches) {
      fmt::format_to(out_,
                     "<rect x=\"{:.0f}\" y=\"46\" width=\"12\" height=\"12\" fill=\"{}\" "
                     "stroke=\"#555\"/><text x=\"{:.0f}\" y=\"56\">{}</text>\n",
                     x, fill, x + 17, markup(meaning));
      x += kSwatch;
    }
  }

  const Picture& picture_;
  const std::vector<Level> levels_;
  std::vector<Size> sizes_;
  std::vector<Point> at_;  // upper left corners
  std::string text_;
  const Out out_ = std::back_inserter(text_);
};

}  // namespace

std::string to_svg(const Picture& picture) {
  return Drawing(picture).text();
}

}  // namespace fettle
