#include "pictures/dot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/escape.hpp"

namespace fettle {
namespace {

using Out = std::back_insert_iterator<std::string>;

// In double quotes. Backslashes are doubled: Graphviz reads \N and the like in labels.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : clean(text)) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

std::string label(const Box& box) {
  std::string out = box.title;
  for (const std::string* line : {&box.subtitle, &box.line}) {
    if (!line->empty()) out += "\n" + *line;
  }
  return out;
}

std::string tooltip(const Box& box) {
  std::string out = box.path;
  for (const std::string& line : box.details) out += (out.empty() ? "" : "\n") + line;
  return out.empty() ? box.title : out;
}

const char* shape(const Box& box) {
  switch (box.kind) {
    case Box::Kind::input:
    case Box::Kind::output:
    case Box::Kind::weight:
      return "ellipse";
    default:
      return box.leaf() ? "box" : "box3d";
  }
}

void open_cluster(Out out, const Box& box, std::uint32_t index) {
  // A part of a list says nothing once it is open.
  const bool frame = box.kind != Box::Kind::part;
  fmt::format_to(out, "subgraph {}{} {{\n", frame ? "cluster_" : "part_", index);
  if (!frame) return;
  const std::string text = box.subtitle.empty() ? box.title : box.title + "  " + box.subtitle;
  fmt::format_to(out, "label={};\n", quoted(text));
}

void write_boxes(Out out, const Picture& picture) {
  std::uint32_t depth = 0;  // of the clusters that are open
  const auto close_to = [&](std::uint32_t level) {
    for (; depth > level; --depth) fmt::format_to(out, "}}\n");
  };
  for (std::uint32_t i = 1; i < picture.boxes.size(); ++i) {
    const Box& box = picture.boxes[i];
    if (picture.shown(i) != i) continue;
    close_to(box.depth - 1);
    if (box.open) {
      open_cluster(out, box, i);
      ++depth;
      continue;
    }
    fmt::format_to(out, "{} [label={}, shape={}, fillcolor=\"{}\", tooltip={}];\n", i,
                   quoted(label(box)), shape(box), box.fill, quoted(tooltip(box)));
  }
  close_to(0);
}

void write_edges(Out out, const Picture& picture) {
  using Seen = std::tuple<std::uint32_t, std::uint32_t, std::string_view>;
  std::vector<Seen> edges;
  for (const PictureEdge& edge : picture.edges) {
    const std::uint32_t from = picture.shown(edge.from), to = picture.shown(edge.to);
    if (from != to) edges.emplace_back(from, to, edge.label);
  }
  std::ranges::sort(edges);
  for (std::size_t i = 0, end = 0; i < edges.size(); i = end) {
    const auto [from, to, text] = edges[i];
    bool one = true;
    for (end = i;
         end < edges.size() && std::get<0>(edges[end]) == from && std::get<1>(edges[end]) == to;
         ++end) {
      one = one && std::get<2>(edges[end]) == text;
    }
    const std::string shown = one ? std::string(text) : fmt::format("{} values", end - i);
    fmt::format_to(out, "{}->{}", from, to);
    if (!shown.empty()) fmt::format_to(out, " [label={}]", quoted(shown));
    fmt::format_to(out, ";\n");
  }
}

void write_legend(Out out, const Picture& picture) {
  std::string text = picture.title;
  if (!picture.legend.empty()) text += (text.empty() ? "" : "\n") + picture.legend;
  for (const auto& [fill, meaning] : picture.swatches) {
    text +=
        fmt::format("{}{} {}", &fill == &picture.swatches[0].first ? "\n" : "   ", fill, meaning);
  }
  fmt::format_to(out, "label={};\n", quoted(text));
}

}  // namespace

std::string to_dot(const Picture& picture) {
  std::string text;
  const Out out = std::back_inserter(text);
  fmt::format_to(out,
                 "digraph G {{\ngraph [fontname=\"sans-serif\", fontsize=11];\n"
                 "node [style=filled, fontname=\"sans-serif\", fontsize=11];\n"
                 "edge [fontname=\"sans-serif\", fontsize=9, color=\"#666666\"];\n");
  write_boxes(out, picture);
  write_edges(out, picture);
  write_legend(out, picture);
  fmt::format_to(out, "}}\n");
  return text;
}

}  // namespace fettle
