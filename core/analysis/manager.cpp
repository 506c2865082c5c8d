#include "analysis/manager.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace fettle {
namespace {

struct Row {
  Analysis analysis;
  std::string_view name, interface;
};
constexpr Row kRows[] = {
    {Analysis::dominance, "dominance", "fettle.dominance/1"},
    {Analysis::liveness, "liveness", "fettle.liveness/1"},
    {Analysis::aliasing, "aliasing", "fettle.facts/1"},
    {Analysis::cost, "cost", "fettle.cost/1"},
};

void require_order(const Graph& graph, const Snapshot& flow) {
  for (Snapshot::Vertex v = flow.entry() + 1; v < flow.exit(); ++v) {
    for (const Snapshot::Vertex before : flow.predecessors(v)) {
      if (before < v) continue;
      throw Error(
          {.code = Code::graph_use_before_definition,
           .what = fmt::format("'{}' uses '{}' before it is defined",
                               graph.text(graph.node(flow.node(v)).name),
                               graph.text(graph.node(flow.node(before)).name)),
           .why = "analyses rest on program order, which is not valid now",
           .hint = "ask before the rewrite, or once the definition stands before its users"});
    }
  }
}

// What each reads. Sums of versions that only grow grow whenever one of them does. Where values lie
// does not depend on the order of the calls, only how long they live does.
using State = AnalysisManager::State;
std::uint64_t version_of(const State& at, Part part) {
  return at[static_cast<std::size_t>(part)];
}
std::uint64_t flow_version(const State& at) {
  return version_of(at, Part::structure) + version_of(at, Part::order);
}
std::uint64_t storage_version(const State& at) {
  return version_of(at, Part::structure) + version_of(at, Part::types);
}
std::uint64_t liveness_version(const State& at) {
  return storage_version(at) + version_of(at, Part::order);
}
std::uint64_t alias_version(const State& at) {
  return storage_version(at) + version_of(at, Part::signature);
}

}  // namespace

std::string_view analysis_name(Analysis analysis) {
  return kRows[static_cast<std::size_t>(analysis)].name;
}

std::optional<Analysis> analysis_of_interface(std::string_view id) {
  for (const Row& row : kRows) {
    if (row.interface == id) return row.analysis;
  }
  return std::nullopt;
}

AnalysisManager::State AnalysisManager::now() const {
  State state;
  for (std::size_t part = 0; part < kParts; ++part) {
    state[part] = graph_.version(static_cast<Part>(part));
  }
  return state;
}

template <class T, class Make>
std::shared_ptr<const T> AnalysisManager::get(Made<T>& made, std::uint64_t version, Make make) {
  if (!made.answer || made.version != version) {
    made.answer.reset();  // what is old goes before the new needs its memory
    made.answer = make();
    made.version = version;
  }
  return made.answer;
}

std::shared_ptr<const Columns> AnalysisManager::columns() {
  return get(columns_, flow_version(now()), [&] { return std::make_shared<Columns>(graph_); });
}

std::shared_ptr<const AliasClasses> AnalysisManager::aliasing() {
  return get(aliasing_, alias_version(now()),
             [&] { return std::make_shared<AliasClasses>(graph_); });
}

std::shared_ptr<const Storages> AnalysisManager::storages() {
  return get(storages_, storage_version(now()), [&] { return std::make_shared<Storages>(graph_); });
}

std::shared_ptr<const Costs> AnalysisManager::costs() {
  const auto storages = this->storages();
  return get(costs_, storage_version(now()),
             [&] { return std::make_shared<Costs>(graph_, *storages); });
}

std::shared_ptr<const InferredTypes> AnalysisManager::types() {
  return get(types_, liveness_version(now()),
             [&] { return std::make_shared<InferredTypes>(graph_); });
}

std::shared_ptr<const Snapshot> AnalysisManager::flow(BlockId block) {
  return get(blocks_[block].flow, flow_version(now()), [&] {
    auto flow = std::make_shared<Snapshot>(graph_, block);
    require_order(graph_, *flow);
    return flow;
  });
}

std::shared_ptr<const DominatorTree> AnalysisManager::dominators(
    BlockId block, DominatorTree::Direction direction) {
  const auto flow = this->flow(block);
  return get(blocks_[block].trees[static_cast<std::size_t>(direction)], flow_version(now()),
             [&] { return std::make_shared<DominatorTree>(*flow, direction); });
}

std::shared_ptr<const Liveness> AnalysisManager::liveness(BlockId block) {
  flow(block);  // refuses what has no order
  const auto storages = this->storages();
  return get(blocks_[block].liveness, liveness_version(now()),
             [&] { return std::make_shared<Liveness>(graph_, *storages, block); });
}

std::shared_ptr<const void> AnalysisManager::other(
    const std::string& name, const Parts& reads,
    const std::function<std::shared_ptr<const void>()>& make) {
  Other& other = others_[name];
  if (other.making) {
    throw Error({.code = Code::graph_bad_edit,
                 .what = fmt::format("the analysis '{}' asks for itself", name),
                 .why = "it is being computed, directly or for an analysis that it asked for"});
  }
  std::uint64_t version = 0;
  const State state = now();
  for (std::size_t part = 0; part < kParts; ++part) version += reads[part] ? state[part] : 0;
  other.making = true;
  try {
    const auto answer = get(other.made, version, make);
    other.making = false;
    return answer;
  } catch (...) {
    other.making = false;
    throw;
  }
}

void AnalysisManager::keep(Analysis analysis, const State& since) {
  const auto move_on = [&](auto& made, auto version) {
    if (made.answer && made.version == version(since)) made.version = version(now());
  };
  switch (analysis) {
    case Analysis::dominance:
      for (auto& [block, of] : blocks_) {
        move_on(of.flow, flow_version);
        for (auto& tree : of.trees) move_on(tree, flow_version);
      }
      break;
    case Analysis::liveness:
      move_on(storages_, storage_version);
      for (auto& [block, of] : blocks_) move_on(of.liveness, liveness_version);
      break;
    case Analysis::aliasing:
      move_on(aliasing_, alias_version);
      break;
    case Analysis::cost:
      move_on(costs_, storage_version);
      break;
  }
}

}  // namespace fettle
