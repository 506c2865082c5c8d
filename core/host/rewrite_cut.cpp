#include "host/rewrite_cut.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "host/rewrite_site.hpp"
#include "ops/higher_order.hpp"

namespace fettle {
namespace {

constexpr std::uint64_t kAllTheWay = std::numeric_limits<std::uint64_t>::max();

// The two sides, and what is known of their values before anything is cut.
struct Sides {
  const Graph& before;
  const Graph& after;
  const AliasClasses& aliases;  // of the graph that the pass was given, …
  std::uint32_t known_values;   // … which has values up to here

  // Created nodes are on the far side alone; all others on the near one, too.
  const Graph& of(NodeId node) const { return node.index < before.node_bound() ? before : after; }
  const Graph& of(ValueId value) const {
    return value.index < before.value_bound() ? before : after;
  }
  NodeId producer(ValueId value) const { return of(value).value(value).producer; }
  std::string name(ValueId value) const {
    return std::string(of(value).text(of(value).value(value).name));
  }
  bool is_call(NodeId node) const { return of(node).node(node).opcode == Opcode::call_function; }
  bool is_user_input(NodeId node) const {
    const Node& n = of(node).node(node);
    return n.opcode == Opcode::placeholder && n.input_spec &&
           n.input_spec->kind == InputKind::user_input;
  }
  // Whose number of iterations depends on its inputs.
  bool is_loop(NodeId node) const {
    const HigherOrderOperator* op = find_higher_order(of(node).text(of(node).node(node).op));
    return op != nullptr && op->run == HigherOrderRun::loop;
  }
};

// One cut around a site, in the block in which it lies.
class Cutter {
 public:
  Cutter(const Sides& sides, const Journal::Footprint& footprint, const RewriteSite& site)
      : sides_(sides) {
    for (const auto* nodes : {&footprint.created, &footprint.erased, &site.recalled})
      changed_.insert(nodes->begin(), nodes->end());
    for (const auto& [old, now] : site.replaced) add_output(old, now);
    for (const NodeId node : site.recalled) {
      for (const ValueId result : sides.after.results(node)) add_output(result, result);
    }
  }

  CutPlan run(std::uint64_t radius) {
    expand(radius);
    const auto is_loop = [&](NodeId node) { return sides_.is_loop(node); };
    // On any inputs but the program's own, a loop might never end.
    if (!plan_.whole && std::ranges::any_of(taken_, is_loop)) expand(kAllTheWay);
    if (plan_.refusal.empty()) put_in_order();
    return std::move(plan_);
  }

  // How much of the radius is left for what lies around the block; nothing: none.
  std::optional<std::uint64_t> rest() const {
    if (!complete_ || radius_ <= reach_) return std::nullopt;
    return radius_ == kAllTheWay ? kAllTheWay : radius_ - reach_ - 1;
  }

 private:
  void refuse(std::string why) {
    if (plan_.refusal.empty()) plan_.refusal = std::move(why);
  }
  void add_output(ValueId before, ValueId after) {
    plan_.before_outputs.push_back(before);
    plan_.after_outputs.push_back(after);
  }

  // From the outputs upstream, over both sides at once: what one side computes and the other took
  // for an input would be two different things.
  void expand(std::uint64_t radius) {
    taken_.clear();
    distance_.clear();
    radius_ = radius;
    reach_ = 0;
    for (const auto* outputs : {&plan_.before_outputs, &plan_.after_outputs})
      for (const ValueId value : *outputs) visit(value, 0);
    while (!todo_.empty() && plan_.refusal.empty()) {
      const auto [value, d] = todo_.front();
      todo_.pop_front();
      if (distance_[value] < d) continue;
      require_unwritten(value);
      const NodeId producer = sides_.producer(value);
      if (!sides_.is_call(producer)) continue;
      const bool must = changed_.contains(producer);
      reach_ = std::max(reach_, d);
      if (must || d < radius) take(producer, must ? d : d + 1);
    }
    choose_inputs();
  }

  void visit(ValueId value, std::uint64_t d) {
    const auto [at, added] = distance_.try_emplace(value, d);
    if (!added && at->second <= d) return;
    at->second = d;
    todo_.emplace_back(value, d);
  }

  void take(NodeId call, std::uint64_t d) {
    if (taken_.insert(call).second) require_repeatable(call);
    for (const Graph* side : {&sides_.before, &sides_.after}) {
      if (!side->alive(call)) continue;
      for (const ValueId operand : side->node(call).operands) visit(operand, d);
    }
  }

  // What it holds does then not depend on when it is looked at.
  void require_unwritten(ValueId value) {
    if (value.index < sides_.known_values && sides_.aliases.written(value))
      refuse("'" + sides_.name(value) + "' is written in place");
  }

  // Both sides draw the same random numbers, if the same calls draw them, in the same order; what
  // only asserts does so on both.
  void require_repeatable(NodeId call) {
    const CallFacts facts = call_facts(sides_.of(call), call);
    if (facts.pure()) return;
    const bool writes = !facts.known || facts.mutates() || facts.uninitialized;
    if (!writes && !changed_.contains(call)) {
      if (facts.random) random_.push_back(call);
      return;
    }
    refuse("'" + std::string(sides_.of(call).text(sides_.of(call).node(call).name)) +
           "' is not pure: " + facts.why);
  }

  void choose_inputs() {
    complete_ = plan_.whole = true;
    std::unordered_set<ValueId> inputs;
    for (const auto& [value, d] : distance_) {
      const NodeId producer = sides_.producer(value);
      if (taken_.contains(producer)) continue;
      const bool call = sides_.is_call(producer), user = sides_.is_user_input(producer);
      const bool nested = sides_.of(producer).node(producer).block != kRootBlock;
      complete_ = complete_ && !call;
      plan_.whole = plan_.whole && !call && !nested;
      if (call || user || nested) inputs.insert(value);
    }
    plan_.inputs.assign(inputs.begin(), inputs.end());
    std::ranges::sort(plan_.inputs);
  }

  void put_in_order() {
    std::ranges::sort(random_);
    random_.erase(std::ranges::unique(random_).begin(), random_.end());
    plan_.before_calls = in_order(sides_.before, random_, plan_.before_outputs);
    const std::vector<NodeId> drawn = draws_of(plan_.before_calls);
    plan_.after_calls = in_order(sides_.after, drawn, plan_.after_outputs);
    if (draws_of(plan_.after_calls) != drawn) refuse("it draws random numbers in another order");
  }

  std::vector<NodeId> draws_of(const std::vector<NodeId>& calls) const {
    std::vector<NodeId> draws;
    std::ranges::copy_if(calls, std::back_inserter(draws), [&](NodeId call) {
      return std::ranges::binary_search(random_, call);
    });
    return draws;
  }

  // Of the taken calls those that are asked for and those that the outputs need, operands first.
  std::vector<NodeId> in_order(const Graph& side, const std::vector<NodeId>& asked_for,
                               const std::vector<ValueId>& outputs) const {
    std::vector<NodeId> order;
    std::unordered_map<NodeId, std::uint32_t> seen;  // how many operands were looked at
    std::vector<NodeId> open;
    const auto enter = [&](NodeId node) {
      if (taken_.contains(node) && side.alive(node) && seen.try_emplace(node, 0).second)
        open.push_back(node);
    };
    const auto finish = [&] {
      while (!open.empty()) {
        const NodeId node = open.back();
        const auto& operands = side.node(node).operands;
        std::uint32_t& next = seen[node];
        if (next < operands.size()) {
          enter(side.value(operands[next++]).producer);
        } else {
          open.pop_back();
          order.push_back(node);
        }
      }
    };
    for (const NodeId node : asked_for) enter(node), finish();
    for (const ValueId output : outputs) enter(side.value(output).producer), finish();
    return order;
  }

  const Sides& sides_;
  std::unordered_set<NodeId> changed_, taken_;
  std::vector<NodeId> random_;  // of the taken ones, those that draw
  std::unordered_map<ValueId, std::uint64_t> distance_;
  std::deque<std::pair<ValueId, std::uint64_t>> todo_;
  std::uint64_t radius_ = 0, reach_ = 0;  // reach: how far upstream the farthest call is
  bool complete_ = false;                 // no call was left out
  CutPlan plan_;
};

// What is gone without anything in its place must not have done anything.
std::string impure_removal(const Graph& before, const Journal::Footprint& footprint) {
  for (const NodeId node : footprint.erased) {
    if (before.node(node).opcode != Opcode::call_function) continue;
    const CallFacts facts = call_facts(before, node);
    if (facts.pure()) continue;
    return "'" + std::string(before.text(before.node(node).name)) +
           "', which it removes, is not pure: " + facts.why;
  }
  return {};
}

}  // namespace

CutPlan plan_cut(const Graph& before, const Graph& after, const Journal::Footprint& footprint,
                 const AliasClasses& aliases, std::uint32_t known_values, std::uint64_t radius) {
  CutPlan refused;
  refused.refusal = footprint.beyond_calls
                        ? "it changes more than calls: the signature, or the type of an input"
                        : impure_removal(before, footprint);
  if (!refused.refusal.empty()) return refused;
  const Sides sides{before, after, aliases, known_values};
  for (RewriteSite site = site_of(before, footprint);; site = around(before, site)) {
    Cutter cutter(sides, footprint, site);
    CutPlan plan = cutter.run(radius);
    if (!plan.refusal.empty() || site.block == kRootBlock || !cutter.rest()) return plan;
    radius = *cutter.rest();
  }
}

}  // namespace fettle
