#include "candidates.hpp"

Candidates::Candidates(const fettle::Graph& graph, const FoldingRules& rules,
                       const std::unordered_set<fettle_node>& failed)
    : graph_(graph), rules_(rules), changed_(graph) {
  assertions_[0] = graph.symbol("aten._assert_tensor_metadata.default");
  assertions_[1] = graph.symbol("aten._assert_async.default");
  assertions_[2] = graph.symbol("aten._assert_async.msg");
  nested_ = graph.symbol("higher_order.wrap_with_set_grad_enabled");
  call_of_value_.assign(graph.columns().n_values, kNone);
  find_sources();
  for (const fettle::Node node : graph.nodes()) {
    const fettle_node_info info = node.info();
    if (info.opcode != FETTLE_OPCODE_CALL_FUNCTION || failed.count(node.id()) != 0) continue;
    if (!qualifies(info, node)) continue;
    const auto index = static_cast<std::uint32_t>(calls_.size());
    call_of_node_.emplace(node.id(), index);
    for (std::uint32_t k = 0; k < info.n_results; ++k)
      call_of_value_[info.first_result + k] = index;
    Candidate call;
    call.node = node;
    call.operands.assign(info.operands, info.operands + info.n_operands);
    call.first_result = info.first_result;
    call.results = info.n_results;
    call.assertion = info.n_results == 0;
    calls_.push_back(std::move(call));
  }
}

void Candidates::find_sources() {
  for (const fettle::Node node : graph_.nodes()) {
    const fettle_node_info info = node.info();
    if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) return;
    const bool constant = info.input_kind == FETTLE_INPUT_BUFFER ||
                          info.input_kind == FETTLE_INPUT_TENSOR_CONSTANT ||
                          (rules_.parameters && info.input_kind == FETTLE_INPUT_PARAMETER);
    if (!constant || info.n_results != 1) continue;
    const fettle::Value value = graph_.value(info.first_result);
    if (value.type().is_tensor() && !changed_.contains(value)) sources_.insert(value.id());
  }
}

// The cheap questions first: most calls fail the one about operands.
bool Candidates::qualifies(const fettle_node_info& info, fettle::Node node) const {
  for (std::uint32_t k = 0; k < info.n_operands; ++k)
    if (call_of_value_[info.operands[k]] == kNone && !is_source(info.operands[k])) return false;
  for (std::uint32_t k = 0; k < info.n_results; ++k) {
    const fettle::Value result = graph_.value(info.first_result + k);
    if (classes().written(result)) return false;
    const fettle::Type type = result.type();
    if (!type.is_tensor() || type.bytes() < 0 || type.device_type() != "cpu") return false;
    if (type.bytes() > rules_.max_intermediate_bytes) return false;
    if (type.requires_grad() && !rules_.parameters) return false;
  }
  return info.n_results == 0 ? info.n_operands != 0 && is_assertion(node) : computable(node);
}

bool Candidates::is_assertion(fettle::Node node) const {
  for (const fettle::Symbol assertion : assertions_)
    if (node.is(assertion)) return true;
  return false;
}

bool Candidates::computable(fettle::Node node) const {
  if (node.facts().pure()) return true;
  if (!node.is(nested_)) return false;
  for (std::uint32_t k = 0; k < node.argument_count(); ++k) {
    const fettle::Argument argument = node.argument(k);
    if (!argument.is_block()) continue;
    for (const fettle::Node inner : graph_.nodes(argument.block()))
      if (inner.is_call() && !is_assertion(inner) && !computable(inner)) return false;
  }
  return true;
}
