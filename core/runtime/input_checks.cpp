#include "runtime/input_checks.hpp"

#include "base/error.hpp"
#include "graph/text.hpp"

namespace fettle {
namespace {

bool is_real_dtype(DType dtype) {
  switch (dtype) {
    case DType::float16:
    case DType::float32:
    case DType::float64:
    case DType::bfloat16: return true;
    default: return false;
  }
}

// "[s77, 3]"
std::string shape_text(const std::vector<SymInt>& sizes) {
  Type type;
  type.kind = TypeKind::tensor;
  type.sizes = sizes;
  type.strides.resize(sizes.size());
  const std::string text = print_type(type);
  const std::size_t start = text.find('[');
  return text.substr(start, text.find(']', start) + 1 - start);
}

std::string kind_text(const RunValue& value) {
  constexpr std::string_view kNames[] = {"None",    "a tensor", "an int",
                                         "a float", "a bool",   "a string"};
  return std::string(kNames[value.index()]);
}

std::string kind_text(TypeKind kind) {
  switch (kind) {
    case TypeKind::tensor: return "a tensor";
    case TypeKind::sym_int: return "an int";
    case TypeKind::sym_float: return "a float";
    case TypeKind::sym_bool: return "a bool";
    default: return "None";
  }
}

[[noreturn]] void refuse(Code code, std::size_t index, const ExpectedInput& expected,
                         const std::string& given, const std::string& wanted) {
  throw Error({.code = code,
               .what = "input " + std::to_string(index) + " ('" + expected.name + "') is " + given,
               .why = "the program was exported with " + wanted});
}

bool same_constant(const RunValue& a, const RunValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* i = std::get_if<std::int64_t>(&a)) return *i == std::get<std::int64_t>(b);
  if (const auto* d = std::get_if<double>(&a)) return *d == std::get<double>(b);
  if (const auto* t = std::get_if<bool>(&a)) return *t == std::get<bool>(b);
  if (const auto* s = std::get_if<std::string>(&a)) return *s == std::get<std::string>(b);
  return std::holds_alternative<std::monostate>(a);
}

bool fits_kind(const RunValue& value, TypeKind kind) {
  switch (kind) {
    case TypeKind::tensor: return std::holds_alternative<Tensor>(value);
    case TypeKind::sym_int: return std::holds_alternative<std::int64_t>(value);
    case TypeKind::sym_float: return std::holds_alternative<double>(value);
    case TypeKind::sym_bool: return std::holds_alternative<bool>(value);
    case TypeKind::unknown: return true;
    default: return std::holds_alternative<std::monostate>(value);
  }
}

void check_tensor(std::size_t index, const ExpectedInput& expected, const Tensor& tensor,
                  bool any_real) {
  const Type given = tensor.type(), &wanted = expected.type;
  const bool lifted = any_real && is_real_dtype(given.dtype) && is_real_dtype(wanted.dtype);
  if (given.dtype != wanted.dtype && !lifted) {
    refuse(Code::input_dtype, index, expected,
           "of dtype " + std::string(dtype_torch_name(given.dtype)),
           std::string(dtype_torch_name(wanted.dtype)));
  }
  bool same = given.sizes.size() == wanted.sizes.size();
  for (std::size_t i = 0; same && i < given.sizes.size(); ++i) {
    same = wanted.sizes[i].symbolic() || wanted.sizes[i].value == given.sizes[i].value;
  }
  if (!same) {
    refuse(Code::input_shape, index, expected, "of shape " + shape_text(given.sizes),
           "shape " + shape_text(wanted.sizes));
  }
}

RunValue constant_value(const Graph& graph, const Argument& argument) {
  if (const auto* i = std::get_if<std::int64_t>(&argument.payload)) return *i;
  if (const auto* d = std::get_if<double>(&argument.payload)) return *d;
  if (const auto* b = std::get_if<bool>(&argument.payload)) return *b;
  if (const auto* s = std::get_if<StringId>(&argument.payload)) return std::string(graph.text(*s));
  return std::monostate{};
}

}  // namespace

UserInputs user_inputs(const Graph& graph) {
  UserInputs inputs;
  for (NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    const InputKind kind = node.input_spec ? node.input_spec->kind : InputKind::user_input;
    if (kind != InputKind::user_input && kind != InputKind::constant_input) continue;
    const ValueId value = graph.result(id);
    ExpectedInput expected{std::string(graph.text(node.name)), graph.type(value), std::nullopt};
    if (kind == InputKind::constant_input) {
      expected.constant = constant_value(graph, node.input_spec->constant);
    }
    inputs.expected.push_back(std::move(expected));
    inputs.values.push_back(value);
  }
  return inputs;
}

void check_inputs(std::span<const ExpectedInput> expected, std::span<const RunValue> given,
                  bool any_real) {
  if (expected.size() != given.size()) {
    std::string names;
    for (const ExpectedInput& input : expected) names += (names.empty() ? "" : ", ") + input.name;
    throw Error({.code = Code::input_count,
                 .what = "the program takes " + std::to_string(expected.size()) +
                         " inputs and was given " + std::to_string(given.size()),
                 .hint = "its inputs are: " + names});
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i].constant) {
      if (same_constant(*expected[i].constant, given[i])) continue;
      refuse(Code::input_dtype, i, expected[i], kind_text(given[i]) + ", or another one",
             "a constant there, which became part of it");
    }
    const TypeKind kind = expected[i].type.kind;
    if (!fits_kind(given[i], kind)) {
      refuse(Code::input_dtype, i, expected[i], kind_text(given[i]), kind_text(kind));
    }
    if (kind == TypeKind::tensor) {
      check_tensor(i, expected[i], std::get<Tensor>(given[i]), any_real);
    }
  }
}

void SizeChecks::check(std::span<const RunValue> given) {
  if (!shapes_.dynamic()) return;
  ProgramShapes::Sizes sizes;
  for (const RunValue& value : given) {
    auto& dims = sizes.emplace_back();
    if (const auto* number = std::get_if<std::int64_t>(&value)) dims.push_back(*number);
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      for (const SymInt& size : tensor->type().sizes) dims.push_back(size.value);
    }
  }
  if (sizes == accepted_) return;
  shapes_.solve(sizes);
  accepted_ = std::move(sizes);
}

}  // namespace fettle
