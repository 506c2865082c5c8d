// The columns of "fettle.graph/1": the whole graph at once, for passes that scan.
#include <algorithm>
#include <ranges>

#include "graph/nested_blocks.hpp"
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

// Calls visit(id, node) for all live nodes in the order in which they run: the nested graphs of a
// call right before the call. An explicit stack, as graphs nest as deeply as a file says. Only calls
// that own a graph have their arguments looked at.
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

}  // namespace

fettle_status graph_columns(fettle_ctx* ctx, const fettle_graph* g, fettle_columns* out) {
  return guarded(ctx, "columns", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const std::size_t n = g->graph.node_count();
    auto* nodes = ctx->allocate<fettle_node>(n);
    auto* ops = ctx->allocate<fettle_sym>(n);
    auto* opcodes = ctx->allocate<std::uint8_t>(n);
    auto* blocks = ctx->allocate<fettle_block>(n);
    auto* offsets = ctx->allocate<std::uint64_t>(n + 1);
    const std::uint32_t n_values = g->graph.value_bound();
    auto* producers = ctx->allocate<fettle_node>(n_values);
    auto* use_counts = ctx->allocate<std::uint32_t>(n_values);
    std::fill_n(producers, n_values, FETTLE_NONE);
    std::fill_n(use_counts, n_values, 0u);
    // One walk: the nodes of a large graph come from memory, and each walk costs as much again.
    std::vector<fettle_value> found;
    found.reserve(2 * n);
    std::size_t i = 0;
    for_each_node_in_order(g->graph, [&](NodeId id, const Node& node) {
      nodes[i] = id.index;
      ops[i] = node.op.index;
      opcodes[i] = static_cast<std::uint8_t>(node.opcode);
      blocks[i] = node.block.index;
      offsets[i++] = found.size();
      for (ValueId operand : node.operands) found.push_back(operand.index);
      for (std::uint32_t k = 0; k < node.result_count; ++k) {
        const std::uint32_t result = node.first_result + k;
        producers[result] = id.index;
        use_counts[result] = g->graph.value(ValueId(result)).use_count;
      }
    });
    offsets[i] = found.size();
    auto* operands = ctx->allocate<fettle_value>(found.size());
    std::ranges::copy(found, operands);
    fettle_columns info{};
    info.n_nodes = i;  // nodes of graphs that no call owns yet are not among them
    info.nodes = nodes;
    info.ops = ops;
    info.opcodes = opcodes;
    info.blocks = blocks;
    info.operand_offsets = offsets;
    info.operands = operands;
    info.n_values = n_values;
    info.producers = producers;
    info.use_counts = use_counts;
    write_struct(out, info);
    return FETTLE_OK;
  });
}

}  // namespace fettle
