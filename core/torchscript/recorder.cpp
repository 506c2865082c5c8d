#include "torchscript/recorder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "runtime/tensor_impl.hpp"
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

void Recorder::know(const at::Tensor& tensor, ValueId value) {
  known_.insert_or_assign(
      tensor.unsafeGetTensorImpl(),
      Known{c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>(
                tensor.getIntrusivePtr()),
            value});
}

ValueId Recorder::add_placeholder(const std::string& name, TypeId type, InputSpec spec) {
  NodeSpec node;
  node.opcode = Opcode::placeholder;
  node.name = journal_.fresh_name(name);
  node.result_forms = {ResultForm{}};
  node.result_types = {type};
  node.result_names = {node.name};
  const bool input = spec.kind == InputKind::user_input || spec.kind == InputKind::constant_input;
  const NodeId id =
      journal_.create_node(std::move(node), {kRootBlock, input ? NodeId() : first_input_});
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
  return found != known_.end() && found->second.value;
}

void Recorder::mark_number(const at::Tensor& tensor) { know(tensor, {}); }

bool Recorder::is_number(const at::Tensor& tensor) const {
  const auto found = known_.find(tensor.unsafeGetTensorImpl());
  return found != known_.end() && !found->second.value;
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
  const auto found = known_.find(tensor.unsafeGetTensorImpl());
  if (found != known_.end() && found->second.value) return found->second.value;
  if (found != known_.end()) {
    const OperatorSchema& schema = *find_operator(kScalarTensor);
    const c10::IValue dtype = static_cast<std::int64_t>(tensor.scalar_type());
    record(schema, {tensor.item(), dtype, {}, {}, {}}, {tensor}, metadata);
  } else {
    const at::Tensor original = tensor.alias();
    know(original, add_constant(tensor));
    record(*find_operator(kLift), {original}, {tensor}, metadata);
  }
  return known_.at(tensor.unsafeGetTensorImpl()).value;
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
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& result : results) add_result(result, schema, spec, tensors);
  const NodeId node = journal_.create_node(std::move(spec), {});
  for (std::uint32_t i = 0; i < tensors.size(); ++i) know(tensors[i], graph_.result(node, i));
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
