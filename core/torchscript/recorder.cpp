#include "torchscript/recorder.hpp"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>

#include "base/error.hpp"
#include "runtime/tensor_impl.hpp"
#include "ops/torch_errors.hpp"
#include "torchscript/call_arguments.hpp"

namespace fettle {
namespace {

constexpr std::string_view kLift = "aten.lift_fresh_copy.default";
constexpr std::string_view kScalarTensor = "aten.scalar_tensor.default";

// "p_conv_weight", as torch.export names what stands for "conv.weight".
std::string placeholder_name(const InputSpec& spec) {
  std::string name = spec.kind == InputKind::parameter ? "p_"
                     : spec.kind == InputKind::buffer  ? "b_"
                                                       : "c_";
  for (const char c : spec.target) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

Type none_type() {
  Type type;
  type.kind = TypeKind::none;
  return type;
}

}  // namespace

Recorder::Known Recorder::known_as(const at::Tensor& tensor, Is is) const {
  using Weak = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
  return {Weak(tensor.getIntrusivePtr()), is, {}, {}};
}

// What a nested graph learns is undone when it is closed.
void Recorder::know(const at::Tensor& tensor, Known known) {
  const auto [at, added] = known_.try_emplace(tensor.unsafeGetTensorImpl(),
                                              known_as(tensor, Is::elsewhere));
  std::swap(at->second, known);
  if (nested()) open_.back().hidden.emplace_back(at->first, std::move(known));
}

void Recorder::know(const at::Tensor& tensor, ValueId value) {
  Known known = known_as(tensor, Is::value);
  known.value = value;
  know(tensor, std::move(known));
}

NodeSpec Recorder::placeholder_spec(const std::string& name, TypeId type) {
  NodeSpec node;
  node.opcode = Opcode::placeholder;
  node.name = journal_.fresh_name(name);
  node.result_forms = {ResultForm{}};
  node.result_types = {type};
  node.result_names = {node.name};
  return node;
}

ValueId Recorder::add_placeholder(const std::string& name, TypeId type, InputSpec spec) {
  const bool input = spec.kind == InputKind::user_input || spec.kind == InputKind::constant_input;
  const NodeId id = journal_.create_node(placeholder_spec(name, type),
                                         {kRootBlock, input ? NodeId() : first_input_});
  if (input && !first_input_) first_input_ = id;
  journal_.set_input_spec(id, std::move(spec));
  return graph_.result(id);
}

void Recorder::add_weight(const InputSpec& spec, TensorData data, const at::Tensor& tensor) {
  know(tensor, add_placeholder(placeholder_name(spec), graph_.intern(data.type), spec));
  journal_.add_constant(spec.target, std::move(data));
}

void Recorder::same_as(const at::Tensor& tensor, const at::Tensor& known) {
  know(tensor, known_.at(known.unsafeGetTensorImpl()).value);
}

void Recorder::add_input(const std::string& name, const c10::IValue& leaf) {
  InputSpec spec;
  if (leaf.isTensor()) {
    spec.kind = InputKind::user_input;
    const ValueId value =
        add_placeholder(name, graph_.intern(wrap(leaf.toTensor()).type()), std::move(spec));
    know(leaf.toTensor(), value);
    return;
  }
  spec.kind = InputKind::constant_input;
  spec.constant = constant_argument(graph_, leaf);
  add_placeholder(name, graph_.intern(none_type()), std::move(spec));
}

bool Recorder::tracked(const at::Tensor& tensor) const {
  const auto found = known_.find(tensor.unsafeGetTensorImpl());
  return found != known_.end() &&
         (found->second.is == Is::value || found->second.is == Is::elsewhere);
}

void Recorder::mark_number(const at::Tensor& tensor) { know(tensor, known_as(tensor, Is::number)); }

bool Recorder::is_number(const at::Tensor& tensor) const {
  const auto found = known_.find(tensor.unsafeGetTensorImpl());
  return found != known_.end() && found->second.is == Is::number;
}

// The program gets the tensor as it is now; a copy of it in each run, as calls may write to it.
ValueId Recorder::add_constant(const at::Tensor& tensor) {
  InputSpec spec;
  spec.kind = InputKind::tensor_constant;
  for (std::size_t i = 0; spec.target.empty() || graph_.constants().contains(spec.target); ++i) {
    spec.target = "lifted_tensor_" + std::to_string(i + graph_.constants().size());
  }
  TensorData data = wrap(tensor).to_constant();
  const ValueId value =
      add_placeholder(placeholder_name(spec), graph_.intern(data.type), spec);
  journal_.add_constant(spec.target, std::move(data));
  return value;
}

ValueId Recorder::value_of(const at::Tensor& tensor, const std::vector<MetadataEntry>& metadata) {
  const c10::TensorImpl* const identity = tensor.unsafeGetTensorImpl();
  if (!known_.contains(identity)) {
    Known constant = known_as(tensor, Is::constant);
    constant.original = tensor.alias();
    Known original = known_as(constant.original, Is::value);
    original.value = add_constant(tensor);
    // Known everywhere, not in the open graph alone.
    known_.emplace(constant.original.unsafeGetTensorImpl(), std::move(original));
    known_.emplace(identity, std::move(constant));
  }
  const Known& known = known_.at(identity);
  switch (known.is) {
    case Is::value: break;
    case Is::number: {
      const c10::IValue dtype = static_cast<std::int64_t>(tensor.scalar_type());
      record(*find_operator(kScalarTensor), {tensor.item(), dtype, {}, {}, {}}, {tensor}, metadata);
      break;
    }
    case Is::constant: {
      const at::Tensor original = known.original;
      record(*find_operator(kLift), {original}, {tensor}, metadata);
      break;
    }
    case Is::elsewhere:
      throw Error({.code = Code::torchscript_unsupported,
                   .what = "a tensor that a branch or a loop makes is used outside of it",
                   .why = "it does not leave the branch as its result"});
  }
  return inside(known_.at(identity).value, open_.size(), tensor);
}

void Recorder::add_result(const c10::IValue& result, const OperatorSchema& schema, NodeSpec& spec,
                          std::vector<at::Tensor>& tensors) const {
  const auto add = [&](const at::Tensor& tensor) {
    spec.result_types.push_back(graph_.intern(wrap(tensor).type()));
    tensors.push_back(tensor);
  };
  if (result.isTensor() && result.toTensor().defined()) {
    add(result.toTensor());
    spec.result_forms.push_back({ArgKind::tensor, 1});
  } else if (result.isTensorList()) {
    const auto list = result.toTensorVector();
    for (const at::Tensor& tensor : list) add(tensor);
    spec.result_forms.push_back({ArgKind::tensors, static_cast<std::uint32_t>(list.size())});
  } else if (result.isNone() || result.isTensor()) {
    spec.result_forms.push_back({ArgKind::none, 0});
  } else {
    throw Error({.code = Code::torchscript_unsupported,
                 .what = "'" + schema.name + "' answers tensors and a value of type " +
                         result.tagKind(),
                 .why = "numbers that calls compute are not represented"});
  }
}

void Recorder::record(const OperatorSchema& schema, const std::vector<c10::IValue>& arguments,
                      const std::vector<c10::IValue>& results,
                      const std::vector<MetadataEntry>& metadata) {
  NodeSpec spec;
  spec.op = graph_.intern(schema.name);
  spec.metadata = metadata;
  add_call_arguments(graph_, schema, arguments,
                     [&](const at::Tensor& tensor) { return value_of(tensor, metadata); }, spec);
  check_writes(schema, arguments);
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& result : results) add_result(result, schema, spec, tensors);
  const NodeId node = journal_.create_node(std::move(spec), {block(), {}});
  for (std::uint32_t i = 0; i < tensors.size(); ++i) know(tensors[i], graph_.result(node, i));
}

at::Tensor Recorder::call(std::string_view op, std::vector<c10::IValue> arguments,
                          const std::vector<MetadataEntry>& metadata) {
  const OperatorSchema& schema = *find_operator(op);
  const std::size_t dot = op.rfind('.');
  std::string name(op.substr(0, dot)), overload(op.substr(dot + 1));
  name.replace(name.find('.'), 1, "::");
  if (overload == "default") overload.clear();
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str());
  const auto& wanted = handle.schema().arguments();
  while (arguments.size() < wanted.size()) {
    arguments.push_back(wanted[arguments.size()].default_value().value_or(c10::IValue()));
  }
  std::vector<c10::IValue> stack = arguments;
  try {
    handle.callBoxed(&stack);
  } catch (const std::exception& error) {
    throw Error({.code = Code::torchscript_failed,
                 .what = "'" + schema.name + "' fails on the example inputs",
                 .why = first_line(error)});
  }
  record(schema, arguments, stack, metadata);
  return stack[0].toTensor();
}

void Recorder::finish(const std::vector<c10::IValue>& outputs) {
  NodeSpec spec;
  spec.opcode = Opcode::output;
  spec.name = graph_.intern("output");
  std::vector<OutputSpec> specs(outputs.size());
  for (const c10::IValue& output : outputs) {
    Argument argument;
    if (output.isTensor() && output.toTensor().defined()) {
      argument = {ArgKind::tensor, spec.add_operand(value_of(output.toTensor(), {}))};
    } else if (!output.isTensor()) {
      argument = constant_argument(graph_, output);
    }
    spec.arguments.push_back({graph_.intern(""), ArgForm::positional, std::move(argument)});
  }
  journal_.create_node(std::move(spec), {});
  journal_.set_output_specs(std::move(specs));
}

}  // namespace fettle
