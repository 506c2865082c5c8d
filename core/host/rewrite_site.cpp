#include "host/rewrite_site.hpp"

#include <algorithm>
#include <unordered_set>

#include "ops/higher_order.hpp"

namespace fettle {
namespace {

NodeId owner_of(const Graph& graph, BlockId block) { return graph.block(block).owner; }

BlockId parent_of(const Graph& graph, BlockId block) {
  return graph.node(owner_of(graph, block)).block;
}

NodeId owner_in_root(const Graph& graph, BlockId block) {
  while (parent_of(graph, block) != kRootBlock) block = parent_of(graph, block);
  return owner_of(graph, block);
}

bool sets_autocast(const Graph& graph, NodeId owner) {
  const HigherOrderOperator* op = find_higher_order(graph.text(graph.node(owner).op));
  return op != nullptr && op->mode == HigherOrderMode::autocast;
}

// Which calls a rewrite changes: all that lies in their nested graphs is theirs.
class Covered {
 public:
  Covered(const Graph& graph, const Journal::Footprint& footprint) : graph_(graph) {
    for (const auto* nodes : {&footprint.created, &footprint.erased, &footprint.recalled})
      changed_.insert(nodes->begin(), nodes->end());
  }
  bool contains(BlockId block) const {
    for (; block != kRootBlock; block = parent_of(graph_, block))
      if (changed_.contains(owner_of(graph_, block))) return true;
    return false;
  }

 private:
  const Graph& graph_;
  std::unordered_set<NodeId> changed_;
};

void sort_out_doubles(std::vector<NodeId>& nodes) {
  std::ranges::sort(nodes);
  const auto rest = std::ranges::unique(nodes);
  nodes.erase(rest.begin(), rest.end());
}

RewriteSite in_root(const Graph& before, const RewriteSite& whole) {
  RewriteSite site{kRootBlock, {}, {}};
  for (const auto& pair : whole.replaced) {
    const BlockId block = before.node(before.value(pair.old).producer).block;
    if (block == kRootBlock)
      site.replaced.push_back(pair);
    else
      site.recalled.push_back(owner_in_root(before, block));
  }
  for (const NodeId node : whole.recalled) {
    const BlockId block = before.node(node).block;
    site.recalled.push_back(block == kRootBlock ? node : owner_in_root(before, block));
  }
  sort_out_doubles(site.recalled);
  return site;
}

}  // namespace

RewriteSite site_of(const Graph& before, const Journal::Footprint& footprint) {
  const Covered covered(before, footprint);
  RewriteSite all{kRootBlock, {}, {}};
  std::unordered_set<BlockId> blocks;
  for (const auto& pair : footprint.replaced) {
    const BlockId block = before.node(before.value(pair.old).producer).block;
    if (covered.contains(block)) continue;
    all.replaced.push_back(pair);
    blocks.insert(block);
  }
  for (const NodeId node : footprint.recalled) {
    const BlockId block = before.node(node).block;
    if (covered.contains(block)) continue;
    all.recalled.push_back(node);
    blocks.insert(block);
  }
  if (blocks.size() > 1) return in_root(before, all);
  if (!blocks.empty()) all.block = *blocks.begin();
  for (BlockId up = all.block; up != kRootBlock; up = parent_of(before, up)) {
    if (!sets_autocast(before, owner_of(before, up))) continue;
    const BlockId outside = parent_of(before, up);
    while (all.block != outside) all = around(before, all);
  }
  return all;
}

RewriteSite around(const Graph& before, const RewriteSite& site) {
  return {parent_of(before, site.block), {}, {owner_of(before, site.block)}};
}

}  // namespace fettle
