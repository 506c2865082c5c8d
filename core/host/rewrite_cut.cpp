#include "host/rewrite_cut.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace fettle {
namespace {

class Cutter {
 public:
  Cutter(const Graph& before, const Graph& after, const Journal::Footprint& footprint,
         const AliasClasses& aliases, std::uint32_t known_values)
      : before_(before),
        after_(after),
        footprint_(footprint),
        aliases_(aliases),
        known_values_(known_values),
        created_(footprint.created.begin(), footprint.created.end()),
        erased_(footprint.erased.begin(), footprint.erased.end()),
        recalled_(footprint.recalled.begin(), footprint.recalled.end()) {}

  CutPlan run(std::uint64_t radius) {
    if (footprint_.beyond_calls) refuse("it changes more than calls: types, order or the signature");
    choose_outputs();
    if (plan_.refusal.empty()) require_pure_removal();
    if (plan_.refusal.empty()) expand(radius);
    if (plan_.refusal.empty()) {
      plan_.before_calls = in_order(before_, plan_.before_outputs);
      plan_.after_calls = in_order(after_, plan_.after_outputs);
    }
    return std::move(plan_);
  }

 private:
  void refuse(std::string why) {
    if (plan_.refusal.empty()) plan_.refusal = std::move(why);
  }

  void choose_outputs() {
    for (const Journal::Footprint::Replaced& pair : footprint_.replaced) {
      plan_.before_outputs.push_back(pair.old);
      plan_.after_outputs.push_back(pair.now);
    }
    for (const NodeId node : footprint_.recalled) {
      for (const ValueId result : after_.results(node)) {
        plan_.before_outputs.push_back(result);
        plan_.after_outputs.push_back(result);
      }
    }
  }

  // What is gone without anything in its place must not have done anything.
  void require_pure_removal() {
    for (const NodeId node : footprint_.erased) {
      if (!is_call(before_, node)) continue;
      const CallFacts facts = call_facts(before_, node);
      if (!facts.pure()) {
        refuse("'" + std::string(before_.text(before_.node(node).name)) +
               "', which it removes, is not pure: " + facts.why);
      }
    }
  }

  bool must_expand(NodeId node) const {
    return created_.contains(node) || erased_.contains(node) || recalled_.contains(node);
  }
  bool is_call(const Graph& graph, NodeId node) const {
    return graph.node(node).opcode == Opcode::call_function;
  }

  // From the outputs upstream, over both sides at once: what one side computes and the other took for
  // an input would be two different things.
  void expand(std::uint64_t radius) {
    std::deque<std::pair<ValueId, std::uint64_t>> todo;
    std::unordered_map<ValueId, std::uint64_t> distance;
    const auto visit = [&](ValueId value, std::uint64_t d) {
      const auto [at, added] = distance.try_emplace(value, d);
      if (!added && at->second <= d) return;
      at->second = d;
      todo.emplace_back(value, d);
    };
    for (const ValueId value : plan_.before_outputs) visit(value, 0);
    for (const ValueId value : plan_.after_outputs) visit(value, 0);
    while (!todo.empty() && plan_.refusal.empty()) {
      const auto [value, d] = todo.front();
      todo.pop_front();
      if (distance[value] < d) continue;
      look_at(value);
      const NodeId producer = producer_of(value);
      const bool must = must_expand(producer);
      if (!is_call(side_of(producer), producer) || (!must && d >= radius)) continue;
      taken_.insert(producer);
      for (const Graph* side : {&before_, &after_}) {
        if (producer.index >= side->node_bound() || !side->alive(producer)) continue;
        for (const ValueId operand : side->node(producer).operands) visit(operand, must ? d : d + 1);
      }
    }
    plan_.whole = true;
    std::unordered_set<ValueId> inputs;
    for (const auto& [value, d] : distance) {
      const NodeId producer = producer_of(value);
      if (taken_.contains(producer)) continue;
      const bool call = is_call(side_of(producer), producer);
      if (call) plan_.whole = false;
      if (call || is_user_input(producer)) inputs.insert(value);
    }
    plan_.inputs.assign(inputs.begin(), inputs.end());
    std::ranges::sort(plan_.inputs);
  }

  // Created nodes are on the far side alone; all others on the near one.
  const Graph& side_of(NodeId node) const { return created_.contains(node) ? after_ : before_; }
  NodeId producer_of(ValueId value) const {
    return (value.index < before_.value_bound() ? before_ : after_).value(value).producer;
  }
  bool is_user_input(NodeId node) const {
    const Node& n = before_.node(node);
    return n.opcode == Opcode::placeholder && n.input_spec &&
           n.input_spec->kind == InputKind::user_input;
  }

  void look_at(ValueId value) {
    const NodeId producer = producer_of(value);
    const Graph& side = side_of(producer);
    const std::string name(side.text(side.value(value).name));
    if (side.node(producer).block != kRootBlock) return refuse("it is in a nested graph");
    if (value.index < known_values_ && aliases_.written(value)) {
      return refuse("'" + name + "' is written in place");
    }
    if (side.node(producer).opcode == Opcode::placeholder) return;
    const CallFacts facts = call_facts(side, producer);
    if (!facts.pure()) refuse("the call that makes '" + name + "' is not pure: " + facts.why);
  }

  // Of the taken calls those that the outputs need, operands first.
  std::vector<NodeId> in_order(const Graph& side, const std::vector<ValueId>& outputs) const {
    std::vector<NodeId> order;
    std::unordered_map<NodeId, std::uint32_t> seen;  // how many operands were looked at
    std::vector<NodeId> open;
    const auto enter = [&](ValueId value) {
      const NodeId producer = side.value(value).producer;
      if (taken_.contains(producer) && side.alive(producer) && seen.try_emplace(producer, 0).second)
        open.push_back(producer);
    };
    for (const ValueId output : outputs) {
      enter(output);
      while (!open.empty()) {
        const NodeId node = open.back();
        const auto& operands = side.node(node).operands;
        std::uint32_t& next = seen[node];
        if (next < operands.size()) {
          enter(operands[next++]);
        } else {
          open.pop_back();
          order.push_back(node);
        }
      }
    }
    return order;
  }

  const Graph& before_;
  const Graph& after_;
  const Journal::Footprint& footprint_;
  const AliasClasses& aliases_;
  std::uint32_t known_values_;
  std::unordered_set<NodeId> created_, erased_, recalled_, taken_;
  CutPlan plan_;
};

}  // namespace

CutPlan plan_cut(const Graph& before, const Graph& after, const Journal::Footprint& footprint,
                 const AliasClasses& aliases, std::uint32_t known_values, std::uint64_t radius) {
  return Cutter(before, after, footprint, aliases, known_values).run(radius);
}

}  // namespace fettle
