// "fettle.evaluate/1": stored tensors, and single calls evaluated by the host, for passes that
// fold.
#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/datum.hpp"

namespace fettle {
namespace {

fettle_status constant(fettle_ctx* ctx, const fettle_graph* g, fettle_value id,
                       DLManagedTensorVersioned** out) {
  return guarded(ctx, "constant", [&]() -> fettle_status {
    if (!g || !out) return FETTLE_E_ARGUMENT;
    const Graph& graph = g->graph;
    if (!graph.alive(ValueId(id))) {
      return refuse(ctx, FETTLE_E_STALE, "value " + std::to_string(id) + " does not exist");
    }
    const Node& node = graph.node(graph.value(ValueId(id)).producer);
    if (!node.input_spec || node.input_spec->kind == InputKind::user_input) return FETTLE_E_ABSENT;
    const auto found = graph.constants().find(node.input_spec->target);
    if (found == graph.constants().end()) return FETTLE_E_ABSENT;
    OwnedTensor tensor(Tensor::from_constant(found->second, false).to_dlpack());
    tensor.get()->flags |= DLPACK_FLAG_BITMASK_READ_ONLY;  // mapped from the archive, and shared
    *out = tensor.release();
    return FETTLE_OK;
  });
}

fettle_status call(fettle_ctx* ctx, const fettle_graph* g, fettle_node id, std::uint64_t n_operands,
                   const DLTensor* const* operands, std::uint64_t n_results,
                   DLManagedTensorVersioned** results) {
  return guarded(ctx, "call", [&]() -> fettle_status {
    if (!g || (n_operands > 0 && !operands) || (n_results > 0 && !results)) {
      return FETTLE_E_ARGUMENT;
    }
    if (!g->graph.alive(NodeId(id))) {
      return refuse(ctx, FETTLE_E_STALE, "node " + std::to_string(id) + " does not exist");
    }
    const Node& node = g->graph.node(NodeId(id));
    if (node.opcode != Opcode::call_function || n_operands != node.operands.size() ||
        n_results != node.result_count) {
      return refuse(ctx, FETTLE_E_ARGUMENT,
                    "call: the node has another number of operands or results");
    }
    std::vector<RunValue> given;
    for (std::uint64_t i = 0; i < n_operands; ++i) {
      if (!operands[i]) return FETTLE_E_ARGUMENT;
      if (g->graph.type(node.operands[i]).kind != TypeKind::tensor) return FETTLE_E_UNSUPPORTED;
      given.emplace_back(Tensor::from_dlpack(*operands[i]));
    }
    const std::vector<RunValue> values = evaluate_call(g->graph, NodeId(id), given);
    if (values.size() != n_results) return FETTLE_E_INTERNAL;
    std::vector<OwnedTensor> tensors;
    for (const RunValue& value : values) {
      const auto* tensor = std::get_if<Tensor>(&value);
      if (!tensor || !tensor->defined()) return FETTLE_E_UNSUPPORTED;
      tensors.emplace_back(tensor->to_dlpack());
    }
    for (std::uint64_t i = 0; i < n_results; ++i) results[i] = tensors[i].release();
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_evaluate_v1 kEvaluateTable = {
    .size = sizeof(fettle_evaluate_v1),
    .reserved = 0,
    .constant = constant,
    .call = call,
};

}  // namespace fettle
