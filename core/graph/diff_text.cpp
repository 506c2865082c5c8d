// A diff of graphs as people read one: hunks with context, as diff -u shows them.
#include <fmt/format.h>

#include <algorithm>

#include "graph/diff.hpp"
#include "graph/text.hpp"

namespace fettle {
namespace {

class UnifiedWriter {
 public:
  UnifiedWriter(const Graph& a, const Graph& b, const BlockDiff& block, std::size_t context)
      : a_(a), b_(b), block_(block), context_(context) {}

  std::string text() {
    const std::vector<NodeDiff>& nodes = block_.nodes;
    if (!block_.fields.empty()) {
      out_ += fmt::format("@@ {} @@  # differs: {}\n", title(), fmt::join(block_.fields, ", "));
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].change == Change::same) {
        place_a_ += 1, place_b_ += 1;
        continue;
      }
      const std::size_t begin = i - std::min(i - done_, context_);
      std::size_t end = i + 1;  // up to the last difference with no more than 2 × context between
      for (std::size_t k = i + 1; k < nodes.size() && k - end <= 2 * context_; ++k) {
        if (nodes[k].change != Change::same) end = k + 1;
      }
      hunk(begin, std::min(end + context_, nodes.size()), i - begin);
      i = done_ - 1;
    }
    return std::move(out_);
  }

 private:
  std::string title() const {
    const std::string_view name =
        block_.b ? b_.text(b_.block(block_.b).name) : a_.text(a_.block(block_.a).name);
    return name.empty() ? "graph" : fmt::format("graph {}", name);
  }

  void hunk(std::size_t begin, std::size_t end, std::size_t context_before) {
    const std::uint64_t from_a = place_a_ - context_before, from_b = place_b_ - context_before;
    std::string lines;
    place_a_ = from_a, place_b_ = from_b;
    for (std::size_t i = begin; i < end; ++i) node(block_.nodes[i], lines);
    out_ += fmt::format("@@ -{},{} +{},{} @@ {}\n", from_a + 1, place_a_ - from_a, from_b + 1,
                        place_b_ - from_b, title());
    out_ += lines;
    done_ = end;
  }

  void node(const NodeDiff& node, std::string& out) {
    const bool in_a = node.a && node.change != Change::moved_to;
    const bool in_b = node.b && node.change != Change::moved_from;
    place_a_ += in_a, place_b_ += in_b;
    const PrintOptions brief;
    switch (node.change) {
      case Change::same:
        return line(out, ' ', print_node(b_, node.b, brief));
      case Change::removed:
        return line(out, '-', print_node(a_, node.a, brief));
      case Change::added:
        return line(out, '+', print_node(b_, node.b, brief));
      case Change::moved_from:
        return line(out, '-', print_node(a_, node.a, brief), "moved");
      case Change::moved_to:
        return line(out, '+', print_node(b_, node.b, brief),
                    fmt::format("moved; differs: {}", fmt::join(node.fields, ", ")));
      case Change::changed:
        return changed(node, out);
    }
  }

  // In as little detail as shows the difference; what no detail shows is named.
  void changed(const NodeDiff& node, std::string& out) {
    PrintOptions detailed;
    detailed.types = PrintOptions::Types::full;
    detailed.argument_names = true;
    std::string before, after;
    for (const PrintOptions& options : {PrintOptions(), detailed}) {
      before = print_node(a_, node.a, options), after = print_node(b_, node.b, options);
      if (before != after) break;
    }
    if (before == after) {
      return line(out, '!', print_node(b_, node.b),
                  fmt::format("differs: {}", fmt::join(node.fields, ", ")));
    }
    std::string unseen;
    for (const std::string& field : node.fields) {
      if (field.starts_with("metadata") || field.starts_with("unknown")) {
        unseen += (unseen.empty() ? "" : ", ") + field;
      }
    }
    line(out, '-', before);
    line(out, '+', after, unseen.empty() ? "" : "and " + unseen);
  }

  static void line(std::string& out, char mark, std::string_view text, std::string_view note = {}) {
    out += mark;
    out += ' ';
    out += text;
    if (!note.empty()) out.append("  # ").append(note);
    out += '\n';
  }

  const Graph &a_, &b_;
  const BlockDiff& block_;
  std::size_t context_;
  std::size_t done_ = 0;                     // nodes that hunks have shown
  std::uint64_t place_a_ = 0, place_b_ = 0;  // nodes of `a` and of `b` passed so far
  std::string out_;
};

std::string constant_line(const Graph& a, const Graph& b, const ConstantDiff& constant) {
  const auto type = [&](const Graph& graph) {
    return print_type(graph.constants().find(constant.name)->second.type);
  };
  switch (constant.change) {
    case Change::removed:
      return fmt::format("- {}: {}\n", constant.name, type(a));
    case Change::added:
      return fmt::format("+ {}: {}\n", constant.name, type(b));
    default:
      break;
  }
  if (type(a) != type(b)) {
    return fmt::format("- {}: {}\n+ {}: {}  # differs: {}\n", constant.name, type(a), constant.name,
                       type(b), fmt::join(constant.fields, ", "));
  }
  return fmt::format("! {}: {}  # differs: {}\n", constant.name, type(b),
                     fmt::join(constant.fields, ", "));
}

}  // namespace

std::string unified_text(const Graph& a, const Graph& b, const GraphDiff& diff,
                         std::size_t context) {
  std::string out;
  for (const BlockDiff& block : diff.blocks) out += UnifiedWriter(a, b, block, context).text();
  if (!diff.constants.empty()) out += "@@ constants @@\n";
  for (const ConstantDiff& constant : diff.constants) out += constant_line(a, b, constant);
  return out;
}

std::string summary_line(const GraphDiff& diff) {
  std::string out;
  const auto add = [&](std::uint64_t count, std::string_view noun, std::string_view what) {
    if (count == 0) return;
    out += fmt::format("{}{} {}{} {}", out.empty() ? "" : ", ", count, noun, count == 1 ? "" : "s",
                       what);
  };
  const GraphDiff::Tally tally = diff.tally();
  add(tally.removed, "node", "removed");
  add(tally.added, "node", "added");
  add(tally.changed, "node", "changed");
  add(tally.renamed, "node", "renamed");
  add(tally.moved, "node", "moved");
  add(static_cast<std::uint64_t>(std::ranges::count_if(
          diff.blocks, [](const BlockDiff& block) { return !block.fields.empty(); })),
      "nested graph", "changed");
  const auto constants = [&](Change change) {
    return static_cast<std::uint64_t>(
        std::ranges::count(diff.constants, change, &ConstantDiff::change));
  };
  add(constants(Change::removed), "constant", "removed");
  add(constants(Change::added), "constant", "added");
  add(constants(Change::changed), "constant", "changed");
  return out.empty() ? "no differences" : out;
}

}  // namespace fettle
