#include "analysis/evaluated_sizes.hpp"

namespace fettle {
namespace {

bool is_arithmetic(DType dtype) {
  switch (dtype) {
    case DType::unknown:
    case DType::uint8:
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::boolean:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
      return false;
    default:
      return true;
  }
}

}  // namespace

const EvaluatedSizes::Tensor& EvaluatedSizes::of(TypeId type) {
  static const Tensor kNothing;
  if (!type) return kNothing;
  if (type.index >= types_.size()) types_.resize(graph_.types().size());
  std::optional<Tensor>& found = types_[type.index];
  if (!found) found = evaluate(graph_.types().type(type));
  return *found;
}

EvaluatedSizes::Tensor EvaluatedSizes::evaluate(const Type& type) {
  Tensor out;
  if (type.kind != TypeKind::tensor) return out;
  out.tensor = true;
  out.arithmetic = is_arithmetic(type.dtype);
  Count elements = 1, in_memory = static_cast<std::int64_t>(dtype_bytes(type.dtype));
  if (type.dtype == DType::unknown) in_memory = Count::unknown();
  for (std::size_t d = 0; d < type.sizes.size(); ++d) {
    const std::optional<std::int64_t> size = number(type.sizes[d]);
    by_hints_ |= !values_ && type.sizes[d].symbolic();
    out.sizes.push_back(size.value_or(0));
    elements = elements * (size ? Count(*size) : Count::unknown());
    const bool expanded =
        d < type.strides.size() && !type.strides[d].symbolic() && type.strides[d].value == 0;
    if (!expanded || size == 0) in_memory = in_memory * (size ? Count(*size) : Count::unknown());
  }
  out.known = elements.known() && in_memory.known();
  out.elements = out.known ? elements.value_or(0) : 0;
  out.bytes = out.known ? in_memory.value_or(0) : 0;
  return out;
}

std::optional<std::int64_t> EvaluatedSizes::number(const SymInt& size) {
  std::optional<std::int64_t> value;
  if (!size.symbolic() || (!values_ && size.has_hint)) {
    value = size.value;
  } else if (values_) {
    value = expressions_.evaluate_size(expressions_.parse(size.expression), *values_);
  }
  if (value && *value < 0) return std::nullopt;
  return value;
}

}  // namespace fettle
