#include "ops/boxed_arguments.hpp"

#include <ATen/ScalarOps.h>

#include <algorithm>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"

namespace fettle {
namespace {

using c10::IValue;
using Kind = c10::TypeKind;  // fettle has a TypeKind of its own

[[noreturn]] void unsupported(const Argument& argument, const c10::Argument& wanted) {
  throw Error({.code = Code::operator_unsupported,
               .what = "an argument of kind " + std::string(arg_kind_name(argument.kind)) +
                       " cannot be passed to libtorch",
               .where = "argument '" + wanted.name() + "' of type " + wanted.type()->str()});
}

c10::TypePtr without_optional(c10::TypePtr type) {
  return type->kind() == Kind::OptionalType
             ? type->expectRef<c10::OptionalType>().getElementType()
             : type;
}

Adapt adapt_to(Kind kind) {
  switch (kind) {
    case Kind::FloatType: return Adapt::to_real;
    case Kind::IntType: return Adapt::to_integer;
    case Kind::BoolType: return Adapt::to_boolean;
    case Kind::TensorType: return Adapt::to_tensor;
    default: return Adapt::none;  // Scalar takes what it is given
  }
}

ListKind list_kind(Kind element) {
  switch (element) {
    case Kind::TensorType: return ListKind::tensors;
    case Kind::OptionalType: return ListKind::optional_tensors;
    case Kind::FloatType: return ListKind::reals;
    case Kind::BoolType: return ListKind::booleans;
    case Kind::NumberType: return ListKind::scalars;
    default: return ListKind::integers;
  }
}

// The element type of a list type, or null.
c10::TypePtr element_type(const c10::Argument& wanted) {
  const c10::TypePtr type = without_optional(wanted.type());
  if (type->kind() != Kind::ListType) return nullptr;
  return type->expectRef<c10::ListType>().getElementType();
}

// One number, or as many of it as int[N] asks for.
IValue number(IValue value, const Argument& argument, const c10::Argument& wanted) {
  const c10::TypePtr element = element_type(wanted);
  if (!element) return adapted(std::move(value), adapt_to(without_optional(wanted.type())->kind()));
  if (!wanted.N()) unsupported(argument, wanted);
  std::vector<IValue> elements(static_cast<std::size_t>(*wanted.N()),
                               adapted(std::move(value), adapt_to(element->kind())));
  return make_list(list_kind(element->kind()), elements);
}

// The numbers and strings of a list argument, boxed as they are; None where an operand comes later.
struct Elements {
  const Graph& graph;
  std::vector<IValue> operator()(const std::vector<std::int64_t>& v) const {
    return {v.begin(), v.end()};
  }
  std::vector<IValue> operator()(const std::vector<double>& v) const {
    return {v.begin(), v.end()};
  }
  std::vector<IValue> operator()(const std::vector<Argument>& v) const {
    std::vector<IValue> boxed;
    boxed.reserve(v.size());
    for (const Argument& element : v) boxed.push_back(one(element));
    return boxed;
  }
  template <class T>
  std::vector<IValue> operator()(const T&) const {
    return {};
  }

  IValue one(const Argument& element) const {
    if (const auto* i = std::get_if<std::int64_t>(&element.payload)) return *i;
    if (const auto* d = std::get_if<double>(&element.payload)) return *d;
    if (const auto* b = std::get_if<bool>(&element.payload)) return *b;
    if (const auto* s = std::get_if<StringId>(&element.payload)) return std::string(graph.text(*s));
    return {};
  }
};

IValue string_list(const std::vector<IValue>& texts) {
  c10::List<std::string> list;
  for (const IValue& text : texts) list.push_back(text.toStringRef());
  return list;
}

template <class T, class Get>
IValue typed_list(std::vector<IValue>& elements, Get get) {
  c10::List<T> list;
  list.reserve(elements.size());
  for (IValue& element : elements) list.push_back(get(element));
  return list;
}

}  // namespace

IValue adapted(IValue value, Adapt adapt) {
  if (adapt == Adapt::none || value.isNone() || value.isTensor()) return value;
  switch (adapt) {
    case Adapt::to_real: return value.toScalar().toDouble();
    case Adapt::to_integer: return value.isBool() ? IValue(std::int64_t{value.toBool()}) : value;
    case Adapt::to_boolean: return value.isInt() ? IValue(value.toInt() != 0) : value;
    case Adapt::to_tensor: {
      at::Tensor tensor = c10::scalar_to_tensor(value.toScalar());
      tensor.unsafeGetTensorImpl()->set_wrapped_number(true);  // does not promote the other's dtype
      return tensor;
    }
    case Adapt::none: break;
  }
  return value;
}

IValue make_list(ListKind kind, std::vector<IValue>& elements) {
  switch (kind) {
    case ListKind::tensors:
      return typed_list<at::Tensor>(elements, [](IValue& v) { return std::move(v).toTensor(); });
    case ListKind::optional_tensors:
      return typed_list<std::optional<at::Tensor>>(elements, [](IValue& v) {
        return v.isNone() ? std::nullopt : std::optional<at::Tensor>(std::move(v).toTensor());
      });
    case ListKind::integers:
      return typed_list<std::int64_t>(elements, [](IValue& v) { return v.toScalar().toLong(); });
    case ListKind::reals:
      return typed_list<double>(elements, [](IValue& v) { return v.toScalar().toDouble(); });
    case ListKind::booleans:
      return typed_list<bool>(elements, [](IValue& v) { return v.toScalar().toBool(); });
    case ListKind::scalars: {
      c10::impl::GenericList list(c10::NumberType::get());
      for (IValue& element : elements) list.push_back(std::move(element));
      return list;
    }
  }
  return {};
}

Adapt adapt_for(const c10::Argument& wanted) {
  return adapt_to(without_optional(wanted.type())->kind());
}

bool names_operands(const Argument& argument) {
  bool named = false;
  for_each_operand(argument, [&](const Operand&) { named = true; });
  return named;
}

BoxedList boxed_list(const Graph& graph, const Argument& argument, const c10::Argument& wanted) {
  const c10::TypePtr element = element_type(wanted);
  const auto* elements = std::get_if<std::vector<Argument>>(&argument.payload);
  if (!element || element->kind() == Kind::ListType || !elements ||
      argument.kind == ArgKind::nested_tensors) {
    unsupported(argument, wanted);
  }
  return {list_kind(element->kind()), Elements{graph}(*elements)};
}

IValue boxed_constant(const Graph& graph, const Argument& argument, const c10::Argument& wanted) {
  const auto integer = [&] { return std::get<std::int64_t>(argument.payload); };
  switch (argument.kind) {
    case ArgKind::none:
    case ArgKind::optional_tensor:
      // None for a Tensor is an undefined one.
      return wanted.type()->kind() == Kind::TensorType ? IValue(at::Tensor()) : IValue();
    case ArgKind::integer:
    case ArgKind::real:
    case ArgKind::boolean:
    case ArgKind::sym_int:
    case ArgKind::sym_float:
    case ArgKind::sym_bool: return number(Elements{graph}.one(argument), argument, wanted);
    case ArgKind::complex_number: {
      const auto z = std::get<std::complex<double>>(argument.payload);
      return number(IValue(c10::complex<double>(z.real(), z.imag())), argument, wanted);
    }
    case ArgKind::string: return Elements{graph}.one(argument);
    case ArgKind::dtype:
      if (const auto type = scalar_type_of(static_cast<DType>(integer()))) {
        return static_cast<std::int64_t>(*type);
      }
      break;
    case ArgKind::layout:
      if (const auto layout = layout_of(integer())) return static_cast<std::int64_t>(*layout);
      break;
    case ArgKind::memory_format:
      if (const auto format = memory_format_of(integer())) return static_cast<std::int64_t>(*format);
      break;
    case ArgKind::tensors:
    case ArgKind::optional_tensors:
    case ArgKind::integers:
    case ArgKind::reals:
    case ArgKind::booleans:
    case ArgKind::strings:
    case ArgKind::sym_ints:
    case ArgKind::sym_floats:
    case ArgKind::sym_bools: {
      const c10::TypePtr element = element_type(wanted);
      if (!element || element->kind() == Kind::ListType) break;
      std::vector<IValue> elements = std::visit(Elements{graph}, argument.payload);
      if (element->kind() == Kind::StringType) return string_list(elements);
      return make_list(list_kind(element->kind()), elements);
    }
    default: break;
  }
  unsupported(argument, wanted);
}

}  // namespace fettle
