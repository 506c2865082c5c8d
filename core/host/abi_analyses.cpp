// "fettle.dominance/1" and "fettle.liveness/1": the analyses of core/analysis for plugins. What is
// handed out lies in the run's analyses, or in the callback's memory, and is copied nowhere else.
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

fettle_status no_block(fettle_ctx* ctx, fettle_block block) {
  return refuse(ctx, FETTLE_E_STALE,
                "block " + std::to_string(block) + " does not exist or its call was erased");
}

// The nodes of a flow by position; none at both ends.
const fettle_node* nodes_of(fettle_ctx& ctx, const Snapshot& flow) {
  auto* nodes = ctx.allocate<fettle_node>(flow.size());
  for (std::uint32_t v = 0; v < flow.size(); ++v) nodes[v] = flow.node(v).index;
  return nodes;
}

fettle_status tree(fettle_ctx* ctx, const fettle_graph* g, fettle_block block, std::uint32_t kind,
                   fettle_dominator_tree* out) {
  return guarded(ctx, "tree", [&]() -> fettle_status {
    if (!ctx || !g || kind > FETTLE_POST_DOMINATORS || !usable(out)) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(BlockId(block))) return no_block(ctx, block);
    const DominatorTree& found = ctx->lend(
        g->analyses.dominators(BlockId(block), static_cast<DominatorTree::Direction>(kind)));
    fettle_dominator_tree info{};
    info.root = found.root();
    info.n_positions = found.size();
    info.nodes = nodes_of(*ctx, *g->analyses.flow(BlockId(block)));
    info.immediate = found.immediate().data();
    info.depth = found.depths().data();
    info.first = found.preorder().data();
    info.subtree = found.subtree_sizes().data();
    write_struct(out, info);
    return FETTLE_OK;
  });
}

fettle_status frontier(fettle_ctx* ctx, const fettle_graph* g, fettle_block block,
                       std::uint32_t kind, std::uint32_t position, std::uint64_t* n,
                       const std::uint32_t** out) {
  return guarded(ctx, "frontier", [&]() -> fettle_status {
    if (!ctx || !g || kind > FETTLE_POST_DOMINATORS || !n || !out) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(BlockId(block))) return no_block(ctx, block);
    const auto flow = g->analyses.flow(BlockId(block));
    if (position >= flow->size()) return FETTLE_E_ARGUMENT;
    const auto found = dominance_frontier(
        *flow,
        *g->analyses.dominators(BlockId(block), static_cast<DominatorTree::Direction>(kind)),
        position);
    auto* positions = ctx->allocate<std::uint32_t>(found.size());
    std::ranges::copy(found, positions);
    *n = found.size();
    *out = positions;
    return FETTLE_OK;
  });
}

fettle_status regions(fettle_ctx* ctx, const fettle_graph* g, fettle_block block, std::uint64_t* n,
                      const fettle_region** out) {
  return guarded(ctx, "regions", [&]() -> fettle_status {
    if (!ctx || !g || !n || !out) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(BlockId(block))) return no_block(ctx, block);
    AnalysisManager& cache = g->analyses;
    using Direction = DominatorTree::Direction;
    const auto found = single_entry_single_exit_regions(
        *cache.flow(BlockId(block)), *cache.dominators(BlockId(block), Direction::dominators),
        *cache.dominators(BlockId(block), Direction::post_dominators));
    auto* regions = ctx->allocate<fettle_region>(found.size());
    std::ranges::transform(found, regions, [](const Region& region) {
      return fettle_region{region.entry, region.exit};
    });
    *n = found.size();
    *out = regions;
    return FETTLE_OK;
  });
}

fettle_status of_block(fettle_ctx* ctx, const fettle_graph* g, fettle_block block,
                       fettle_liveness* out) {
  return guarded(ctx, "of_block", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(BlockId(block))) return no_block(ctx, block);
    const Liveness& live = ctx->lend(g->analyses.liveness(BlockId(block)));
    const auto made = g->analyses.storages();
    auto* nodes = ctx->allocate<fettle_node>(live.size());
    for (std::uint32_t at = 0; at < live.size(); ++at) nodes[at] = live.node(at).index;
    auto* storages = ctx->allocate<fettle_storage>(live.storages().size());
    std::ranges::transform(live.storages(), storages, [](const StorageRange& range) {
      return fettle_storage{range.bytes, range.value.index, range.first, range.last, 0};
    });
    fettle_liveness info{};
    info.flags = (made->by_hints() ? FETTLE_LIVENESS_AT_HINTS : 0u) |
                 (made->unknown_sizes() ? FETTLE_LIVENESS_UNKNOWN_SIZES : 0u);
    info.n_nodes = live.size();
    info.nodes = nodes;
    info.live_bytes = live.live_bytes().data();
    info.nested_bytes = live.nested_bytes().data();
    info.n_storages = live.storages().size();
    info.storages = storages;
    info.peak = live.peak_position();
    write_struct(out, info);
    return FETTLE_OK;
  });
}

fettle_status last_use(fettle_ctx* ctx, const fettle_graph* g, fettle_value value,
                       fettle_node* out) {
  return guarded(ctx, "last_use", [&]() -> fettle_status {
    if (!ctx || !g || !out) return FETTLE_E_ARGUMENT;
    const ValueId id(value);
    if (!g->graph.alive(id)) {
      return refuse(ctx, FETTLE_E_STALE,
                    "value " + std::to_string(value) + " does not exist or its node was erased");
    }
    const BlockId block = g->graph.node(g->graph.value(id).producer).block;
    *out = g->analyses.liveness(block)->last_use(id).index;
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_dominance_v1 kDominanceTable = {
    .size = sizeof(fettle_dominance_v1),
    .reserved = 0,
    .tree = tree,
    .frontier = frontier,
    .regions = regions,
};

const fettle_liveness_v1 kLivenessTable = {
    .size = sizeof(fettle_liveness_v1),
    .reserved = 0,
    .of_block = of_block,
    .last_use = last_use,
};

}  // namespace fettle
