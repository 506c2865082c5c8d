#include "ops/nested_facts.hpp"

#include <algorithm>
#include <unordered_set>

#include "ops/alias_union.hpp"
#include "ops/higher_order.hpp"

namespace fettle {

CallFacts NestedFacts::call(NodeId id) {
  const Node& node = graph_.node(id);
  const bool nested = node.opcode == Opcode::call_function &&
                      is_supported_higher_order(graph_.text(node.op));
  const auto body = nested ? as_grad_mode_call(graph_, id) : std::nullopt;
  CallFacts facts = plain_call_facts(graph_, id);
  if (!body) {
    if (nested) facts.known = false;  // a form of the call that we do not understand
    return facts;
  }
  const Summary& inside = summary(body->body);
  facts.known = inside.known;
  facts.random = inside.random;
  facts.uninitialized = inside.uninitialized;
  facts.side_effect = inside.side_effect;
  facts.results_share = inside.results_share;
  facts.writes = inside.writes;
  facts.results_alias = inside.results_alias;
  facts.results_alias.resize(node.result_count);
  facts.why = "the nodes of its nested graph";
  return facts;
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
  std::unordered_set<std::uint32_t> returned;
  for (ValueId output : graph_.node(graph_.output_node(block)).operands) {
    const std::uint32_t root = classes.find(index(output));
    result.results_share = result.results_share || !returned.insert(root).second;
    result.results_alias.push_back(members[root]);
  }
  return result;
}

}  // namespace fettle
