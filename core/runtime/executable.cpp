#include "runtime/executable.hpp"

#include <ATen/Context.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include "base/error.hpp"
#include "ops/facts.hpp"
#include "runtime/input_checks.hpp"
#include "runtime/interpreter.hpp"
#include "runtime/memory_meter.hpp"
#include "runtime/quiet_warnings.hpp"
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
  // Tensors made inside carry no autograd state: this libtorch state is the thread's, so each entry
  // sets it again.
  Impl(const Graph& graph, const CompileOptions& options, const AliasClasses& aliases,
       const c10::InferenceMode& = c10::InferenceMode(true))
      : placement(graph, options),
        inputs(user_inputs(graph)),
        builder(std::make_unique<PlanBuilder>(graph, placement)),
        weights(graph, aliases, placement, *builder),
        plan(build()),
        outputs(user_outputs(graph)),
        interpreter(builder->slot_count()),
        kept(builder->slot_count(), false) {
    for (ValueId value : inputs.values) {
      input_slots.push_back(builder->slot(value));
      input_written.push_back(aliases.written(value));
    }
    weights.fill_kept([&](Slot slot, at::Tensor tensor) {
      interpreter.slot(slot) = std::move(tensor);
      kept[slot] = true;
    });
    builder.reset();  // it refers to the graph
  }

  Plan build() { return builder->build(); }

  void place_inputs(std::span<const RunValue> given) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto* tensor = std::get_if<Tensor>(&given[i]);
      if (!tensor || !tensor->defined()) {
        interpreter.slot(input_slots[i]) = to_ivalue(given[i]);
        continue;
      }
      const at::Tensor mine = unwrap(*tensor);
      at::Tensor placed = placement.place(mine, inputs.expected[i].type.device);
      if (input_written[i] && placed.is_same(mine)) placed = placed.clone();
      interpreter.slot(input_slots[i]) = std::move(placed);
    }
  }

  std::vector<c10::IValue> execute(const RunOptions& options, std::int64_t& peak) {
    auto meter = options.measure_memory ? std::make_shared<MemoryMeter>() : nullptr;
    // Inputs and copies of weights outlive the measurement: libtorch warns on stderr when a block
    // that it did not see allocated is freed under a profiler.
    const std::vector<c10::IValue> held = meter ? interpreter.frame() : std::vector<c10::IValue>();
    std::optional<c10::DebugInfoGuard> measured;
    if (meter) measured.emplace(c10::DebugInfoKind::PROFILER_STATE, meter);
    interpreter.run(plan, options.hook);
    std::vector<c10::IValue> values = interpreter.take_outputs(plan);
    if (meter) peak = meter->peak();
    return values;
  }

  Placement placement;
  UserInputs inputs;
  std::unique_ptr<PlanBuilder> builder;
  Weights weights;
  Plan plan;
  std::vector<std::size_t> outputs;
  Interpreter interpreter;
  std::vector<bool> kept;  // by slot: filled once
  std::vector<Slot> input_slots;
  std::vector<bool> input_written;  // the program writes it: a run works on a copy
};

Executable::Executable(const Graph& graph, const CompileOptions& options) {
  if (!graph.output_node()) {
    throw Error({.code = Code::graph_bad_signature, .what = "the program has no output node"});
  }
  refuse_custom_objects(graph);
  impl_ = std::make_unique<Impl>(graph, options, AliasClasses(graph));
}

Executable::~Executable() = default;

RunResult Executable::run(std::span<const RunValue> inputs, const RunOptions& options) {
  Impl& impl = *impl_;
  check_inputs(impl.inputs.expected, inputs, impl.placement.float64());
  const c10::InferenceMode inference(true);
  const QuietWarnings quiet;
  std::optional<DefaultDtype> dtype;
  if (impl.placement.float64()) dtype.emplace(c10::ScalarType::Double);
  RunResult result;
  std::vector<c10::IValue> values;
  try {
    impl.place_inputs(inputs);
    impl.weights.fill_copies(
        [&](Slot slot, at::Tensor tensor) { impl.interpreter.slot(slot) = std::move(tensor); });
    if (options.seed) at::manual_seed(*options.seed);
    values = impl.execute(options, result.peak_bytes);
  } catch (...) {
    impl.interpreter.clear(impl.kept);
    throw;
  }
  for (std::size_t k : impl.outputs) result.outputs.push_back(to_run_value(values[k]));
  return result;
}

void Executable::synchronize() {
  const c10::Device target = impl_->placement.target();
  if (target.is_cpu()) return;
  const auto* guard = c10::impl::getDeviceGuardImpl(target.type());
  guard->synchronizeDevice(target.has_index() ? target.index() : guard->getDevice().index());
}

}  // namespace fettle
