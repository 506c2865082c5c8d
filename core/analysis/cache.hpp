// Analyses of one graph, each made when first asked for and kept until the graph changes.
//
// Keyed by the graph's version, which every edit raises: an answer from before an edit is never
// given after it. What is handed out is borrowed until then. Refuses a graph in which a use stands
// before its definition (graph_use_before_definition), as one may in the middle of a rewrite:
// program order is what all of these rest on. One thread at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>

#include "analysis/dominators.hpp"
#include "analysis/liveness.hpp"

namespace fettle {

class AnalysisCache {
 public:
  explicit AnalysisCache(const Graph& graph) : graph_(graph) {}

  const Snapshot& flow(BlockId block);
  const DominatorTree& dominators(BlockId block, DominatorTree::Direction direction);
  const Storages& storages();
  const Liveness& liveness(BlockId block);

 private:
  struct OfBlock {
    std::optional<Snapshot> flow;
    std::array<std::optional<DominatorTree>, 2> trees;  // by direction
    std::optional<Liveness> liveness;
  };
  OfBlock& of(BlockId block);

  const Graph& graph_;
  std::uint64_t version_ = 0;
  std::unordered_map<BlockId, OfBlock> blocks_;
  std::optional<Storages> storages_;
};

}  // namespace fettle
