// No fmt here: libtorch's headers bring another version of it.
#include "torchscript/evaluator.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "runtime/torch_errors.hpp"
#include "torchscript/operator_kinds.hpp"

namespace fettle {

namespace jit = torch::jit;
namespace prim = c10::prim;

namespace {

constexpr std::uint64_t kMostSteps = 20'000'000;  // a module that never ends must not hang the host
constexpr int kDeepestCall = 200;

// Tensors among the arguments, in lists too.
void for_each_tensor(const std::vector<c10::IValue>& values,
                     const std::function<void(const at::Tensor&)>& fn) {
  for (const c10::IValue& value : values) {
    if (value.isTensor()) {
      if (value.toTensor().defined()) fn(value.toTensor());
    } else if (value.isList()) {
      for (const c10::IValue& e : value.toListRef()) {
        if (e.isTensor() && e.toTensor().defined()) fn(e.toTensor());
      }
    }
  }
}

bool holds_numbers(const c10::IValue& value) {
  return value.isScalar() || value.isString() || value.isIntList() || value.isDoubleList() ||
         value.isBoolList();
}

SourceFrames frames_of(const jit::Function& function, const std::vector<c10::IValue>& arguments,
                       const ModulePaths& paths) {
  SourceFrames frames;
  frames.function = function.name();
  if (arguments.empty() || !arguments[0].isObject()) return frames;
  const auto path = paths.find(arguments[0].toObject().get());
  if (path == paths.end()) return frames;
  frames.module = path->second;
  frames.class_name = python_class_name(arguments[0].toObjectRef().name());
  return frames;
}

}  // namespace

void Evaluator::unsupported(const Node& node, const Frame& frame, std::string what,
                            std::string why, std::string hint) const {
  const std::string line = source_line(node, frame.source);
  throw Error({.code = Code::torchscript_unsupported,
               .what = std::move(what),
               .where = file_ + (line.empty() ? "" : ", " + line),
               .why = std::move(why),
               .hint = std::move(hint)});
}

void Evaluator::failed(const Node& node, const Frame& frame, std::string what,
                       std::string why) const {
  const std::string line = source_line(node, frame.source);
  throw Error({.code = Code::torchscript_failed,
               .what = std::move(what),
               .where = file_ + (line.empty() ? "" : ", " + line),
               .why = std::move(why),
               .hint = "give inputs that the model can take: --input-shape, --input-dtype, "
                       "--input-value"});
}

c10::IValue Evaluator::call(jit::Function& function, Values arguments) {
  c10::IValue result = call(function, std::move(arguments), nullptr, nullptr);
  write_assigned();
  return result;
}

c10::IValue Evaluator::call(jit::Function& function, Values arguments, const Frame* caller,
                            const Node* site) {
  jit::GraphFunction* code = jit::tryToGraphFunction(function);
  if (!code) {
    unsupported(*site, *caller, "the function '" + function.qualname().qualifiedName() + "'",
                "it is not written in TorchScript", "leave the custom class out of the model");
  }
  if (depth_ == kDeepestCall) {
    unsupported(*site, *caller, "calls nested deeper than " + std::to_string(kDeepestCall), {}, {});
  }
  ++depth_;
  Frame frame;
  frame.source = frames_of(function, arguments, paths_);
  frame.source.caller = caller ? &caller->source : nullptr;
  frame.source.site = site;
  const std::shared_ptr<jit::Graph> graph = code->graph();
  const auto& defaults = function.getSchema().arguments();
  while (arguments.size() < graph->inputs().size() &&
         defaults[arguments.size()].default_value()) {
    arguments.push_back(*defaults[arguments.size()].default_value());
  }
  Values results = run_block(*graph->block(), std::move(arguments), frame);
  --depth_;
  if (results.size() == 1) return std::move(results[0]);
  return c10::ivalue::Tuple::create(std::move(results));
}

Evaluator::Values Evaluator::run_block(const Block& block, Values inputs, Frame& frame) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    frame.values.insert_or_assign(block.inputs()[i], std::move(inputs[i]));
  }
  for (Node* node : const_cast<Block&>(block).nodes()) {
    run_node(*node, frame);
    for (const jit::Value* value : last_uses_.after(*node)) frame.values.erase(value);
  }
  return inputs_of(*block.return_node(), frame);
}

void Evaluator::run_node(Node& node, Frame& frame) {
  if (++steps_ > kMostSteps) {
    unsupported(node, frame, "the model runs more than " + std::to_string(kMostSteps) + " operators",
                "loops are unrolled", "give smaller inputs, or export the model with torch.export");
  }
  if (run_control(node, frame) || run_container(node, frame)) return;
  run_operator(node, frame);
}

bool Evaluator::run_control(Node& node, Frame& frame) {
  switch (node.kind()) {
    case prim::If: {
      const bool taken = frame.values.at(node.input(0)).toBool();
      store(node, run_block(*node.blocks()[taken ? 0 : 1], {}, frame), frame);
      return true;
    }
    case prim::Loop: run_loop(node, frame); return true;
    case prim::CallFunction: {
      Values arguments = inputs_of(node, frame);
      arguments.erase(arguments.begin());
      auto& function = *node.input(0)->type()->expectRef<c10::FunctionType>().function();
      store(node, {call(function, std::move(arguments), &frame, &node)}, frame);
      return true;
    }
    case prim::CallMethod: {
      Values arguments = inputs_of(node, frame);
      auto& function = arguments[0].toObjectRef().type()->getMethod(node.s(c10::attr::name));
      store(node, {call(function, std::move(arguments), &frame, &node)}, frame);
      return true;
    }
    case prim::RaiseException: {
      const c10::IValue& message = frame.values.at(node.input(0));
      failed(node, frame, "the model raises an exception on the example inputs",
             message.isString() ? message.toStringRef() : std::string());
    }
    default: return false;
  }
}

// Carried values behind the trip count and the condition; the body answers the next condition first.
void Evaluator::run_loop(Node& node, Frame& frame) {
  Values carried = inputs_of(node, frame);
  const std::int64_t trips = carried[0].toInt();
  bool go_on = carried[1].toBool();
  carried.erase(carried.begin(), carried.begin() + 2);
  for (std::int64_t trip = 0; go_on && trip < trips; ++trip) {
    carried.insert(carried.begin(), trip);
    carried = run_block(*node.blocks()[0], std::move(carried), frame);
    go_on = carried[0].toBool();
    carried.erase(carried.begin());
    ++steps_;
  }
  store(node, std::move(carried), frame);
}

// What a run leaves in a module's buffer is a write to it, made when the run ends: until then, who read
// the buffer before keeps what was in it.
void Evaluator::set_attribute(Node& node, Frame& frame) {
  c10::ivalue::Object& object = const_cast<c10::ivalue::Object&>(
      frame.values.at(node.input(0)).toObjectRef());
  const std::size_t slot = object.type()->getAttributeSlot(node.s(c10::attr::name));
  const c10::IValue before = object.getSlot(slot), &value = frame.values.at(node.input(1));
  if (object.type()->is_module() && !(before.isTensor() && value.is(before))) {
    const bool buffer = before.isTensor() && value.isTensor() && before.toTensor().defined() &&
                        value.toTensor().defined() && recorder_.tracked(before.toTensor()) &&
                        before.toTensor().sizes() == value.toTensor().sizes() &&
                        before.toTensor().scalar_type() == value.toTensor().scalar_type();
    if (!buffer) {
      unsupported(node, frame, "an assignment to the attribute '" + node.s(c10::attr::name) + "'",
                  "what a run leaves in a module is represented for buffers that keep their dtype "
                  "and shape",
                  "keep such state outside of the model, or write to a buffer in place");
    }
    const bool known = std::ranges::any_of(assigned_, [&](const Assigned& other) {
      return other.object == &object && other.slot == slot;
    });
    if (!known) {
      assigned_.push_back({&object, slot, before.toTensor(),
                           source_metadata(node, frame.source, recorder_.graph())});
    }
  }
  object.setSlot(slot, value);
}

void Evaluator::write_assigned() {
  const OperatorSchema& copy = *find_operator("aten.copy_.default");
  for (const Assigned& each : assigned_) {
    const c10::IValue value = each.object->getSlot(each.slot);
    recorder_.record(copy, {each.buffer, value, false}, {each.buffer}, each.metadata);
  }
}

bool Evaluator::run_container(Node& node, Frame& frame) {
  switch (node.kind()) {
    case prim::Constant: {
      c10::IValue constant = jit::toIValue(node.output()).value_or(c10::IValue());
      if (constant.isTensor() && constant.toTensor().defined() && constant.toTensor().dim() == 0 &&
          !recorder_.tracked(constant.toTensor())) {
        recorder_.mark_number(constant.toTensor());
      }
      store(node, {std::move(constant)}, frame);
      return true;
    }
    case prim::GetAttr: {
      const c10::ivalue::Object& object = frame.values.at(node.input()).toObjectRef();
      store(node, {object.getAttr(node.s(c10::attr::name))}, frame);
      return true;
    }
    case prim::SetAttr: set_attribute(node, frame); return true;
    case prim::ListConstruct: {
      c10::impl::GenericList list(
          node.output()->type()->expectRef<c10::ListType>().getElementType());
      for (c10::IValue& value : inputs_of(node, frame)) list.push_back(std::move(value));
      store(node, {std::move(list)}, frame);
      return true;
    }
    case prim::DictConstruct: {
      const auto& type = node.output()->type()->expectRef<c10::DictType>();
      c10::impl::GenericDict dict(type.getKeyType(), type.getValueType());
      Values values = inputs_of(node, frame);
      for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
        dict.insert_or_assign(std::move(values[i]), std::move(values[i + 1]));
      }
      store(node, {std::move(dict)}, frame);
      return true;
    }
    case prim::TupleConstruct:
      store(node, {c10::ivalue::Tuple::create(inputs_of(node, frame))}, frame);
      return true;
    case prim::TupleUnpack:
      store(node, frame.values.at(node.input()).toTupleRef().elements().vec(), frame);
      return true;
    case prim::ListUnpack:
      store(node, frame.values.at(node.input()).toListRef().vec(), frame);
      return true;
    case prim::TupleSlice: {
      const auto& elements = frame.values.at(node.input()).toTupleRef().elements();
      Values part;
      for (auto i = node.i(c10::attr::beg); i < node.i(c10::attr::end); ++i) {
        part.push_back(elements[static_cast<std::size_t>(i)]);
      }
      store(node, {c10::ivalue::Tuple::create(std::move(part))}, frame);
      return true;
    }
    case prim::isinstance: {
      const c10::TypePtr type = frame.values.at(node.input()).type();
      bool is = false;
      for (const c10::TypePtr& candidate : node.tys(c10::attr::types)) {
        is = is || type->isSubtypeOf(*candidate);
      }
      store(node, {is}, frame);
      return true;
    }
    case prim::unchecked_cast:
      store(node, inputs_of(node, frame), frame);
      return true;
    case prim::Uninitialized:
      store(node, {c10::IValue::uninitialized()}, frame);
      return true;
    default: return false;
  }
}

void Evaluator::run_operator(Node& node, Frame& frame) {
  const jit::Operator* op = node.maybeOperator();
  if (!op) {
    unsupported(node, frame, std::string("'") + node.kind().toQualString() + "'",
                "TorchScript has no operator that fettle could run for it",
                "export the model with torch.export.export, or change this line");
  }
  const c10::FunctionSchema& schema = op->schema();
  if (is_dropped(schema.name())) {
    dropped_.push_back({.code = Code::torchscript_dropped,
                        .what = "'" + schema.name() + "' was left out",
                        .where = source_line(node, frame.source),
                        .why = "it does not change what the model computes",
                        .severity = Severity::note});
    return store(node, {}, frame);
  }
  const Values arguments = inputs_of(node, frame);
  Values results = call_torch(*op, node, arguments, frame);
  const OperatorSchema* registered = find_operator(graph_operator_name(schema));
  if (registered && computes_tensors(*registered)) {
    keep(*registered, node, arguments, results, frame);
  } else {
    check_unrecorded(node, arguments, results, frame);
  }
  store(node, std::move(results), frame);
}

Evaluator::Values Evaluator::call_torch(const jit::Operator& op, Node& node,
                                        const Values& arguments, const Frame& frame) {
  jit::Stack stack = arguments;
  // Variadic operators (format, einsum) take their number of arguments last.
  if (op.schema().is_vararg()) stack.emplace_back(static_cast<std::int64_t>(arguments.size()));
  try {
    op.getOperation(&node)(stack);
  } catch (const std::exception& error) {
    failed(node, frame, "'" + op.schema().name() + "' fails on the example inputs",
           first_line(error));
  }
  return stack;
}

void Evaluator::keep(const OperatorSchema& schema, Node& node, const Values& arguments,
                     const Values& results, const Frame& frame) {
  bool numbers = false, others = false, scalars = true;
  for_each_tensor(arguments, [&](const at::Tensor& tensor) {
    (recorder_.is_number(tensor) ? numbers : others) = true;
  });
  for_each_tensor(results, [&](const at::Tensor& tensor) { scalars = scalars && tensor.dim() == 0; });
  if (numbers && !others && scalars) {  // arithmetic on sizes
    return for_each_tensor(results,
                           [&](const at::Tensor& tensor) { recorder_.mark_number(tensor); });
  }
  try {
    recorder_.record(schema, arguments, results,
                     source_metadata(node, frame.source, recorder_.graph()));
  } catch (const Error& error) {
    if (error.code() != Code::torchscript_unsupported) throw;
    unsupported(node, frame, error.diagnostic().what + ", in a call of '" + schema.name + "'",
                error.diagnostic().why, "export the model with torch.export.export");
  }
}

// A call that leaves no node must not compute anything from tensors' data.
void Evaluator::check_unrecorded(Node& node, const Values& arguments, const Values& results,
                                 const Frame& frame) {
  const std::string& name = node.schema().name();
  const bool tracked = std::ranges::any_of(arguments, [&](const c10::IValue& value) {
    return value.isTensor() && recorder_.tracked(value.toTensor());
  });
  for (const c10::IValue& result : results) {
    if (!result.isTensor() || recorder_.tracked(result.toTensor())) continue;
    if (tracked) {
      unsupported(node, frame, "'" + name + "', an operator of TorchScript alone",
                  "libtorch registers no operator that a graph could call for it",
                  "write it with operators of torch, or export the model with torch.export.export");
    }
    if (result.toTensor().dim() == 0) recorder_.mark_number(result.toTensor());
  }
  if (tracked && std::ranges::any_of(results, holds_numbers) && !reads_metadata_alone(name)) {
    unsupported(node, frame, "'" + name + "' reads a number out of a tensor",
                "what follows would depend on the values of the inputs, not on their sizes",
                "compute with the tensor itself, for example torch.where instead of a branch");
  }
}

Evaluator::Values Evaluator::inputs_of(const Node& node, const Frame& frame) const {
  Values values;
  values.reserve(node.inputs().size());
  for (const jit::Value* input : node.inputs()) values.push_back(frame.values.at(input));
  return values;
}

void Evaluator::store(const Node& node, Values results, Frame& frame) {
  for (std::size_t i = 0; i < results.size() && i < node.outputs().size(); ++i) {
    frame.values.insert_or_assign(node.outputs()[i], std::move(results[i]));
  }
}

}  // namespace fettle
