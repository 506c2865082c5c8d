// "fettle.types/1": what rules make of operands' types, for a call that may not exist yet, and for
// all that follows from edits.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "host/abi_arguments.hpp"
#include "host/abi_editing.hpp"
#include "host/abi_tables.hpp"

namespace fettle {
namespace {

fettle_status infer(fettle_ctx* ctx, const fettle_graph* g, const fettle_node_spec* given,
                    std::uint64_t capacity, fettle_type_id* out, std::uint64_t* n) {
  return guarded(ctx, "infer", [&]() -> fettle_status {
    if (!ctx || !g || !usable(given) || !n || (capacity > 0 && !out)) return FETTLE_E_ARGUMENT;
    const fettle_node_spec spec = read_struct(given);
    if (spec.n_args > 0 && !spec.args) return FETTLE_E_ARGUMENT;
    const std::string_view op = to_view(spec.op);
    const OperatorSchema* schema = find_operator(op);
    if (!schema) {
      refuse_edit("infer", fmt::format("there is no operator '{}' to call", printable(op)),
                  suggest_operator(op));
    }
    const BoundArguments call = bind_arguments(g->graph, *schema, {spec.args, spec.n_args});
    const CallTypes types = infer_call(*g, g->graph.intern(op), call);
    if (!types.known) return refuse(ctx, FETTLE_E_ABSENT, "infer: " + types.why);
    *n = types.types.size();
    for (std::uint64_t k = 0; k < std::min<std::uint64_t>(capacity, *n); ++k) {
      out[k] = g->graph.intern(types.types[k]).index;
    }
    return FETTLE_OK;
  });
}

// Gradients are not inferred: what is recorded about them stays.
TypeId with_gradient_of(const Graph& graph, TypeId computed, ValueId value) {
  Type type = graph.types().type(computed);
  type.requires_grad = graph.type(value).requires_grad;
  return graph.intern(std::move(type));
}

void require_consequences(const Graph& graph, const InferredTypes& types) {
  std::unordered_set<ValueId> changing;
  for (const TypeMismatch& mismatch : types.mismatches()) {
    if (!mismatch.value) {
      refuse_edit("propagate", types.text(mismatch), "create the call anew");
    }
    changing.insert(mismatch.value);
  }
  if (changing.empty()) return;
  for (const Unruled& call : types.unruled()) {
    const Node& node = graph.node(call.node);
    for (const ValueId operand : node.operands) {
      if (!changing.contains(operand)) continue;
      refuse_edit("propagate",
                  fmt::format("the type of '{}' changes, which '{}' ({}) takes, and no rule tells "
                              "what that makes of its results: {}",
                              graph.text(graph.value(operand).name), graph.text(node.name),
                              graph.text(node.op), call.why),
                  "set the types of both first");
    }
  }
}

fettle_status propagate(fettle_ctx* ctx, fettle_graph* g, std::uint64_t* n) {
  return edit(ctx, g, "propagate", [&](Journal& journal) -> fettle_status {
    if (!journal.in_rewrite()) refuse_edit("propagate", "no rewrite is open");
    const Graph& graph = journal.graph();
    const std::shared_ptr<const InferredTypes> types = g->analyses.types();
    require_consequences(graph, *types);
    for (const TypeMismatch& mismatch : types->mismatches()) {
      journal.set_type(mismatch.value,
                       with_gradient_of(graph, mismatch.computed, mismatch.value));
    }
    if (n) *n = types->mismatches().size();
    return FETTLE_OK;
  });
}

}  // namespace

CallTypes infer_call(const fettle_graph& g, StringId op, const BoundArguments& call) {
  if (!g.inference) g.inference = std::make_unique<TypeInference>(g.graph);
  std::vector<const Type*> operands;
  for (const ValueId operand : call.operands) operands.push_back(&g.graph.type(operand));
  return g.inference->call({g.graph, op, call.arguments, operands});
}

const fettle_types_v1 kTypesTable = {
    .size = sizeof(fettle_types_v1),
    .reserved = 0,
    .infer = infer,
    .propagate = propagate,
};

}  // namespace fettle
