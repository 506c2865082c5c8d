#include "ops/nested_facts.hpp"

#include <algorithm>
#include <unordered_set>

#include "ops/alias_union.hpp"
#include "ops/higher_order.hpp"

namespace fettle {

CallFacts NestedFacts::call(NodeId id) {
  const Node& node = graph_.node(id);
  CallFacts facts = plain_call_facts(graph_, id);
  if (node.opcode != Opcode::call_function) return facts;
  if (!find_higher_order(graph_.text(node.op))) return facts;
  const auto call = as_higher_order_call(graph_, id);
  if (!call) {
    facts.known = false;  // a form of the call that we do not understand
    return facts;
  }
  facts = {};
  facts.known = true;
  facts.why = "the nodes of its nested graph";
  facts.results_alias.resize(node.result_count);
  // Inputs that share storage with output k of the graphs that make results, by k.
  std::vector<std::set<std::uint32_t>> shared;
  for (BlockId block : call->bodies) {
    const Summary& inside = summary(block);
    facts.known = facts.known && inside.known;
    facts.random = facts.random || inside.random;
    facts.uninitialized = facts.uninitialized || inside.uninitialized;
    facts.side_effect = facts.side_effect || inside.side_effect;
    for (std::uint32_t k : inside.writes) add_operand(call->inputs[k], facts.writes);
    if (call->op->run == HigherOrderRun::loop && block != call->result_body()) continue;
    facts.results_share = facts.results_share || (call->stacked_from() > 0 && inside.results_share);
    shared.resize(std::max(shared.size(), inside.results_alias.size()));
    for (std::size_t k = 0; k < inside.results_alias.size(); ++k) {
      shared[k].insert(inside.results_alias[k].begin(), inside.results_alias[k].end());
    }
  }
  close_over_iterations(*call, shared);
  std::uint32_t result = 0;
  for (std::size_t k = 0; k < shared.size() && result < node.result_count; ++k) {
    if (node.result_forms[k].count == 0) continue;
    if (k < call->stacked_from()) {  // what is stacked is copied
      for (std::uint32_t input : shared[k]) {
        add_operand(call->inputs[input], facts.results_alias[result]);
      }
    }
    ++result;
  }
  std::ranges::sort(facts.writes);
  return facts;
}

void NestedFacts::add_operand(const Argument& input, std::vector<std::uint32_t>& to) {
  const auto* operand = std::get_if<Operand>(&input.payload);
  if (operand && std::ranges::find(to, operand->index) == to.end()) to.push_back(operand->index);
}

// What an output shares storage with in one iteration, its carried value shares in the next.
void NestedFacts::close_over_iterations(const HigherOrderCall& call,
                                        std::vector<std::set<std::uint32_t>>& shared) {
  for (bool grew = call.carried > 0; grew;) {
    grew = false;
    for (std::uint32_t k = 0; k < call.carried; ++k) {
      std::set<std::uint32_t> more;
      for (std::uint32_t input : shared[k]) {
        if (input < call.carried) more.insert(shared[input].begin(), shared[input].end());
      }
      const std::size_t before = shared[k].size();
      shared[k].merge(more);
      grew = grew || shared[k].size() != before;
    }
  }
}

const NestedFacts::Summary& NestedFacts::summary(BlockId block) {
  if (const auto found = summaries_.find(block); found != summaries_.end()) return found->second;
  Summary made = summarize(block);
  return summaries_.emplace(block, std::move(made)).first->second;
}

NestedFacts::Summary NestedFacts::summarize(BlockId block) {
  // Values of the block get dense numbers, so that the cost is the block's and not the program's.
  std::unordered_map<ValueId, std::uint32_t> numbers;
  std::vector<ValueId> placeholders;
  for (NodeId id : graph_.nodes(block)) {
    for (ValueId value : graph_.results(id)) {
      numbers.emplace(value, static_cast<std::uint32_t>(numbers.size()));
      if (graph_.node(id).opcode == Opcode::placeholder) placeholders.push_back(value);
    }
  }
  const auto index = [&](ValueId value) { return numbers.at(value); };
  AliasUnion classes(numbers.size());
  Summary result;
  std::vector<std::uint32_t> written;
  for (NodeId id : graph_.nodes(block)) {
    const Node& node = graph_.node(id);
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (plain_.contains(id)) continue;
    const CallFacts facts = call(id);
    result.known = result.known && facts.known;
    result.random = result.random || facts.random;
    result.uninitialized = result.uninitialized || facts.uninitialized;
    result.side_effect = result.side_effect || facts.side_effect;
    for (std::uint32_t k : facts.writes) written.push_back(index(node.operands[k]));
    classes.add_call(graph_, id, facts, index);
  }
  for (std::uint32_t& value : written) value = classes.find(value);
  std::ranges::sort(written);

  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> members;  // class: placeholders
  for (std::uint32_t k = 0; k < placeholders.size(); ++k) {
    const std::uint32_t root = classes.find(index(placeholders[k]));
    members[root].push_back(k);
    if (std::ranges::binary_search(written, root)) result.writes.push_back(k);
  }
  const Node& output = graph_.node(graph_.output_node(block));
  std::unordered_set<std::uint32_t> returned;
  for (const NamedArgument& argument : output.arguments) {
    const auto* operand = std::get_if<Operand>(&argument.value.payload);
    std::vector<std::uint32_t> shared;  // of a constant: none
    if (operand) {
      const std::uint32_t root = classes.find(index(output.operands[operand->index]));
      result.results_share = result.results_share || !returned.insert(root).second;
      shared = members[root];
    }
    result.results_alias.push_back(std::move(shared));
  }
  return result;
}

}  // namespace fettle
