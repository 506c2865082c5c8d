#include "analysis/preservation.hpp"

#include <fmt/format.h>

#include <map>

namespace fettle {
namespace {

using Difference = std::optional<std::string>;

struct Dominance {
  std::shared_ptr<const Snapshot> flow;
  std::shared_ptr<const DominatorTree> trees[2];  // by direction
};

// Computed from the graph, not from what is kept.
Dominance dominance_of(const Graph& graph, BlockId block) {
  auto flow = std::make_shared<Snapshot>(graph, block);
  using Direction = DominatorTree::Direction;
  return {flow,
          {std::make_shared<DominatorTree>(*flow, Direction::dominators),
           std::make_shared<DominatorTree>(*flow, Direction::post_dominators)}};
}

std::string name_of(const Graph& graph, NodeId node) {
  return node ? fmt::format("'{}'", graph.text(graph.node(node).name)) : "one of the virtual ends";
}

Difference difference(const Graph& graph, const Dominance& before, const Dominance& now) {
  for (Snapshot::Vertex v = 0; v < std::min(before.flow->size(), now.flow->size()); ++v) {
    const NodeId was = before.flow->node(v), is = now.flow->node(v);
    if (was != is) {
      return fmt::format("{} stands where {} stood", name_of(graph, is), name_of(graph, was));
    }
    for (const std::size_t direction : {0, 1}) {
      const NodeId old = before.flow->node(before.trees[direction]->immediate(v));
      const NodeId found = now.flow->node(now.trees[direction]->immediate(v));
      if (old == found) continue;
      return fmt::format("the immediate {} of {} was {}, and is {}",
                         direction == 0 ? "dominator" : "post-dominator", name_of(graph, is),
                         name_of(graph, old), name_of(graph, found));
    }
  }
  return std::nullopt;
}

Difference difference(const Graph& graph, const Liveness& before, const Liveness& now) {
  for (std::uint32_t at = 0; at < std::min(before.size(), now.size()); ++at) {
    if (before.node(at) != now.node(at)) {
      return fmt::format("{} stands where {} stood", name_of(graph, now.node(at)),
                         name_of(graph, before.node(at)));
    }
    if (before.live_bytes()[at] != now.live_bytes()[at]) {
      return fmt::format("{} bytes live at {}, where {} did", now.live_bytes()[at],
                         name_of(graph, now.node(at)), before.live_bytes()[at]);
    }
    for (const ValueId value : graph.results(now.node(at))) {
      const NodeId was = before.last_use(value), is = now.last_use(value);
      if (was == is) continue;
      return fmt::format("the last use of '{}' was {}, and is {}",
                         graph.text(graph.value(value).name), name_of(graph, was),
                         name_of(graph, is));
    }
  }
  return std::nullopt;
}

Difference difference(const Graph& graph, const Costs& before, const Costs& now) {
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const NodeId node(i);
    if (!graph.alive(node)) continue;
    const CallCost was = before.of(node), is = now.of(node);
    if (was == is && before.kind(node) == now.kind(node) &&
        before.unknown(node) == now.unknown(node))
      continue;
    return fmt::format("{} costs {} flops, {} operations and {} bytes ({}), where it cost {}, {} "
                       "and {} ({})",
                       name_of(graph, node), is.flops, is.element_ops, is.bytes(),
                       cost_kind_name(now.kind(node)), was.flops, was.element_ops, was.bytes(),
                       cost_kind_name(before.kind(node)));
  }
  return std::nullopt;
}

// Classes have no names of their own: each is told by its first value.
std::vector<std::uint32_t> first_of_class(const Graph& graph, const AliasClasses& classes) {
  std::vector<std::uint32_t> first(graph.value_bound());
  std::map<std::uint32_t, std::uint32_t> firsts;
  for (std::uint32_t v = 0; v < graph.value_bound(); ++v) {
    if (!graph.alive(ValueId(v))) continue;
    first[v] = firsts.emplace(classes.class_of(ValueId(v)), v).first->second;
  }
  return first;
}

Difference difference(const Graph& graph, const AliasClasses& before, const AliasClasses& now) {
  const auto was = first_of_class(graph, before), is = first_of_class(graph, now);
  for (std::uint32_t v = 0; v < graph.value_bound(); ++v) {
    const ValueId value(v);
    if (!graph.alive(value)) continue;
    const std::string_view name = graph.text(graph.value(value).name);
    if (was[v] != is[v]) return fmt::format("'{}' may share storage with other values", name);
    if (before.written(value) != now.written(value)) {
      return fmt::format("'{}' is {} written now", name, now.written(value) ? "" : "no longer ");
    }
  }
  return std::nullopt;
}

}  // namespace

struct Preservation::Answers {
  std::map<BlockId, Dominance> dominance;
  std::map<BlockId, std::unique_ptr<const Liveness>> liveness;
  std::unique_ptr<const AliasClasses> aliasing;
  std::unique_ptr<const Costs> costs;

  Answers(const Graph& graph, const std::vector<Analysis>& wanted) {
    const Storages storages(graph);
    for (const Analysis analysis : wanted) {
      if (analysis == Analysis::aliasing) aliasing = std::make_unique<AliasClasses>(graph);
      if (analysis == Analysis::cost) costs = std::make_unique<Costs>(graph, storages);
      for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
        const BlockId block(b);
        if (!graph.alive(block)) continue;
        if (analysis == Analysis::dominance) dominance[block] = dominance_of(graph, block);
        if (analysis == Analysis::liveness)
          liveness[block] = std::make_unique<Liveness>(graph, storages, block);
      }
    }
  }

  Difference against(const Graph& graph, const Answers& now, Analysis analysis) const {
    if (analysis == Analysis::aliasing) return difference(graph, *aliasing, *now.aliasing);
    if (analysis == Analysis::cost) return difference(graph, *costs, *now.costs);
    for (const auto& [block, was] : dominance) {
      if (analysis != Analysis::dominance) break;
      if (auto found = difference(graph, was, now.dominance.at(block))) return found;
    }
    for (const auto& [block, was] : liveness) {
      if (analysis != Analysis::liveness) break;
      if (auto found = difference(graph, *was, *now.liveness.at(block))) return found;
    }
    return std::nullopt;
  }
};

Preservation::Preservation(AnalysisManager& analyses, std::vector<Analysis> declared, bool checking)
    : analyses_(analyses), declared_(std::move(declared)), before_(analyses.now()) {
  if (checking && !declared_.empty())
    answers_ = std::make_unique<Answers>(analyses.graph(), declared_);
}

Preservation::~Preservation() = default;

std::optional<Preservation::Lie> Preservation::settle(const Journal::Tally& tally) {
  if (declared_.empty()) return std::nullopt;
  if (tally.created + tally.erased > 0) {
    return Lie{declared_.front(),
               fmt::format("it created {} nodes and erased {}; what analyses answer is about "
                           "the nodes that there were",
                           tally.created, tally.erased)};
  }
  const Graph& graph = analyses_.graph();
  if (answers_) {
    const Answers now(graph, declared_);
    for (const Analysis analysis : declared_) {
      if (auto found = answers_->against(graph, now, analysis)) return Lie{analysis, *found};
    }
  }
  for (const Analysis analysis : declared_) analyses_.keep(analysis, before_);
  return std::nullopt;
}

}  // namespace fettle
