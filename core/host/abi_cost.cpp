// "fettle.cost/1": what calls have to compute and to move, as columns of the run's analyses.
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

static_assert(sizeof(CostKind) == sizeof(std::uint8_t));
static_assert(static_cast<unsigned>(CostKind::product) == FETTLE_COST_PRODUCT);
static_assert(static_cast<unsigned>(CostKind::unknown) == FETTLE_COST_UNKNOWN);

fettle_status of_graph(fettle_ctx* ctx, const fettle_graph* g, fettle_costs* out) {
  return guarded(ctx, "of_graph", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const Costs& costs = ctx->lend(g->analyses.costs());
    fettle_costs info{};
    info.flags = costs.by_hints() ? FETTLE_COST_AT_HINTS : 0u;
    info.n_nodes = costs.flops().size();
    info.flops = costs.flops().data();
    info.element_ops = costs.element_ops().data();
    info.bytes_read = costs.bytes_read().data();
    info.bytes_written = costs.bytes_written().data();
    info.kinds = reinterpret_cast<const std::uint8_t*>(costs.kinds().data());
    info.unknown = costs.unknown().data();
    const Costs::Totals& totals = costs.totals();
    info.n_calls = totals.calls;
    info.n_unknown = totals.unknown;
    info.total_flops = totals.cost.flops;
    info.total_element_ops = totals.cost.element_ops;
    info.total_bytes_read = totals.cost.bytes_read;
    info.total_bytes_written = totals.cost.bytes_written;
    write_struct(out, info);
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_cost_v1 kCostTable = {
    .size = sizeof(fettle_cost_v1),
    .reserved = 0,
    .of_graph = of_graph,
};

}  // namespace fettle
