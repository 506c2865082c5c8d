// Between the files of the structural checks (graph/checks.hpp): the list of problems, the parts.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "graph/graph.hpp"

namespace fettle::checks {

class Problems {
 public:
  explicit Problems(const Graph& graph) : graph_(graph) {}
  bool none() const { return found_.empty(); }
  bool full() const { return found_.size() >= kMost; }
  std::vector<Diagnostic> take() { return std::move(found_); }

  void add(Code code, NodeId node, std::string what, std::string hint = {}) {
    if (full()) return;
    found_.push_back({.code = code,
                      .what = std::move(what),
                      .where = node ? describe(node) : std::string{},
                      .why = {},
                      .hint = std::move(hint)});
  }

  // "node 'add' (aten.add.Tensor)"; never fails, even where names are out of range.
  std::string describe(NodeId node) const {
    const Node& n = graph_.node(node);
    if (!n.op) return fmt::format("{} '{}'", opcode_name(n.opcode), text(n.name));
    return fmt::format("node '{}' ({})", text(n.name), text(n.op));
  }
  std::string_view text(StringId id) const {
    if (!id) return {};
    return id.index < graph_.strings().size() ? graph_.text(id) : std::string_view("?");
  }

 private:
  static constexpr std::size_t kMost = 20;
  const Graph& graph_;
  std::vector<Diagnostic> found_;
};

// Calls fn(BlockRef) for each nested graph that the node's arguments name.
template <class Fn>
void for_each_block_ref(const Node& node, Fn&& fn) {
  for (const NamedArgument& argument : node.arguments) {
    if (const auto* ref = std::get_if<BlockRef>(&argument.value.payload)) fn(*ref);
  }
}

// Each part relies on the ones before it having found nothing. `blocks`: reached from the root.
std::vector<BlockId> check_bookkeeping(const Graph& graph, Problems& problems);  // 1-5, 7
void check_blocks(const Graph& graph, const std::vector<BlockId>& blocks, Problems& problems);
void check_signature(const Graph& graph, Problems& problems);  // 12-14

}  // namespace fettle::checks
