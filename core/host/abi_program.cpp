// "fettle.program/1": programs that verifiers and benchmarks run.
#include <fmt/format.h>

#include <chrono>

#include "host/abi_tables.hpp"
#include "host/context.hpp"
#include "host/datum.hpp"
#include "host/program_impl.hpp"

namespace fettle {
namespace {

const fettle_graph* graph(const fettle_program* p) {
  return p ? &p->graph : nullptr;
}
fettle_str name(const fettle_program* p) {
  return p ? to_abi(p->handle.name()) : fettle_str{};
}
fettle_str device(const fettle_program* p) {
  return p ? to_abi(p->device) : fettle_str{};
}
std::uint64_t id(const fettle_program* p) {
  return p ? p->id : 0;
}

// The values that the caller gives, in the signature's order.
template <class Fn>
void for_each_input(const Graph& graph, Fn&& fn) {
  for (NodeId node : graph.nodes()) {
    if (graph.node(node).opcode != Opcode::placeholder) break;
    const InputSpec* spec = graph.node(node).input_spec.get();
    const bool given =
        spec && (spec->kind == InputKind::user_input || spec->kind == InputKind::constant_input);
    if (given) fn(graph.result(node));
  }
}

// The arguments of the output node that the caller gets back.
template <class Fn>
void for_each_output(const Graph& graph, Fn&& fn) {
  const NodeId output = graph.output_node();
  if (!output) return;
  const Node& node = graph.node(output);
  for (std::size_t i = 0; i < node.arguments.size(); ++i) {
    const OutputKind kind =
        i < node.output_specs.size() ? node.output_specs[i].kind : OutputKind::user_output;
    if (kind != OutputKind::user_output && kind != OutputKind::loss_output) continue;
    const auto* operand = std::get_if<Operand>(&node.arguments[i].value.payload);
    fn(operand ? node.operands[operand->index] : ValueId{});
  }
}

std::uint64_t input_count(const fettle_program* p) {
  return p ? program_input_count(*p) : 0;
}
std::uint64_t output_count(const fettle_program* p) {
  return p ? program_output_count(*p) : 0;
}

void put_slot(const Graph& graph, ValueId value, fettle_slot* out) {
  fettle_slot slot{};
  slot.type = value ? graph.value(value).type.index : FETTLE_NONE;
  slot.name = value ? to_abi(graph.text(graph.value(value).name)) : fettle_str{};
  write_struct(out, slot);
}

fettle_status input(fettle_ctx*, const fettle_program* p, std::uint64_t index, fettle_slot* out) {
  if (!p || !usable(out)) return FETTLE_E_ARGUMENT;
  fettle_status status = FETTLE_E_ABSENT;
  for_each_input(p->handle.graph(), [&](ValueId value) {
    if (index-- != 0) return;
    put_slot(p->handle.graph(), value, out);
    status = FETTLE_OK;
  });
  return status;
}

fettle_status output(fettle_ctx*, const fettle_program* p, std::uint64_t index, fettle_slot* out) {
  if (!p || !usable(out)) return FETTLE_E_ARGUMENT;
  fettle_status status = FETTLE_E_ABSENT;
  for_each_output(p->handle.graph(), [&](ValueId value) {
    if (index-- != 0) return;
    put_slot(p->handle.graph(), value, out);
    status = FETTLE_OK;
  });
  return status;
}

std::uint64_t sample_count(const fettle_program* p) {
  return p ? p->handle.samples().size() : 0;
}

// `expected` data are what the caller made room for.
fettle_status give(fettle_ctx* ctx, const std::vector<RunValue>& values, std::uint64_t expected,
                   std::string_view what, fettle_datum* out) {
  if (values.size() != expected) {
    return refuse(
        ctx, FETTLE_E_FAILED,
        fmt::format("the sample has {} {} and the program {}", values.size(), what, expected));
  }
  DatumArray(ctx, values).hand_over(out);
  return FETTLE_OK;
}

fettle_status sample_inputs(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                            fettle_datum* out) {
  return guarded(ctx, "sample_inputs", [&]() -> fettle_status {
    if (!ctx || !p || (!out && input_count(p) > 0)) return FETTLE_E_ARGUMENT;
    if (sample >= sample_count(p)) return FETTLE_E_ABSENT;
    return give(ctx, p->handle.samples()[sample].inputs, input_count(p), "inputs", out);
  });
}

fettle_status eager_outputs(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                            fettle_datum* out) {
  return guarded(ctx, "eager_outputs", [&]() -> fettle_status {
    if (!ctx || !p || (!out && output_count(p) > 0)) return FETTLE_E_ARGUMENT;
    if (sample >= sample_count(p)) return FETTLE_E_ABSENT;
    const std::vector<RunValue>& outputs = p->handle.samples()[sample].eager_outputs;
    if (outputs.empty()) return FETTLE_E_ABSENT;
    return give(ctx, outputs, output_count(p), "outputs", out);
  });
}

std::uint64_t effect_count(const fettle_program* p) {
  return p ? p->handle.effects().size() : 0;
}

fettle_status effect(fettle_ctx* ctx, const fettle_program* p, std::uint64_t index,
                     fettle_effect* out) {
  return guarded(ctx, "effect", [&]() -> fettle_status {
    if (!p || !usable(out)) return FETTLE_E_ARGUMENT;
    if (index >= effect_count(p)) return FETTLE_E_ABSENT;
    const Effect& found = p->handle.effects()[index];
    put_effect(found.name, found.value, out);
    return FETTLE_OK;
  });
}

const std::vector<LoadedEffect>* eager_effects_of(const fettle_program* p, std::uint64_t sample) {
  if (sample >= sample_count(p)) return nullptr;
  const auto& effects = p->handle.samples()[sample].eager_effects;
  return effects ? &*effects : nullptr;
}

std::uint64_t eager_effect_count(const fettle_program* p, std::uint64_t sample) {
  const std::vector<LoadedEffect>* effects = eager_effects_of(p, sample);
  return effects ? effects->size() : UINT64_MAX;
}

fettle_status eager_effect(fettle_ctx* ctx, const fettle_program* p, std::uint64_t sample,
                           std::uint64_t index, fettle_effect* out, fettle_datum* value) {
  return guarded(ctx, "eager_effect", [&]() -> fettle_status {
    if (!ctx || !p || !usable(out) || !value) return FETTLE_E_ARGUMENT;
    const std::vector<LoadedEffect>* effects = eager_effects_of(p, sample);
    if (!effects || index >= effects->size()) return FETTLE_E_ABSENT;
    const LoadedEffect& found = (*effects)[index];
    ValueId placeholder;
    for (const Effect& known : p->handle.effects()) {
      if (known.name == found.name) placeholder = known.value;
    }
    DatumArray(ctx, {&found.value, 1}).hand_over(value);
    put_effect(found.name, placeholder, out);
    return FETTLE_OK;
  });
}

// The plugin's hooks as the executable calls them. A hook may be C: what it gets is borrowed.
NodeHook hook_of(const fettle_run_options& options) {
  NodeHook hook;
  if (options.before_node) {
    hook.before = [options](NodeId node, std::span<const RunValue> operands) {
      const DatumArray data(nullptr, operands);
      options.before_node(options.user, node.index, data.size(), data.data());
    };
  }
  if (options.after_node) {
    hook.after = [options](NodeId node, std::span<const RunValue> results) {
      const DatumArray data(nullptr, results);
      options.after_node(options.user, node.index, data.size(), data.data());
    };
  }
  return hook;
}

void put_stats(fettle_run_stats* out, const RunResult& result, bool measured, double seconds) {
  if (!usable(out)) return;
  fettle_run_stats stats{};
  stats.peak_bytes = measured ? result.peak_bytes : -1;
  stats.seconds = seconds;
  stats.workspace_bytes = measured ? result.workspace_bytes : -1;
  stats.workspace_node = result.workspace_node ? result.workspace_node.index : FETTLE_NONE;
  write_struct(out, stats);
}

fettle_status run(fettle_ctx* ctx, const fettle_program* p, const fettle_run_options* options,
                  const fettle_datum* inputs, fettle_datum* outputs, fettle_run_stats* stats) {
  return guarded(ctx, "run", [&]() -> fettle_status {
    if (!ctx || !p || (options && !usable(options)) || (stats && !usable(stats))) {
      return FETTLE_E_ARGUMENT;
    }
    const std::uint64_t n_outputs = output_count(p);
    if ((!inputs && input_count(p) > 0) || (!outputs && n_outputs > 0)) return FETTLE_E_ARGUMENT;
    const fettle_run_options asked = options ? read_struct(options) : fettle_run_options{};
    const std::vector<RunValue> given = values_of(inputs, input_count(p));
    p->handle.ran_on(given);
    const std::shared_ptr<Executable> executable =
        p->handle.executable(asked.flags & FETTLE_RUN_FLOAT64);

    const NodeHook hook = hook_of(asked);
    RunOptions how;
    if (hook.before || hook.after) how.hook = &hook;
    if (asked.flags & FETTLE_RUN_SEEDED) how.seed = asked.seed;
    how.measure_memory = asked.flags & FETTLE_RUN_MEASURE_MEMORY;
    how.uninitialized = asked.uninitialized;
    const std::vector<RunValue> carried =
        asked.start ? values_of(asked.start, effect_count(p)) : std::vector<RunValue>();
    how.start = carried;
    how.cancel = ctx->outcome.cancel;

    const auto start = std::chrono::steady_clock::now();
    RunResult result = executable->run(given, how);
    executable->synchronize();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

    if (result.outputs.size() != n_outputs) return FETTLE_E_INTERNAL;
    if (asked.flags & FETTLE_RUN_CPU_OUTPUTS) {
      to_cpu(result.outputs);
      to_cpu(result.effects);
    }
    DatumArray given_out(ctx, result.outputs), left_behind(ctx, result.effects);
    given_out.hand_over(outputs);
    if (asked.effects) left_behind.hand_over(asked.effects);
    put_stats(stats, result, how.measure_memory, seconds.count());
    return FETTLE_OK;
  });
}

fettle_status bind(fettle_ctx* ctx, const fettle_program* p, const fettle_datum* inputs,
                   fettle_bound** out) {
  return guarded(ctx, "bind", [&]() -> fettle_status {
    if (!p || !out || (!inputs && input_count(p) > 0)) return FETTLE_E_ARGUMENT;
    auto bound = std::make_unique<fettle_bound>(
        fettle_bound{p->handle.executable(), values_of(inputs, input_count(p))});
    *out = bound.release();
    return FETTLE_OK;
  });
}

fettle_status launch(fettle_ctx* ctx, fettle_bound* bound) {
  return guarded(ctx, "launch", [&]() -> fettle_status {
    if (!bound) return FETTLE_E_ARGUMENT;
    RunOptions how;
    if (ctx) how.cancel = ctx->outcome.cancel;
    bound->executable->run(bound->inputs, how);
    return FETTLE_OK;
  });
}

fettle_status synchronize(fettle_ctx* ctx, fettle_bound* bound) {
  return guarded(ctx, "synchronize", [&]() -> fettle_status {
    if (!bound) return FETTLE_E_ARGUMENT;
    bound->executable->synchronize();
    return FETTLE_OK;
  });
}

void release(fettle_bound* bound) {
  delete bound;
}

}  // namespace

std::uint64_t program_input_count(const fettle_program& p) {
  std::uint64_t n = 0;
  for_each_input(p.handle.graph(), [&](ValueId) { ++n; });
  return n;
}
std::uint64_t program_output_count(const fettle_program& p) {
  std::uint64_t n = 0;
  for_each_output(p.handle.graph(), [&](ValueId) { ++n; });
  return n;
}

void put_effect(const EffectName& name, ValueId value, fettle_effect* out) {
  fettle_effect effect{};
  effect.kind = static_cast<std::uint32_t>(name.kind);
  effect.target = to_abi(name.target);
  effect.value = value ? value.index : FETTLE_NONE;
  write_struct(out, effect);
}

void to_cpu(std::vector<RunValue>& values) {
  for (RunValue& value : values) {
    if (auto* tensor = std::get_if<Tensor>(&value); tensor && tensor->defined()) {
      *tensor = tensor->to_cpu();
    }
  }
}

const fettle_program_v1 kProgramTable = {
    .size = sizeof(fettle_program_v1),
    .reserved = 0,
    .graph = graph,
    .name = name,
    .device = device,
    .input_count = input_count,
    .output_count = output_count,
    .input = input,
    .output = output,
    .sample_count = sample_count,
    .sample_inputs = sample_inputs,
    .eager_outputs = eager_outputs,
    .run = run,
    .bind = bind,
    .launch = launch,
    .synchronize = synchronize,
    .release = release,
    .id = id,
    .effect_count = effect_count,
    .effect = effect,
    .eager_effect_count = eager_effect_count,
    .eager_effect = eager_effect,
};

}  // namespace fettle
