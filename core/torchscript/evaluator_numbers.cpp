// Calls that read numbers out of tensors, and calls that take them: arithmetic of numbers becomes
// calls on tensors of no dimensions, and an operator on a tensor and a number its twin on two
// tensors.
//
// No fmt here: libtorch's headers bring another version of it.
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <array>

#include "torchscript/evaluator.hpp"
#include "torchscript/operator_kinds.hpp"

namespace fettle {

namespace jit = torch::jit;
namespace prim = c10::prim;

namespace {

constexpr std::array<std::string_view, 8> kReaders = {
    "aten::Bool",        "aten::Float",          "aten::FloatImplicit", "aten::Int",
    "aten::IntImplicit", "aten::ScalarImplicit", "aten::is_nonzero",    "aten::item"};
constexpr std::array<std::string_view, 4> kMakers = {"aten::as_tensor", "aten::scalar_tensor",
                                                     "aten::tensor", "prim::NumToTensor"};

// Nodes that hand values on as they are.
bool hands_on(const jit::Node& node) {
  switch (node.kind()) {
    case prim::TupleConstruct:
    case prim::TupleUnpack:
    case prim::TupleSlice:
    case prim::TupleIndex:
    case prim::unchecked_cast:
      return true;
    default:
      return false;
  }
}

// "aten.add.Scalar" → "aten.add.Tensor": the operator that takes tensors where this one takes
// numbers.
std::optional<std::string> tensor_twin(std::string op) {
  constexpr std::string_view kScalar = "Scalar";
  const std::size_t dot = op.rfind('.');
  const std::size_t at = op.rfind(kScalar);
  if (at == op.npos || at < dot) return std::nullopt;
  op.replace(at, kScalar.size(), "Tensor");
  return find_operator(op) ? std::optional(op) : std::nullopt;
}

bool same_form(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type();
}

// A tensor that nobody can write once it was read: what makes it answers a new one, and nothing but
// the reading uses it.
bool read_once(const jit::Value& tensor) {
  const c10::FunctionSchema* made_by = tensor.node()->maybeSchema();
  return made_by && tensor.uses().size() == 1 && tensor.offset() < made_by->returns().size() &&
         !made_by->returns()[tensor.offset()].alias_info();
}

}  // namespace

void Evaluator::refuse_number(const Node& node, const Frame& frame,
                              const std::string& origin) const {
  const jit::Operator* op = node.maybeOperator();
  const std::string name = op ? op->schema().name() : node.kind().toQualString();
  unsupported(node, frame, "'" + name + "' takes a number " + origin,
              "what follows would depend on the values of the inputs, not on their sizes",
              "compute with the tensor itself; branches and loops may depend on such a number");
}

bool Evaluator::takes_data_number(const Node& node, const Frame& frame) const {
  if (hands_on(node)) return false;
  return std::ranges::any_of(node.inputs(), [&](const jit::Value* input) {
    return numbers_.origin(frame.values.at(input)) != nullptr;
  });
}

void Evaluator::run_on_numbers(Node& node, Frame& frame) {
  const Values arguments = inputs_of(node, frame);
  if (const jit::Operator* op = node.maybeOperator(); op && node.outputs().size() == 1) {
    if (auto result = call_on_numbers(*op, node, arguments, frame)) {
      return store(node, {std::move(*result)}, frame);
    }
  }
  for (const c10::IValue& argument : arguments) {
    if (const std::string* origin = numbers_.origin(argument)) refuse_number(node, frame, *origin);
  }
}

std::optional<c10::IValue> Evaluator::call_on_numbers(const jit::Operator& op, Node& node,
                                                      const Values& arguments, const Frame& frame) {
  const std::string& name = op.schema().name();
  const auto metadata = source_metadata(node, frame.source, recorder_.graph());
  if (const auto result = number_dtype(*node.output()->type())) {
    return numbers_.compute(name, arguments, *result, metadata);
  }
  if (std::ranges::any_of(arguments, [&](const c10::IValue& argument) {
        return argument.isTuple() && numbers_.origin(argument);
      })) {
    return std::nullopt;
  }
  Values plain = arguments;
  for (c10::IValue& value : plain) {
    if (numbers_.is(value)) value = value.toTensor().item();
  }
  if (std::ranges::binary_search(kMakers, name) && numbers_.is(arguments[0])) {
    const at::Tensor wanted = call_torch(op, node, plain, frame)[0].toTensor();
    const auto dtype = static_cast<std::int64_t>(wanted.scalar_type());
    return recorder_.call("aten.to.dtype", {arguments[0], dtype, false, true}, metadata);
  }
  const std::string registered = graph_operator_name(op.schema());
  if (registered == "aten.select.int" && numbers_.is(arguments[2]) && !numbers_.is(arguments[1])) {
    const at::Tensor& from = arguments[0].toTensor();
    c10::List<std::optional<at::Tensor>> index;
    const std::int64_t dim = arguments[1].toInt() + (arguments[1].toInt() < 0 ? from.dim() : 0);
    for (std::int64_t i = 0; i < dim; ++i) index.push_back(std::nullopt);
    index.push_back(arguments[2].toTensor());
    const at::Tensor row = recorder_.call("aten.index.Tensor", {from, index}, metadata);
    recorder_.note_copy(row, from);
    return row;
  }
  const auto twin = tensor_twin(registered);
  if (!twin) return std::nullopt;
  const auto& wanted = find_operator(*twin)->arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (numbers_.is(arguments[i]) && wanted[i].type != "Tensor") return std::nullopt;
  }
  const bool writes = std::ranges::any_of(wanted, &SchemaArgument::written);
  const at::Tensor like =
      writes ? arguments[0].toTensor() : call_torch(op, node, plain, frame)[0].toTensor();
  const at::Tensor result = recorder_.call(*twin, arguments, metadata);
  if (!same_form(result, like)) return std::nullopt;  // tensors promote unlike numbers
  return result;
}

// False where the call reads something else than one number.
bool Evaluator::read_number(Node& node, const Values& arguments, Values& results,
                            const Frame& frame) {
  const std::string& name = node.schema().name();
  if (results.size() != 1 || !std::ranges::binary_search(kReaders, name)) return false;
  const auto dtype = number_dtype(results[0]);
  if (!dtype) return false;
  const std::string line = source_line(node, frame.source);
  const std::string origin =
      "that '" + name + "' reads out of a tensor" + (line.empty() ? "" : " (" + line + ")");
  results[0] = numbers_.read(arguments[0].toTensor(), *dtype, read_once(*node.input(0)), origin,
                             source_metadata(node, frame.source, recorder_.graph()));
  return true;
}

}  // namespace fettle
