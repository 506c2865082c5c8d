#include "pictures/page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "analysis/dominators.hpp"
#include "analysis/liveness.hpp"
#include "base/quantity.hpp"
#include "base/escape.hpp"
#include "pictures/levels.hpp"
#include "pictures/page_parts.hpp"

namespace fettle {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kMostRows = 100;  // of the table of what is alive at the peak

constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

// A column of the boxes' table.
template <class Text>
void column(Out out, const Picture& picture, const char* name, Text&& text) {
  fmt::format_to(out, "\"{}\":[", name);
  const char* separator = "";
  for (const Box& box : picture.boxes) {
    fmt::format_to(out, "{}{}", separator, text(box));
    separator = ",";
  }
  fmt::format_to(out, "],\n");
}

constexpr const char* kKinds[] = {"call", "input", "weight", "output", "module", "part", "nested"};

void write_boxes(Out out, const Picture& picture) {
  fmt::format_to(out, "\"boxes\":{{");
  column(out, picture, "title", [](const Box& b) { return json_text(b.title); });
  column(out, picture, "subtitle", [](const Box& b) { return json_text(b.subtitle); });
  column(out, picture, "line", [](const Box& b) { return json_text(b.line); });
  column(out, picture, "details", [](const Box& b) {
    std::string text = b.path;
    for (const std::string& line : b.details) text += (text.empty() ? "" : "\n") + line;
    return json_text(text);
  });
  column(out, picture, "kind",
         [](const Box& b) { return json_text(kKinds[static_cast<std::size_t>(b.kind)]); });
  column(out, picture, "parent", [](const Box& b) { return b.parent; });
  column(out, picture, "fill", [](const Box& b) { return json_text(b.fill); });
  fmt::format_to(out, "\"open\":[");
  for (const Box& box : picture.boxes) {
    fmt::format_to(out, "{}{:d}", &box == picture.boxes.data() ? "" : ",", box.open);
  }
  fmt::format_to(out, "]}},\n");
}

void write_levels(Out out, const Picture& picture) {
  const std::vector<Level> all = levels(picture);
  fmt::format_to(out, "\"levels\":{{");
  const char* separator = "";
  for (std::size_t box = 0; box < all.size(); ++box) {
    if (picture.boxes[box].leaf()) continue;
    std::vector<std::string> rows;
    for (const auto& row : all[box].rows) rows.push_back(fmt::format("[{}]", fmt::join(row, ",")));
    std::vector<Level::Place> segments;
    for (const Level::Segment& segment : all[box].segments) {
      segments.insert(segments.end(), {segment.from, segment.to});
    }
    fmt::format_to(out, "{}\"{}\":{{\"rows\":[{}],\"segments\":[{}]}}", separator, box,
                   fmt::join(rows, ","), fmt::join(segments, ","));
    separator = ",\n";
  }
  fmt::format_to(out, "}},\n");
}

std::int64_t box_of(const Picture& picture, NodeId node) {
  const std::uint32_t leaf = node ? picture.leaf_of[node.index] : Picture::kNoBox;
  return leaf == Picture::kNoBox ? -1 : std::int64_t(leaf);
}

void write_curve(Out out, const Graph& graph, const Picture& picture, const Liveness& liveness) {
  std::vector<std::int64_t> boxes, bytes;
  std::size_t peak = 0;
  for (std::uint32_t at = 0; at < liveness.size(); ++at) {
    const std::int64_t box = box_of(picture, liveness.node(at));
    if (graph.node(liveness.node(at)).opcode == Opcode::placeholder)
      continue;  // nothing runs there
    if (at == liveness.peak_position()) peak = bytes.size();
    boxes.push_back(box);
    bytes.push_back(liveness.live_bytes()[at]);
  }
  fmt::format_to(out, "\"curve\":{{\"bytes\":[{}],\"box\":[{}],\"peak\":{}}},\n",
                 fmt::join(bytes, ","), fmt::join(boxes, ","), peak);
}

// Pairs of a box and the box that dominates it immediately (-1: the root), parents first. What is
// not drawn hands its own on to the next above it.
void write_tree(Out out, const char* name, const Picture& picture, const Snapshot& flow,
                DominatorTree::Direction direction) {
  const DominatorTree tree(flow, direction);
  std::vector<std::int64_t> box(tree.size(), -1);
  fmt::format_to(out, "\"{}\":[", name);
  const char* separator = "";
  const bool down = direction == DominatorTree::Direction::dominators;
  for (std::uint32_t i = 1; i + 1 < tree.size(); ++i) {
    const Snapshot::Vertex v = down ? i : tree.size() - 1 - i;
    const std::int64_t above = box[tree.immediate(v)], own = box_of(picture, flow.node(v));
    box[v] = own < 0 ? above : own;
    if (own < 0) continue;
    fmt::format_to(out, "{}[{},{}]", separator, own, above);
    separator = ",";
  }
  fmt::format_to(out, "]");
}

std::string legend(const Picture& picture) {
  std::string out = "<p class=\"legend\">" + markup(picture.legend) + " &nbsp; ";
  for (const auto& [fill, meaning] : picture.swatches) {
    out += fmt::format("<span><i style=\"background:{}\"></i>{}</span>", markup(fill),
                       markup(meaning));
  }
  return out + "</p>\n";
}

std::string totals(const Graph& graph, const Picture& picture) {
  std::uint64_t weights = 0, calls = 0, nested = 0;
  double bytes = 0;
  std::vector<const Storage*> seen;
  for (const auto& [name, constant] : graph.constants()) {
    ++weights;
    if (constant.storage) seen.push_back(constant.storage.get());
  }
  std::ranges::sort(seen);
  const auto last = std::unique(seen.begin(), seen.end());
  for (auto at = seen.begin(); at != last; ++at) bytes += static_cast<double>((*at)->size);
  for (const Box& box : picture.boxes) {
    calls += box.leaf() && box.kind == Box::Kind::call;
    nested += box.subtitle == "nested graph" && box.kind == Box::Kind::nested;
  }
  return fmt::format(
      "<p>{} nodes, {} of them calls; nested graphs: {}; weights, buffers and constants: {} "
      "({}).</p>\n",
      human_count(graph.node_count()), human_count(calls), nested, human_count(weights),
      human_bytes(bytes));
}

std::string peak_table(const Graph& graph, const Picture& picture, const Storages& storages,
                       const Liveness& liveness) {
  if (liveness.peak_bytes() == 0) return "<p>The program's values take no memory.</p>\n";
  const std::uint32_t at = liveness.peak_position();
  const std::vector<StorageRange> alive = liveness.live_at(at);
  std::string out = fmt::format(
      "<p>The peak: {} at {}{}, while <b>{}</b> runs. Alive then:</p>\n<table id=\"peak\"><tr><th>"
      "value</th><th class=\"n\">bytes</th><th>module</th></tr>\n",
      human_bytes(static_cast<double>(liveness.peak_bytes())),
      storages.unknown_sizes() ? "least" : "most",
      storages.by_hints() ? " at the sizes of export" : "",
      markup(graph.text(graph.node(liveness.node(at)).name)));
  for (std::size_t i = 0; i < std::min(alive.size(), kMostRows); ++i) {
    const Value& value = graph.value(alive[i].value);
    const std::int64_t box = box_of(picture, value.producer);
    out += fmt::format("<tr{}><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                       box < 0 ? "" : fmt::format(" data-leaf=\"{}\"", box),
                       markup(graph.text(value.name)),
                       human_count(static_cast<std::uint64_t>(alive[i].bytes)),
                       box < 0 ? "" : markup(picture.boxes[static_cast<std::size_t>(box)].path));
  }
  out += "</table>\n";
  if (alive.size() > kMostRows) out += fmt::format("<p>{} more</p>\n", alive.size() - kMostRows);
  if (const std::int64_t inside = liveness.nested_bytes(at); inside > 0) {
    out += fmt::format("<p>and {} in its nested graph</p>\n",
                       human_bytes(static_cast<double>(inside)));
  }
  return out;
}

}  // namespace

std::string to_html(const Graph& graph, const Picture& picture) {
  const Storages storages(graph);
  const Liveness liveness(graph, storages);
  const Snapshot flow(graph);
  std::string text(kHead);
  const Out out = std::back_inserter(text);
  const std::string title = markup(picture.title);
  fmt::format_to(out, "<title>{}</title>\n<style>\n{}</style></head><body>\n", title, kPageStyle);
  fmt::format_to(out,
                 "<form id=\"search\"><input id=\"wanted\" placeholder=\"name or operator\"> "
                 "<button>Find</button></form>\n<h1>{}</h1>\n{}{}"
                 "<div id=\"graph\"></div>\n<pre id=\"details\">Click a box with a thick edge to "
                 "open it, the head of an open one to close it.</pre>\n",
                 title, totals(graph, picture), legend(picture));
  fmt::format_to(out,
                 "<h2>Bytes alive over the schedule</h2>\n<svg id=\"curve\" viewBox=\"0 0 1000 "
                 "160\" preserveAspectRatio=\"none\"></svg>\n<p class=\"dim\" id=\"at\">&nbsp;</p>"
                 "\n{}",
                 peak_table(graph, picture, storages, liveness));
  fmt::format_to(out,
                 "<h2>Dominators</h2>\n<p class=\"dim\">Every path from the inputs to a node leads "
                 "through what stands above it in its list.</p>\n<details id=\"dominators\">"
                 "<summary>the tree</summary></details>\n<h2>Post-dominators</h2>\n<p "
                 "class=\"dim\">Every path from a node to the output leads through what stands "
                 "above it in its list.</p>\n<details id=\"post_dominators\"><summary>the tree"
                 "</summary></details>\n<script type=\"application/json\" id=\"data\">{{");
  write_boxes(out, picture);
  write_levels(out, picture);
  write_curve(out, graph, picture, liveness);
  write_tree(out, "dominators", picture, flow, DominatorTree::Direction::dominators);
  fmt::format_to(out, ",\n");
  write_tree(out, "post_dominators", picture, flow, DominatorTree::Direction::post_dominators);
  fmt::format_to(out, "}}</script>\n<script>\n{}</script>\n</body></html>\n", kPageScript);
  return text;
}

}  // namespace fettle
