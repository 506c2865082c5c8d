// The columns of "fettle.graph/1": the whole graph at once, for passes that scan. What is handed out
// is the run's own (analysis/columns.hpp), copied nowhere.
#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle {
namespace {

static_assert(sizeof(NodeId) == sizeof(fettle_node) && sizeof(StringId) == sizeof(fettle_sym) &&
              sizeof(ValueId) == sizeof(fettle_value) && sizeof(BlockId) == sizeof(fettle_block));

// Our ids are numbers in a struct.
template <class Id>
const std::uint32_t* numbers(const std::vector<Id>& ids) {
  return reinterpret_cast<const std::uint32_t*>(ids.data());
}

}  // namespace

fettle_status graph_columns(fettle_ctx* ctx, const fettle_graph* g, fettle_columns* out) {
  return guarded(ctx, "columns", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const Columns& columns = ctx->lend(g->analyses.columns());
    fettle_columns info{};
    info.n_nodes = columns.nodes.size();
    info.nodes = numbers(columns.nodes);
    info.ops = numbers(columns.ops);
    info.opcodes = columns.opcodes.data();
    info.blocks = numbers(columns.blocks);
    info.operand_offsets = columns.operand_offsets.data();
    info.operands = numbers(columns.operands);
    info.n_values = columns.producers.size();
    info.producers = numbers(columns.producers);
    info.use_counts = columns.use_counts.data();
    info.first_results = columns.first_results.data();
    info.result_counts = columns.result_counts.data();
    write_struct(out, info);
    return FETTLE_OK;
  });
}

}  // namespace fettle
