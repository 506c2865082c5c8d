#include <map>

#include "ops/alias_union.hpp"
#include "ops/facts.hpp"
#include "ops/higher_order.hpp"
#include "ops/nested_facts.hpp"

namespace fettle {
namespace {

// A placeholder holds what the call was given, and a result what its nested graph returned.
void unite_across(const Graph& graph, NodeId id, const HigherOrderCall& call, AliasUnion& classes) {
  const Node& node = graph.node(id);
  std::vector<ValueId> inputs;  // by placeholder; none for constants
  for (const Argument& input : call.inputs) {
    const auto* operand = std::get_if<Operand>(&input.payload);
    inputs.push_back(operand ? node.operands[operand->index] : ValueId{});
  }
  const auto unite = [&](ValueId a, ValueId b) {
    if (a && b) classes.unite(a.index, b.index);
  };
  for (BlockId block : call.bodies) {
    const std::vector<ValueId> placeholders = block_inputs(graph, block);
    for (std::size_t k = 0; k < placeholders.size(); ++k) unite(placeholders[k], inputs[k]);
    if (call.op->run == HigherOrderRun::loop && block != call.result_body()) continue;
    const Node& output = graph.node(graph.output_node(block));
    std::uint32_t result = 0;
    for (std::size_t k = 0; k < output.arguments.size() && k < call.stacked_from(); ++k) {
      const auto* operand = std::get_if<Operand>(&output.arguments[k].value.payload);
      const ValueId returned = operand ? output.operands[operand->index] : ValueId{};
      if (node.result_forms[k].count > 0) unite(returned, graph.result(id, result++));
      if (k < call.carried) unite(returned, placeholders[k]);  // in the next iteration
    }
  }
}

// Results that one nested graph made of one storage share it, whatever the operands do.
void unite_results(const Graph& graph, NodeId id, AliasUnion& across, AliasUnion& within) {
  std::map<std::uint32_t, std::uint32_t> first;
  for (ValueId result : graph.results(id)) {
    const auto [same, added] = first.emplace(across.find(result.index), result.index);
    if (!added) within.unite(same->second, result.index);
  }
}

}  // namespace

// Two unions: `within` blocks, by the facts of calls, is what classes are; `across` them, through
// placeholders and what nested graphs return, tells what is written.
AliasClasses::AliasClasses(const Graph& graph)
    : class_of_(graph.value_bound()), written_(graph.value_bound(), false) {
  const bool nested_graphs = graph.block_bound() > 1;
  AliasUnion within(graph.value_bound());
  AliasUnion across(nested_graphs ? graph.value_bound() : 0);
  NestedFacts nested(graph);
  PlainCalls plain(graph);
  const auto index = [](ValueId value) { return value.index; };
  const auto unite = [&](std::uint32_t a, std::uint32_t b) {
    within.unite(a, b);
    if (nested_graphs) across.unite(a, b);
  };
  std::vector<std::uint32_t> written;
  std::vector<NodeId> owners;
  std::map<const Storage*, std::uint32_t> constants;  // tied weights and views of one buffer
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const NodeId id(i);
    if (!graph.alive(id)) continue;
    const Node& node = graph.node(id);
    if (node.input_spec && node.result_count > 0) {
      const auto constant = graph.constants().find(node.input_spec->target);
      if (constant != graph.constants().end()) {
        const auto [first, added] =
            constants.emplace(constant->second.storage.get(), node.first_result);
        if (!added) unite(first->second, node.first_result);
      }
    }
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (plain.contains(id)) continue;
    CallFacts facts = nested.call(id);
    const auto call = nested_graphs ? as_higher_order_call(graph, id) : std::nullopt;
    if (call) facts.results_share = false;  // unite_results says which do
    within.add_call(graph, id, facts, index);
    if (call) {
      unite_across(graph, id, *call, across);
      owners.push_back(id);
    } else if (nested_graphs) {
      across.add_call(graph, id, facts, index);
    }
    for (std::uint32_t k : facts.writes) written.push_back(node.operands[k].index);
  }
  for (NodeId owner : owners) unite_results(graph, owner, across, within);
  for (std::uint32_t value = 0; value < class_of_.size(); ++value) {
    class_of_[value] = within.find(value);
  }
  for (std::uint32_t value : written) written_[class_of_[value]] = true;
  if (!nested_graphs) return;
  std::vector<bool> written_across(graph.value_bound(), false);
  for (std::uint32_t value : written) written_across[across.find(value)] = true;
  for (std::uint32_t value = 0; value < class_of_.size(); ++value) {
    if (written_across[across.find(value)]) written_[class_of_[value]] = true;
  }
}

}  // namespace fettle
