#include "torchscript/call_arguments.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/devices.hpp"

namespace fettle {
namespace {

[[noreturn]] void unsupported(const std::string& name, const c10::IValue& value) {
  throw Error({.code = Code::torchscript_unsupported,
               .what = "the argument '" + name + "' is a value of type " + value.tagKind(),
               .why = "a program of torch.export has no form for it"});
}

class Converter {
 public:
  Converter(const Graph& graph, const ValueOfTensor& value_of, NodeSpec& spec)
      : graph_(graph), value_of_(value_of), spec_(spec) {}

  Argument convert(const SchemaArgument& wanted, const c10::IValue& value) {
    if (value.isNone()) return {};
    if (value.isTensor()) {
      if (!value.toTensor().defined()) return {};
      return {ArgKind::tensor, operand(value.toTensor())};
    }
    switch (wanted.kind) {
      case ArgKind::dtype: return number_of(ArgKind::dtype, value);
      case ArgKind::layout: return number_of(ArgKind::layout, value);
      case ArgKind::memory_format: return number_of(ArgKind::memory_format, value);
      default: break;
    }
    if (value.isList()) return list(wanted, value);
    if (value.isDevice()) return {ArgKind::device, device_of(value.toDevice())};
    if (value.isInt() || value.isDouble() || value.isBool() || value.isString() ||
        value.isComplexDouble()) {
      return constant_argument(graph_, value);
    }
    unsupported(wanted.name, value);
  }

 private:
  Operand operand(const at::Tensor& tensor) { return spec_.add_operand(value_of_(tensor)); }

  static Argument number_of(ArgKind kind, const c10::IValue& value) {
    const std::int64_t number = value.toInt();
    switch (kind) {
      case ArgKind::dtype:
        return {kind, static_cast<std::int64_t>(dtype_of(static_cast<c10::ScalarType>(number)))};
      case ArgKind::layout: return {kind, layout_number(static_cast<c10::Layout>(number))};
      default: return {kind, memory_format_number(static_cast<c10::MemoryFormat>(number))};
    }
  }

  Argument list(const SchemaArgument& wanted, const c10::IValue& value) {
    const auto elements = value.toListRef();
    switch (wanted.kind) {
      case ArgKind::tensors: return tensors(elements);
      case ArgKind::optional_tensors: return optional_tensors(elements);
      case ArgKind::integers: {
        std::vector<std::int64_t> numbers;
        for (const c10::IValue& e : elements) numbers.push_back(e.toScalar().toLong());
        return {ArgKind::integers, std::move(numbers)};
      }
      case ArgKind::reals: {
        std::vector<double> numbers;
        for (const c10::IValue& e : elements) numbers.push_back(e.toScalar().toDouble());
        return {ArgKind::reals, std::move(numbers)};
      }
      case ArgKind::booleans:
      case ArgKind::strings: {
        std::vector<Argument> constants;
        for (const c10::IValue& e : elements) constants.push_back(constant_argument(graph_, e));
        return {wanted.kind, std::move(constants)};
      }
      default: unsupported(wanted.name, value);
    }
  }

  Argument tensors(c10::ArrayRef<c10::IValue> elements) {
    std::vector<Argument> list;
    for (const c10::IValue& e : elements) list.push_back({ArgKind::tensor, operand(e.toTensor())});
    return {ArgKind::tensors, std::move(list)};
  }

  Argument optional_tensors(c10::ArrayRef<c10::IValue> elements) {
    std::vector<Argument> list;
    for (const c10::IValue& e : elements) {
      Argument element{ArgKind::optional_tensor, std::monostate{}};
      if (e.isTensor() && e.toTensor().defined()) element.payload = operand(e.toTensor());
      list.push_back(std::move(element));
    }
    return {ArgKind::optional_tensors, std::move(list)};
  }

  const Graph& graph_;
  const ValueOfTensor& value_of_;
  NodeSpec& spec_;
};

bool is_default(const Graph& graph, const SchemaArgument& wanted, const Argument& argument) {
  if (!wanted.default_value) return false;
  if (const auto* text = std::get_if<StringId>(&argument.payload)) {
    return wanted.default_value->kind == argument.kind && graph.text(*text) == wanted.default_text;
  }
  return same_argument(*wanted.default_value, argument);
}

// What the call would have left out: keywords by themselves, the others from the end.
void mark_defaults(const Graph& graph, const OperatorSchema& schema, NodeSpec& spec) {
  bool at_end = true;
  for (std::size_t i = spec.arguments.size(); i-- > 0;) {
    NamedArgument& argument = spec.arguments[i];
    const bool same = is_default(graph, schema.arguments[i], argument.value);
    if (schema.arguments[i].keyword_only) {
      argument.form = same ? ArgForm::defaulted : ArgForm::keyword;
    } else {
      at_end = at_end && same;
      argument.form = at_end ? ArgForm::defaulted : ArgForm::positional;
    }
  }
}

}  // namespace

Argument constant_argument(const Graph& graph, const c10::IValue& value) {
  if (value.isNone()) return {};
  if (value.isBool()) return {ArgKind::boolean, value.toBool()};
  if (value.isInt()) return {ArgKind::integer, value.toInt()};
  if (value.isDouble()) return {ArgKind::real, value.toDouble()};
  if (value.isString()) return {ArgKind::string, graph.intern(value.toStringRef())};
  if (value.isComplexDouble()) {
    const auto z = value.toComplexDouble();
    return {ArgKind::complex_number, std::complex<double>(z.real(), z.imag())};
  }
  unsupported("constant", value);
}

void add_call_arguments(const Graph& graph, const OperatorSchema& schema,
                        const std::vector<c10::IValue>& values, const ValueOfTensor& value_of,
                        NodeSpec& spec) {
  Converter converter(graph, value_of, spec);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const SchemaArgument& wanted = schema.arguments[i];
    spec.arguments.push_back(
        {graph.intern(wanted.name), ArgForm::positional, converter.convert(wanted, values[i])});
  }
  mark_defaults(graph, schema, spec);
}

}  // namespace fettle
