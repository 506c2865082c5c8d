// "fettle.facts/1": what calls do, which values may share storage, and which calls are the same.
#include <boost/container_hash/hash.hpp>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "ops/facts.hpp"

namespace fettle {
namespace {

fettle_status stale(fettle_ctx* ctx, std::uint32_t id) {
  return refuse(ctx, FETTLE_E_STALE, "node " + std::to_string(id) + " does not exist (any more)");
}

std::uint32_t flags_of(const CallFacts& facts) {
  std::uint32_t flags = 0;
  if (facts.known) flags |= FETTLE_FACT_KNOWN;
  if (facts.pure()) flags |= FETTLE_FACT_PURE;
  if (facts.random) flags |= FETTLE_FACT_RANDOM;
  if (facts.mutates()) flags |= FETTLE_FACT_MUTATES;
  if (facts.side_effect) flags |= FETTLE_FACT_SIDE_EFFECT;
  if (facts.uninitialized) flags |= FETTLE_FACT_UNINITIALIZED;
  for (const auto& operands : facts.results_alias) {
    if (!operands.empty()) flags |= FETTLE_FACT_ALIASES;
  }
  return flags;
}

fettle_status call_facts_of(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                            fettle_call_facts* out) {
  return guarded(ctx, "call_facts", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(NodeId(id))) return stale(ctx, id);
    fettle_call_facts info{};
    if (g->plain_calls.contains(NodeId(id))) {
      info.flags = FETTLE_FACT_KNOWN | FETTLE_FACT_PURE;
      info.why = to_abi("the operator's schema and the table of facts");
    } else if (g->graph.node(NodeId(id)).opcode == Opcode::call_function) {
      const CallFacts facts = call_facts(g->graph, NodeId(id));
      info.flags = flags_of(facts);
      info.why = ctx->keep(facts.why);
    } else {
      info.why = to_abi("not a call");
    }
    write_struct(out, info);
    return FETTLE_OK;
  });
}

fettle_status alias_classes(fettle_ctx* ctx, const fettle_graph* g, fettle_alias_classes* out) {
  return guarded(ctx, "alias_classes", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const Graph& graph = g->graph;
    const auto held = g->analyses.aliasing();
    const AliasClasses& classes = *held;
    const std::uint32_t n_values = graph.value_bound();
    auto* class_of = ctx->allocate<std::uint32_t>(n_values);
    std::uint32_t n_classes = 0;
    for (std::uint32_t v = 0; v < n_values; ++v) {
      class_of[v] = FETTLE_NONE;
      if (!graph.alive(ValueId(v))) continue;
      class_of[v] = classes.class_of(ValueId(v));
      n_classes = std::max(n_classes, class_of[v] + 1);
    }
    auto* flags = ctx->allocate<std::uint32_t>(n_classes);
    std::fill_n(flags, n_classes, 0u);
    for (std::uint32_t v = 0; v < n_values; ++v) {
      if (class_of[v] == FETTLE_NONE) continue;
      const Value& value = graph.value(ValueId(v));
      if (classes.written(ValueId(v))) flags[class_of[v]] |= FETTLE_CLASS_WRITTEN;
      const Opcode producer = graph.node(value.producer).opcode;
      // What a nested graph's placeholder holds came from outside and may be an input there.
      if (producer == Opcode::placeholder || producer == Opcode::get_attr) {
        flags[class_of[v]] |= FETTLE_CLASS_INPUT;
      }
    }
    for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
      const NodeId output = graph.alive(BlockId(b)) ? graph.output_node(BlockId(b)) : NodeId{};
      if (!output) continue;
      for (ValueId value : graph.node(output).operands) {
        flags[class_of[value.index]] |= FETTLE_CLASS_RETURNED;
      }
    }
    fettle_alias_classes info{};
    info.n_classes = n_classes;
    info.n_values = n_values;
    info.class_of = class_of;
    info.flags = flags;
    write_struct(out, info);
    return FETTLE_OK;
  });
}

bool has_nested_graph(const Node& node) {
  for (const NamedArgument& argument : node.arguments) {
    if (std::holds_alternative<BlockRef>(argument.value.payload)) return true;
  }
  return false;
}

fettle_status call_hash(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                        std::uint64_t* out) {
  return guarded(ctx, "call_hash", [&]() -> fettle_status {
    if (!g || !out) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(NodeId(id))) return stale(ctx, id);
    const Node& node = g->graph.node(NodeId(id));
    std::size_t seed = static_cast<std::size_t>(node.opcode);
    boost::hash_combine(seed, node.op.index);
    for (ValueId operand : node.operands) boost::hash_combine(seed, operand.index);
    for (const NamedArgument& argument : node.arguments) {
      boost::hash_combine(seed, hash_argument(argument.value));
    }
    for (ValueId result : g->graph.results(NodeId(id))) {
      boost::hash_combine(seed, g->graph.value(result).type.index);
    }
    *out = seed;
    return FETTLE_OK;
  });
}

// By schema order: whether an argument was written by position, by keyword or left out is no
// difference.
bool same(const Graph& graph, NodeId a_id, NodeId b_id) {
  const Node& a = graph.node(a_id);
  const Node& b = graph.node(b_id);
  if (a.opcode != Opcode::call_function || b.opcode != a.opcode || a.op != b.op ||
      a.operands != b.operands || a.arguments.size() != b.arguments.size() ||
      a.result_count != b.result_count || a.result_forms != b.result_forms || has_nested_graph(a)) {
    return false;
  }
  for (std::size_t i = 0; i < a.arguments.size(); ++i) {
    if (a.arguments[i].name != b.arguments[i].name ||
        !same_argument(a.arguments[i].value, b.arguments[i].value)) {
      return false;
    }
  }
  for (std::uint32_t k = 0; k < a.result_count; ++k) {
    if (graph.value(graph.result(a_id, k)).type != graph.value(graph.result(b_id, k)).type) {
      return false;
    }
  }
  return true;
}

fettle_status same_call(fettle_ctx* ctx, const fettle_graph* g, fettle_node a, fettle_node b,
                        std::uint32_t* out) {
  return guarded(ctx, "same_call", [&]() -> fettle_status {
    if (!g || !out) return FETTLE_E_ARGUMENT;
    if (!g->graph.alive(NodeId(a))) return stale(ctx, a);
    if (!g->graph.alive(NodeId(b))) return stale(ctx, b);
    *out = same(g->graph, NodeId(a), NodeId(b));
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_facts_v1 kFactsTable = {
    .size = sizeof(fettle_facts_v1),
    .reserved = 0,
    .call_facts = call_facts_of,
    .alias_classes = alias_classes,
    .call_hash = call_hash,
    .same_call = same_call,
};

}  // namespace fettle
