#include "candidates.hpp"

#include <algorithm>

Candidates::Candidates(const fettle::Graph& graph, const FoldingRules& rules,
                       const std::unordered_set<fettle_node>& failed)
    : graph_(graph), rules_(rules), changed_(graph) {
  assertions_[0] = graph.symbol("aten._assert_tensor_metadata.default");
  assertions_[1] = graph.symbol("aten._assert_async.default");
  assertions_[2] = graph.symbol("aten._assert_async.msg");
  invoke_ = graph.symbol("higher_order.invoke_subgraph");
  const fettle_columns columns = graph.columns();
  has_nested_ = std::any_of(columns.blocks, columns.blocks + columns.n_nodes,
                            [](fettle_block block) { return block != fettle::kRoot.id; });
  call_of_value_.assign(columns.n_values, kNone);
  find_sources();
  nestings_.emplace_back();
  blocks_.push_back(fettle::kRoot);
  for (std::size_t at = 0; at < nestings_.size(); ++at) collect(nestings_[at], blocks_[at], failed);
}

void Candidates::collect(const Nesting& nesting, fettle::Block block,
                         const std::unordered_set<fettle_node>& failed) {
  for (const fettle::Node node : graph_.nodes(block)) {
    const fettle_node_info info = node.info();
    if (info.opcode != FETTLE_OPCODE_CALL_FUNCTION) continue;
    const bool asserts = info.n_results == 0;
    if (failed.count(node.id()) != 0 || (asserts && nesting.call) || !qualifies(info, node)) {
      enter(nesting, node);
      continue;
    }
    const auto index = static_cast<std::uint32_t>(calls_.size());
    call_of_node_.emplace(node.id(), index);
    for (std::uint32_t k = 0; k < info.n_results; ++k)
      call_of_value_[info.first_result + k] = index;
    Candidate call;
    call.node = node;
    call.nesting = &nesting;
    call.operands.assign(info.operands, info.operands + info.n_operands);
    call.first_result = info.first_result;
    call.results = info.n_results;
    call.assertion = asserts;
    calls_.push_back(std::move(call));
  }
}

// What a call hands to its graphs as it is, it hands them in each run. Where constants could not be
// handed on, the graphs stay as they are: beside plain numbers, and to invoke_subgraph, two calls
// of which may mean the same graph by one identifier.
void Candidates::enter(const Nesting& around, fettle::Node call) {
  const auto found = nested(call);
  if (!found || call.is(invoke_)) return;
  for (std::size_t k = found->first_passed(); k < found->input_count(); ++k)
    if (!found->input(k)) return;
  for (std::size_t index = 0; index < found->block_count(); ++index) {
    std::size_t k = 0;
    for (const fettle::Node node : graph_.nodes(found->block(index))) {
      if (node.opcode() != fettle::Opcode::placeholder) break;
      const fettle::Value given = found->input(k);
      if (k++ >= found->first_passed() && given && is_source(given.id()))
        sources_.emplace(node.result().id(), root_source(given.id()));
    }
    nestings_.push_back({call, index, &around});
    blocks_.push_back(found->block(index));
  }
}

std::optional<fettle::NestedCall> Candidates::nested(fettle::Node node) const {
  if (!has_nested_) return std::nullopt;
  return fettle::nested_call(node);
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
    if (value.type().is_tensor() && !changed_.contains(value))
      sources_.emplace(value.id(), value.id());
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
  const auto call = nested(node);
  if (!call) return node.facts().pure();
  if (may_not_end(node)) return false;
  if (node.facts().pure()) return true;
  if (call->runs() != fettle::NestedCall::once) return false;
  for (const fettle::Node inner : graph_.nodes(call->block(0)))
    if (inner.is_call() && !is_assertion(inner) && !computable(inner)) return false;
  return true;
}

// As deep as graphs nest.
bool Candidates::may_not_end(fettle::Node node) const {
  const auto call = nested(node);
  if (!call) return false;
  if (call->runs() == fettle::NestedCall::loop) return true;
  for (std::size_t k = 0; k < call->block_count(); ++k)
    for (const fettle::Node inner : graph_.nodes(call->block(k)))
      if (inner.is_call() && may_not_end(inner)) return true;
  return false;
}
