#include "analysis/columns.hpp"

#include <ranges>

#include "graph/nested_blocks.hpp"

namespace fettle {
namespace {

// Calls visit(id, node) for all live nodes in order. An explicit stack, as graphs nest as deeply as
// a file says. Only calls that own a graph have their arguments looked at.
template <class Visit>
void for_each_node_in_order(const Graph& graph, Visit visit) {
  std::vector<bool> owns_graph(graph.block_bound() > 1 ? graph.node_bound() : 0);
  for (std::uint32_t b = 1; b < graph.block_bound(); ++b) {
    if (const NodeId owner = graph.block(BlockId(b)).owner) owns_graph[owner.index] = true;
  }
  struct Frame {
    NodeId at;
    bool entered;  // its nested graphs were pushed already
  };
  std::vector<Frame> stack;
  const auto enter = [&](BlockId block) {
    const NodeId first = graph.block(block).first;
    if (first) stack.push_back({first, false});
    return bool(first);
  };
  enter(kRootBlock);
  while (!stack.empty()) {
    const NodeId at = stack.back().at;
    const Node& node = graph.node(at);
    if (!owns_graph.empty() && owns_graph[at.index] && !stack.back().entered) {
      stack.back().entered = true;
      std::vector<BlockId> blocks;
      for_each_block(node.arguments, [&](BlockId block) { blocks.push_back(block); });
      bool nested = false;
      for (const BlockId block : blocks | std::views::reverse) nested = enter(block) || nested;
      if (nested) continue;
    }
    visit(at, node);
    if (node.next) {
      stack.back() = {node.next, false};
    } else {
      stack.pop_back();
    }
  }
}

constexpr std::uint32_t kAhead = 8;  // nodes

}  // namespace

Columns::Columns(const Graph& graph)
    : producers(graph.value_bound()), use_counts(graph.value_bound(), 0) {
  reserve(graph.node_count());
  for_each_node_in_order(graph, [&](NodeId id, const Node& node) {
    // Program order mostly follows ids, which says what is met soon; the list says only what is
    // next.
    if (id.index + kAhead < graph.node_bound())
      __builtin_prefetch(&graph.node(NodeId(id.index + kAhead)));
    nodes.push_back(id);
    ops.push_back(node.op);
    opcodes.push_back(static_cast<std::uint8_t>(node.opcode));
    blocks.push_back(node.block);
    operand_offsets.push_back(operands.size());
    operands.insert(operands.end(), node.operands.begin(), node.operands.end());
    first_results.push_back(node.first_result);
    result_counts.push_back(node.result_count);
    for (std::uint32_t k = 0; k < node.result_count; ++k) {
      const std::uint32_t result = node.first_result + k;
      producers[result] = id;
      use_counts[result] = graph.value(ValueId(result)).use_count;
    }
  });
  operand_offsets.push_back(operands.size());
}

void Columns::reserve(std::size_t n) {
  nodes.reserve(n);
  ops.reserve(n);
  opcodes.reserve(n);
  blocks.reserve(n);
  operand_offsets.reserve(n + 1);
  operands.reserve(2 * n);
  first_results.reserve(n);
  result_counts.reserve(n);
}

}  // namespace fettle
