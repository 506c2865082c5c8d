// "fettle.gradients/1": programs run forwards and backwards.
#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/datum.hpp"
#include "host/program_impl.hpp"

namespace fettle {
namespace {

const std::vector<Leaf>& leaves_of(const fettle_program* p) {
  return p->handle.leaves();
}

std::uint64_t leaf_count(const fettle_program* p) {
  return p ? leaves_of(p).size() : 0;
}

fettle_status leaf(fettle_ctx* ctx, const fettle_program* p, std::uint64_t index,
                   fettle_effect* out) {
  return guarded(ctx, "leaf", [&]() -> fettle_status {
    if (!p || !usable(out)) return FETTLE_E_ARGUMENT;
    if (index >= leaf_count(p)) return FETTLE_E_ABSENT;
    const Leaf& found = leaves_of(p)[index];
    put_effect(found.name, found.values.front(), out);
    return FETTLE_OK;
  });
}

fettle_status run(fettle_ctx* ctx, const fettle_program* p, const fettle_run_options* options,
                  const fettle_datum* inputs, const fettle_datum* cotangents, fettle_datum* outputs,
                  fettle_datum* gradients, fettle_str* no_derivative) {
  return guarded(ctx, "run", [&]() -> fettle_status {
    if (!ctx || !p || (options && !usable(options))) return FETTLE_E_ARGUMENT;
    const std::uint64_t n_inputs = program_input_count(*p), n_outputs = program_output_count(*p);
    if ((!inputs && n_inputs > 0) || (!cotangents && n_outputs > 0) ||
        (!gradients && leaf_count(p) > 0)) {
      return FETTLE_E_ARGUMENT;
    }
    const fettle_run_options asked = options ? read_struct(options) : fettle_run_options{};
    RunOptions how;
    if (asked.flags & FETTLE_RUN_SEEDED) how.seed = asked.seed;
    how.uninitialized = asked.uninitialized;
    how.cancel = ctx->outcome.cancel;
    const std::vector<RunValue> given = values_of(inputs, n_inputs);
    p->handle.ran_on(given);
    BackwardResult result = p->handle.backward_executable(asked.flags & FETTLE_RUN_FLOAT64)
                                ->run_backward(given, values_of(cotangents, n_outputs), how);
    if (result.outputs.size() != n_outputs) return FETTLE_E_INTERNAL;
    if (asked.flags & FETTLE_RUN_CPU_OUTPUTS) {
      to_cpu(result.outputs);
      to_cpu(result.gradients);
    }
    if (no_derivative) *no_derivative = ctx->keep(result.no_derivative);
    DatumArray forward(ctx, result.outputs), backward(ctx, result.gradients);
    if (outputs) forward.hand_over(outputs);
    backward.hand_over(gradients);
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_gradients_v1 kGradientsTable = {
    .size = sizeof(fettle_gradients_v1),
    .reserved = 0,
    .leaf_count = leaf_count,
    .leaf = leaf,
    .run = run,
};

}  // namespace fettle
