#include "torchscript/data_numbers.hpp"

#include <algorithm>

namespace fettle {
namespace {

struct NumberOperator {
  std::string_view name, op;
};

// Sorted by name. On int64, float64 and bool tensors these give what Python gives for numbers.
constexpr NumberOperator kOperators[] = {
    {"aten::__and__", "aten.bitwise_and.Tensor"},
    {"aten::__not__", "aten.logical_not.default"},
    {"aten::__or__", "aten.bitwise_or.Tensor"},
    {"aten::__xor__", "aten.bitwise_xor.Tensor"},
    {"aten::add", "aten.add.Tensor"},
    {"aten::div", "aten.div.Tensor"},
    {"aten::eq", "aten.eq.Tensor"},
    {"aten::floordiv", "aten.floor_divide.default"},
    {"aten::ge", "aten.ge.Tensor"},
    {"aten::gt", "aten.gt.Tensor"},
    {"aten::le", "aten.le.Tensor"},
    {"aten::lt", "aten.lt.Tensor"},
    {"aten::mul", "aten.mul.Tensor"},
    {"aten::ne", "aten.ne.Tensor"},
    {"aten::neg", "aten.neg.default"},
    {"aten::remainder", "aten.remainder.Tensor"},
    {"aten::sub", "aten.sub.Tensor"},
    {"prim::abs", "aten.abs.default"},
    {"prim::max", "aten.maximum.default"},
    {"prim::min", "aten.minimum.default"},
};
static_assert(std::ranges::is_sorted(kOperators, {}, &NumberOperator::name));

bool converts(std::string_view name) {
  return name == "aten::Bool" || name == "aten::Int" || name == "aten::Float";
}

}  // namespace

std::optional<c10::ScalarType> number_dtype(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::IntType:
      return at::kLong;
    case c10::TypeKind::FloatType:
      return at::kDouble;
    case c10::TypeKind::BoolType:
      return at::kBool;
    default:
      return std::nullopt;
  }
}

std::optional<c10::ScalarType> number_dtype(const c10::IValue& number) {
  if (number.isBool()) return at::kBool;
  if (number.isInt()) return at::kLong;
  if (number.isDouble()) return at::kDouble;
  return std::nullopt;
}

bool DataNumbers::is(const c10::IValue& value) const {
  return value.isTensor() && numbers_.contains(value.toTensor().unsafeGetTensorImpl());
}

const std::string* DataNumbers::origin(const c10::IValue& value) const {
  if (value.isTensor()) {
    const auto found = numbers_.find(value.toTensor().unsafeGetTensorImpl());
    return found == numbers_.end() ? nullptr : &found->second.origin;
  }
  if (numbers_.empty()) return nullptr;
  const auto first_of = [&](const auto& elements) -> const std::string* {
    for (const c10::IValue& element : elements) {
      if (const std::string* found = origin(element)) return found;
    }
    return nullptr;
  };
  if (value.isTuple()) return first_of(value.toTupleRef().elements());
  if (value.isList() && number_dtype(*value.toList().elementType())) {
    return first_of(value.toListRef());
  }
  return nullptr;
}

c10::IValue DataNumbers::add(const at::Tensor& number, const std::string& origin) {
  using Weak = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
  numbers_.insert_or_assign(number.unsafeGetTensorImpl(),
                            Number{Weak(number.getIntrusivePtr()), origin});
  return number;
}

at::Tensor DataNumbers::convert(const at::Tensor& number, c10::ScalarType type,
                                const Metadata& metadata) {
  if (number.scalar_type() == type) return number;
  if (type == at::kBool) return recorder_.call("aten.ne.Scalar", {number, 0}, metadata);
  return recorder_.call("aten.to.dtype", {number, static_cast<std::int64_t>(type)}, metadata);
}

c10::IValue DataNumbers::read(const at::Tensor& source, c10::ScalarType type, bool kept,
                              const std::string& origin, const Metadata& metadata) {
  at::Tensor number = source;
  if (source.dim() > 0) {
    number =
        recorder_.call("aten.reshape.default", {number, std::vector<std::int64_t>()}, metadata);
  }
  if (number.scalar_type() != type) {
    number = convert(number, type, metadata);
  } else if (kept) {
    const at::Tensor itself = number.alias();
    recorder_.same_as(itself, number);
    number = itself;
  } else {
    number = recorder_.call("aten.clone.default", {number}, metadata);
  }
  return add(number, origin);
}

at::Tensor DataNumbers::tensor_of(const c10::IValue& number, const Metadata& metadata) {
  if (number.isTensor()) return number.toTensor();
  const auto dtype = static_cast<std::int64_t>(*number_dtype(number));
  const c10::IValue plain = number.isBool() ? c10::IValue(std::int64_t{number.toBool()}) : number;
  return recorder_.call("aten.scalar_tensor.default", {plain, dtype}, metadata);
}

std::optional<c10::IValue> DataNumbers::compute(std::string_view op,
                                                const std::vector<c10::IValue>& arguments,
                                                c10::ScalarType result, const Metadata& metadata) {
  const auto found = std::ranges::lower_bound(kOperators, op, {}, &NumberOperator::name);
  const bool known = found != std::end(kOperators) && found->name == op;
  if (!known && !converts(op)) return std::nullopt;
  const std::string* from = nullptr;
  std::vector<c10::IValue> tensors;
  for (const c10::IValue& argument : arguments) {
    if (!from) from = origin(argument);
    if (!is(argument) && !number_dtype(argument)) return std::nullopt;
    at::Tensor tensor = tensor_of(argument, metadata);
    // Whole numbers divide to float64 in Python, and to float32 as tensors.
    if (op == "aten::div") tensor = convert(tensor, at::kDouble, metadata);
    tensors.emplace_back(std::move(tensor));
  }
  if (!from) return std::nullopt;
  const std::string where = *from;
  if (!known) return read(tensors[0].toTensor(), result, true, where, metadata);
  const at::Tensor computed = recorder_.call(found->op, std::move(tensors), metadata);
  if (computed.scalar_type() != result) return std::nullopt;
  return add(computed, where);
}

}  // namespace fettle
