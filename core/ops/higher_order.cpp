#include "ops/higher_order.hpp"

namespace fettle {

std::optional<GradModeCall> as_grad_mode_call(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.arguments.size() < 2) return std::nullopt;
  const auto* enabled = std::get_if<bool>(&node.arguments[0].value.payload);
  const auto* body = std::get_if<BlockRef>(&node.arguments[1].value.payload);
  if (!enabled || !body) return std::nullopt;
  for (std::size_t k = 2; k < node.arguments.size(); ++k) {
    if (!std::holds_alternative<Operand>(node.arguments[k].value.payload)) return std::nullopt;
  }
  std::size_t placeholders = 0;
  for (NodeId inner : graph.nodes(body->block)) {
    if (graph.node(inner).opcode != Opcode::placeholder) break;
    ++placeholders;
  }
  if (placeholders != node.operands.size() || !graph.output_node(body->block)) return std::nullopt;
  return GradModeCall{*enabled, body->block};
}

}  // namespace fettle
