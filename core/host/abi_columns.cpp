// The columns of "fettle.graph/1": the whole graph at once, for passes that scan.
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

// All live nodes in the order in which they run: the nested graphs of a call right before the call.
// An explicit stack, as graphs nest as deeply as a file says. Only calls that own a graph have their
// arguments looked at.
std::vector<NodeId> nodes_in_order(const Graph& graph) {
  std::vector<bool> owns_graph(graph.block_bound() > 1 ? graph.node_bound() : 0);
  for (std::uint32_t b = 1; b < graph.block_bound(); ++b) {
    if (const NodeId owner = graph.block(BlockId(b)).owner) owns_graph[owner.index] = true;
  }
  std::vector<NodeId> order;
  order.reserve(graph.node_count());
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
      bool nested = false;
      for (auto a = node.arguments.rbegin(); a != node.arguments.rend(); ++a) {
        const auto* ref = std::get_if<BlockRef>(&a->value.payload);
        if (ref && enter(ref->block)) nested = true;
      }
      if (nested) continue;
    }
    order.push_back(at);
    if (node.next) {
      stack.back() = {node.next, false};
    } else {
      stack.pop_back();
    }
  }
  return order;
}

}  // namespace

fettle_status graph_columns(fettle_ctx* ctx, const fettle_graph* g, fettle_columns* out) {
  return guarded(ctx, "columns", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const std::vector<NodeId> order = nodes_in_order(g->graph);
    const std::size_t n = order.size();
    std::size_t operand_count = 0;
    for (NodeId id : order) operand_count += g->graph.node(id).operands.size();
    auto* nodes = ctx->allocate<fettle_node>(n);
    auto* ops = ctx->allocate<fettle_sym>(n);
    auto* opcodes = ctx->allocate<std::uint8_t>(n);
    auto* blocks = ctx->allocate<fettle_block>(n);
    auto* offsets = ctx->allocate<std::uint64_t>(n + 1);
    auto* operands = ctx->allocate<fettle_value>(operand_count);
    const std::uint32_t n_values = g->graph.value_bound();
    auto* producers = ctx->allocate<fettle_node>(n_values);
    auto* use_counts = ctx->allocate<std::uint32_t>(n_values);
    std::fill_n(producers, n_values, FETTLE_NONE);
    std::fill_n(use_counts, n_values, 0u);
    std::uint64_t filled = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Node& node = g->graph.node(order[i]);
      nodes[i] = order[i].index;
      ops[i] = node.op.index;
      opcodes[i] = static_cast<std::uint8_t>(node.opcode);
      blocks[i] = node.block.index;
      offsets[i] = filled;
      for (ValueId operand : node.operands) operands[filled++] = operand.index;
      for (ValueId result : g->graph.results(order[i])) {
        producers[result.index] = order[i].index;
        use_counts[result.index] = g->graph.value(result).use_count;
      }
    }
    offsets[n] = filled;
    fettle_columns info{};
    info.n_nodes = n;
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
