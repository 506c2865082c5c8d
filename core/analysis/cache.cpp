#include "analysis/cache.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace fettle {
namespace {

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

}  // namespace

AnalysisCache::OfBlock& AnalysisCache::of(BlockId block) {
  if (version_ != graph_.version()) {
    blocks_.clear();
    storages_.reset();
    version_ = graph_.version();
  }
  return blocks_[block];
}

const Snapshot& AnalysisCache::flow(BlockId block) {
  OfBlock& made = of(block);
  if (!made.flow) {
    Snapshot flow(graph_, block);
    require_order(graph_, flow);
    made.flow = std::move(flow);
  }
  return *made.flow;
}

const DominatorTree& AnalysisCache::dominators(BlockId block, DominatorTree::Direction direction) {
  const Snapshot& flow = this->flow(block);
  auto& tree = of(block).trees[static_cast<std::size_t>(direction)];
  if (!tree) tree.emplace(flow, direction);
  return *tree;
}

const Storages& AnalysisCache::storages() {
  of(kRootBlock);  // forgets what is old
  if (!storages_) storages_.emplace(graph_);
  return *storages_;
}

const Liveness& AnalysisCache::liveness(BlockId block) {
  flow(block);  // refuses what has no order
  const Storages& storages = this->storages();
  auto& liveness = of(block).liveness;
  if (!liveness) liveness.emplace(graph_, storages, block);
  return *liveness;
}

}  // namespace fettle
