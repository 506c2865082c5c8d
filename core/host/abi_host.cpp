// The host table: extensions by id, the plugin's messages and statistics, scratch memory,
// cancelling.
#include <fmt/format.h>

#include <bit>
#include <new>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/host_extensions.hpp"

namespace fettle {
namespace {

// A plugin in a loop must not fill the memory with messages.
constexpr std::size_t kMostNotes = 256;
constexpr std::size_t kMostErrors = 8;

// `minor`: the version 1.x that offered it first.
template <class Table>
constexpr HostExtension offered(std::string_view id, const Table& table, std::uint32_t minor = 0) {
  return {id, &table, sizeof(Table), kFirstSize<Table>, minor};
}

constexpr HostExtension kExtensions[] = {
    offered(FETTLE_GRAPH_ID, kGraphTable),
    offered(FETTLE_FACTS_ID, kFactsTable),
    offered(FETTLE_EDIT_ID, kEditTable),
    offered(FETTLE_BLOCKS_ID, kBlocksTable),
    offered(FETTLE_EVALUATE_ID, kEvaluateTable),
    offered(FETTLE_PROGRAM_ID, kProgramTable),
    offered(FETTLE_SHAPES_ID, kShapesTable),
    offered(FETTLE_DOMINANCE_ID, kDominanceTable),
    offered(FETTLE_LIVENESS_ID, kLivenessTable),
    offered(FETTLE_COST_ID, kCostTable),
    offered(FETTLE_TYPES_ID, kTypesTable, 1),
    offered(FETTLE_ANSWERS_ID, kAnswersTable, 1),
    offered(FETTLE_GRADIENTS_ID, kGradientsTable, 1),
    offered(FETTLE_REWRITES_ID, kRewritesTable, 1),
};

const void* extension(const char* id) {
  if (!id) return nullptr;
  for (const HostExtension& e : kExtensions) {
    if (e.id == id) return e.table;
  }
  return nullptr;
}

std::string where(const fettle_ctx& ctx, fettle_node node) {
  if (!ctx.graph || node >= ctx.graph->node_bound()) return {};
  const Node& n = ctx.graph->node(NodeId(node));
  if (!n.op) return fmt::format("node '{}'", ctx.graph->text(n.name));
  return fmt::format("node '{}' ({})", ctx.graph->text(n.name), ctx.graph->text(n.op));
}

void report(fettle_ctx* ctx, const fettle_diagnostic* given) {
  guarded(ctx, "report", [&]() -> fettle_status {
    if (!ctx || !usable(given)) return FETTLE_E_ARGUMENT;
    const fettle_diagnostic said = read_struct(given);
    const std::string message = printable(to_view(said.message));
    const std::string place = where(*ctx, said.node);
    if (said.severity >= FETTLE_SEVERITY_ERROR) {
      if (ctx->errors.size() >= kMostErrors) return FETTLE_OK;
      ctx->errors.push_back(message);
      ctx->error_places.push_back(place);
      if (ctx->hint.empty()) ctx->hint = printable(to_view(said.hint));
      return FETTLE_OK;
    }
    if (ctx->outcome.notes.size() >= kMostNotes) {
      ++ctx->dropped_notes;
      return FETTLE_OK;
    }
    ctx->outcome.notes.push_back({.code = Code::plugin_message,
                                  .what = ctx->speaker + ": " + message,
                                  .where = place,
                                  .hint = printable(to_view(said.hint)),
                                  .severity = said.severity == FETTLE_SEVERITY_WARNING
                                                  ? Severity::warning
                                                  : Severity::note});
    return FETTLE_OK;
  });
}

std::uint32_t cancelled(fettle_ctx* ctx) {
  return ctx && ctx->outcome.cancel && ctx->outcome.cancel->load(std::memory_order_relaxed);
}

void* scratch(fettle_ctx* ctx, std::uint64_t bytes, std::uint64_t align) {
  constexpr std::uint64_t kMostAlign = 4096;
  if (!ctx || !std::has_single_bit(align) || align > kMostAlign) return nullptr;
  try {
    return ctx->arena.allocate(bytes, align);
  } catch (...) {
    return nullptr;
  }
}

void statistic(fettle_ctx* ctx, fettle_str name, std::int64_t value) {
  guarded(ctx, "statistic", [&]() -> fettle_status {
    if (!ctx || to_view(name).empty()) return FETTLE_E_ARGUMENT;
    std::int64_t& sum = ctx->outcome.statistics[printable(to_view(name))];
    if (__builtin_add_overflow(sum, value, &sum)) sum = value < 0 ? INT64_MIN : INT64_MAX;
    return FETTLE_OK;
  });
}

constexpr std::string_view kVersion = FETTLE_VERSION;

}  // namespace

const fettle_host kHostTable = {
    .size = sizeof(fettle_host),
    .abi_major = FETTLE_ABI_MAJOR,
    .abi_minor = FETTLE_ABI_MINOR,
    .reserved = 0,
    .version = {kVersion.data(), kVersion.size()},
    .extension = extension,
    .report = report,
    .cancelled = cancelled,
    .scratch = scratch,
    .statistic = statistic,
};

std::span<const HostExtension> host_extensions() {
  return kExtensions;
}

}  // namespace fettle
