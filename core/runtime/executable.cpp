#include "runtime/executable.hpp"

#include <ATen/Context.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <unordered_set>

#include "base/error.hpp"
#include "ops/facts.hpp"
#include "runtime/backward.hpp"
#include "runtime/input_checks.hpp"
#include "runtime/interpreter.hpp"
#include "runtime/memory_meter.hpp"
#include "ops/quiet_warnings.hpp"
#include "runtime/run_values.hpp"
#include "runtime/tensor_impl.hpp"
#include "runtime/weights.hpp"

namespace fettle {
namespace {

// Factories without a dtype, and division of integers, make tensors of libtorch's default dtype.
class DefaultDtype {
 public:
  explicit DefaultDtype(c10::ScalarType dtype) : before_(c10::get_default_dtype()) {
    c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
  }
  ~DefaultDtype() { c10::set_default_dtype(before_); }
  DefaultDtype(const DefaultDtype&) = delete;
  DefaultDtype& operator=(const DefaultDtype&) = delete;

 private:
  caffe2::TypeMeta before_;
};

// libtorch's state while a program runs: the thread's, so each run sets it.
struct RunMode {
  RunMode(bool recording, const Placement& placement) : inference(!recording) {
    if (placement.float64()) dtype.emplace(c10::ScalarType::Double);
  }
  c10::InferenceMode inference;
  QuietWarnings quiet;
  std::optional<DefaultDtype> dtype;
};

// Positions of what a caller sees among the graph's outputs; the rest are mutations and gradients.
std::vector<std::size_t> user_outputs(const Graph& graph) {
  std::vector<std::size_t> positions;
  const Node& output = graph.node(graph.output_node());
  for (std::size_t k = 0; k < output.arguments.size(); ++k) {
    const OutputKind kind =
        k < output.output_specs.size() ? output.output_specs[k].kind : OutputKind::user_output;
    if (kind == OutputKind::user_output || kind == OutputKind::loss_output) positions.push_back(k);
  }
  return positions;
}

std::unordered_set<ValueId> changed_values(const std::vector<Effect>& effects) {
  std::unordered_set<ValueId> values;
  for (const Effect& effect : effects) {
    if (!effect.gradient()) values.insert(effect.value);
  }
  return values;
}

// Strides and overlaps included, as the program may look at them.
at::Tensor copy_of(const at::Tensor& tensor) {
  if (tensor.is_non_overlapping_and_dense() || !tensor.has_storage()) return tensor.clone();
  const std::int64_t bytes = static_cast<std::int64_t>(tensor.storage().nbytes());
  const std::int64_t elements =
      bytes / static_cast<std::int64_t>(tensor.itemsize()) - tensor.storage_offset();
  return tensor.as_strided({elements}, {1}).clone().as_strided(tensor.sizes(), tensor.strides(), 0);
}

void refuse_custom_objects(const Graph& graph) {
  for (NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    if (!node.input_spec || node.input_spec->kind != InputKind::custom_obj) continue;
    throw Error({.code = Code::operator_unsupported,
                 .what = "the program takes the custom object '" + node.input_spec->target + "'",
                 .where = "placeholder '" + std::string(graph.text(node.name)) + "'",
                 .why = "objects of Python classes cannot be run here"});
  }
}

}  // namespace

struct Executable::Impl {
  Impl(const Graph& graph, const CompileOptions& options, std::vector<Effect> program_effects)
      : placement(graph, options),
        inputs(user_inputs(graph)),
        effects(std::move(program_effects)),
        sizes(graph),
        builder(std::make_unique<PlanBuilder>(graph, placement)),
        weights(graph, changed_values(effects), placement, *builder),
        plan(options.parts ? builder->build(*options.parts) : builder->build()),
        outputs(user_outputs(graph)),
        interpreter(builder->slot_count()),
        kept(builder->slot_count(), false) {
    const std::unordered_set<ValueId> changed = changed_values(effects);
    for (ValueId value : inputs.values) {
      input_slots.push_back(builder->slot(value));
      input_written.push_back(changed.contains(value));
    }
    for (std::uint32_t e = 0; e < effects.size(); ++e) {
      effect_slots.push_back(effects[e].gradient() ? Slot{} : builder->slot(effects[e].value));
      if (effects[e].gradient()) continue;
      for (std::uint32_t output : effects[e].outputs) updates.push_back({output, e});
    }
    std::ranges::sort(updates);
    weights.fill_kept([&](Slot slot, at::Tensor tensor) {
      interpreter.slot(slot) = std::move(tensor);
      kept[slot] = true;
    });
    if (options.gradients) find_leaves(graph, changed);
    builder.reset();  // it refers to the graph
  }

  void find_leaves(const Graph& graph, const std::unordered_set<ValueId>& changed) {
    leaves = program_leaves(graph);
    for (const Leaf& leaf : leaves) {
      LeafSlots& slots = leaf_slots.emplace_back();
      for (const ValueId value : leaf.values) {
        slots.slots.push_back(builder->slot(value));
        slots.written |= changed.contains(value);
      }
    }
  }

  void check(std::span<const RunValue> given) {
    check_inputs(inputs.expected, given, placement.float64());
    sizes.check(given);
  }

  // Inputs, and copies of the weights that a run changes.
  void place(std::span<const RunValue> given) {
    place_inputs(given);
    weights.fill_copies(
        [&](Slot slot, at::Tensor tensor) { interpreter.slot(slot) = std::move(tensor); });
  }

  void place_inputs(std::span<const RunValue> given) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto* tensor = std::get_if<Tensor>(&given[i]);
      if (!tensor || !tensor->defined()) {
        interpreter.slot(input_slots[i]) = to_ivalue(given[i]);
        continue;
      }
      const at::Tensor mine = unwrap(*tensor);
      at::Tensor placed = placement.place(mine, inputs.expected[i].type.device);
      if (input_written[i] && placed.is_same(mine)) placed = copy_of(placed);
      interpreter.slot(input_slots[i]) = std::move(placed);
    }
  }

  // What effects change, held from before the run: it changes in place, its form included.
  void hold_changed(const RunOptions& options) {
    if (!options.start.empty() && options.start.size() != effects.size()) {
      throw Error({.code = Code::input_count,
                   .what = "a run is to start from " + std::to_string(options.start.size()) +
                           " values, and the program changes " + std::to_string(effects.size())});
    }
    for (std::size_t e = 0; e < effects.size(); ++e) {
      held.emplace_back(effects[e].gradient() ? at::Tensor()
                                              : interpreter.slot(effect_slots[e]).toTensor());
      const EffectKind kind = effects[e].name.kind;
      if (options.start.empty() || effects[e].gradient() || kind == EffectKind::user_input) continue;
      if (const auto* start = std::get_if<Tensor>(&options.start[e]); start && start->defined()) {
        start_from(effects[e].name, held[e], unwrap(*start));
      }
    }
  }

  static void start_from(const EffectName& name, at::Tensor& mine, const at::Tensor& given) {
    if (given.sizes() != mine.sizes()) {
      throw Error({.code = Code::input_shape,
                   .what = "a run cannot start from a value of another shape for the " +
                           std::string(effect_kind_name(name.kind)) + " '" + name.target + "'"});
    }
    mine.copy_(given);
  }

  // As Python's caller does: one after the other, in the outputs' order.
  void write_back(const std::vector<c10::IValue>& values) {
    for (const auto& [output, effect] : updates) {
      const c10::IValue& value = values[output];
      if (value.isTensor() && value.toTensor().defined()) held[effect].copy_(value.toTensor());
    }
  }

  std::vector<RunValue> take_effects(const std::vector<c10::IValue>& values) {
    std::vector<RunValue> taken;
    for (std::size_t e = 0; e < effects.size(); ++e) {
      taken.push_back(effects[e].gradient() ? to_run_value(values[effects[e].outputs.back()])
                                            : RunValue(wrap(held[e])));
    }
    return taken;
  }

  void clear() {
    held.clear();
    interpreter.clear(kept);
  }

  std::vector<c10::IValue> execute(const RunOptions& options, RunResult& result) {
    interpreter.fill_uninitialized(options.uninitialized);
    interpreter.set_cancel(options.cancel);
    if (options.measure_memory) return measured(options, result);
    interpreter.run(plan, options.hook);
    return interpreter.take_outputs(plan);
  }

  std::vector<c10::IValue> measured(const RunOptions& options, RunResult& result) {
    const auto meter = std::make_shared<MemoryMeter>();
    // Inputs and copies of weights outlive the measurement: libtorch warns on stderr when a block
    // that it did not see allocated is freed under a profiler.
    const std::vector<c10::IValue> alive = interpreter.frame();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
    const NodeHook none, *given = options.hook ? options.hook : &none;
    const NodeHook hook{.before =
                            [&](NodeId node, std::span<const RunValue> operands) {
                              if (given->before) given->before(node, operands);
                              meter->begin_call();
                            },
                        .after =
                            [&](NodeId node, std::span<const RunValue> results) {
                              meter->end_call(node);
                              if (given->after) given->after(node, results);
                            }};
    interpreter.run(plan, &hook);
    std::vector<c10::IValue> values = interpreter.take_outputs(plan);
    result.peak_bytes = meter->peak();
    result.workspace_bytes = meter->workspace();
    result.workspace_node = meter->workspace_node();
    return values;
  }

  Placement placement;
  UserInputs inputs;
  std::vector<Effect> effects;
  SizeChecks sizes;
  std::unique_ptr<PlanBuilder> builder;
  Weights weights;
  Plan plan;
  std::vector<std::size_t> outputs;
  Interpreter interpreter;
  std::vector<bool> kept;  // by slot: filled once
  std::vector<Slot> input_slots;
  std::vector<bool> input_written;  // a run changes it: it works on a copy
  std::vector<Slot> effect_slots;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> updates;  // output, the effect it updates
  std::vector<at::Tensor> held;  // by effect, during a run
  std::vector<Leaf> leaves;      // compiled for gradients
  std::vector<LeafSlots> leaf_slots;
};

Executable::Executable(const Graph& graph, const CompileOptions& options) {
  if (!graph.output_node()) {
    throw Error({.code = Code::graph_bad_signature, .what = "the program has no output node"});
  }
  refuse_custom_objects(graph);
  // Tensors made inside carry no autograd state unless gradients are asked for: this libtorch state
  // is the thread's, so each entry sets it again.
  const c10::InferenceMode inference(!options.gradients);
  impl_ = std::make_unique<Impl>(graph, options, program_effects(graph, AliasClasses(graph)));
}

Executable::~Executable() = default;

const std::vector<Effect>& Executable::effects() const { return impl_->effects; }

RunResult Executable::run(std::span<const RunValue> inputs, const RunOptions& options) {
  Impl& impl = *impl_;
  impl.check(inputs);
  const RunMode mode(/*recording=*/false, impl.placement);
  RunResult result;
  std::vector<c10::IValue> values;
  try {
    impl.place(inputs);
    impl.hold_changed(options);
    if (options.seed) at::manual_seed(*options.seed);
    values = impl.execute(options, result);
    impl.write_back(values);
    result.effects = impl.take_effects(values);
    impl.held.clear();
  } catch (...) {
    impl.clear();
    throw;
  }
  for (std::size_t k : impl.outputs) result.outputs.push_back(to_run_value(values[k]));
  return result;
}

const std::vector<Leaf>& Executable::leaves() const { return impl_->leaves; }

BackwardResult Executable::run_backward(std::span<const RunValue> inputs,
                                        std::span<const RunValue> cotangents,
                                        const RunOptions& options) {
  Impl& impl = *impl_;
  impl.check(inputs);
  const RunMode mode(/*recording=*/true, impl.placement);
  MissingDerivatives missing;
  impl.interpreter.watch_derivatives(&missing);
  BackwardResult result;
  try {
    impl.place(inputs);
    const std::vector<at::Tensor> leaves = place_leaves(impl.leaf_slots, impl.interpreter);
    if (options.seed) at::manual_seed(*options.seed);
    impl.interpreter.fill_uninitialized(options.uninitialized);
    impl.interpreter.set_cancel(options.cancel);
    impl.interpreter.run(impl.plan, options.hook);
    const std::vector<c10::IValue> values = impl.interpreter.take_outputs(impl.plan);
    std::vector<at::Tensor> outputs;
    for (const std::size_t k : impl.outputs) {
      result.outputs.push_back(without_history(values[k]));
      outputs.push_back(values[k].isTensor() ? values[k].toTensor() : at::Tensor());
    }
    result.gradients = gradients_of(outputs, cotangents, leaves, missing);
  } catch (...) {
    impl.interpreter.watch_derivatives(nullptr);
    impl.clear();
    throw;
  }
  impl.interpreter.watch_derivatives(nullptr);
  result.no_derivative = missing.text();
  return result;
}

void Executable::synchronize() {
  const c10::Device target = impl_->placement.target();
  if (target.is_cpu()) return;
  const auto* guard = c10::impl::getDeviceGuardImpl(target.type());
  guard->synchronizeDevice(target.has_index() ? target.index() : guard->getDevice().index());
}

}  // namespace fettle
