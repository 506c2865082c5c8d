// Sizes, strides and dtypes of operators that work element by element, as at::TensorIterator
// computes them (aten/src/ATen/TensorIterator.cpp), on sizes that may be symbolic:
//   - all operands of one shape and dense: the result is laid out as they are
//   - otherwise dimensions are sorted by the operands' strides, the first operand that tells
//   decides,
//     and the result is dense in that order
#include <c10/core/DefaultDtype.h>
#include <c10/core/ScalarTypeToTypeMeta.h>

#include <algorithm>
#include <numeric>

#include "ops/torch_numbers.hpp"
#include "ops/type_rules.hpp"

namespace fettle {
namespace {

class Iterator {
 public:
  Iterator(SizeAlgebra& algebra, std::span<const TensorShape> operands)
      : algebra_(algebra), operands_(operands) {
    for (const TensorShape& operand : operands) shape_ = broadcast(algebra, shape_, operand.sizes);
  }

  const Sizes& shape() const { return shape_; }

  Sizes strides() {
    if (std::ranges::all_of(operands_, [&](const TensorShape& t) { return t.sizes == shape_; })) {
      if (all_dense(contiguous_order())) return algebra_.contiguous(shape_);
      const std::size_t rank = shape_.size();
      if ((rank == 4 || rank == 5) && all_dense(channels_last_order())) {
        return laid_out(channels_last_order());
      }
      if (same_dense_strides()) return operands_[0].strides;
    }
    return sorted();
  }

 private:
  using Order = std::vector<std::size_t>;  // dimensions, the innermost first

  Order contiguous_order() const {
    Order order(shape_.size());
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    return order;
  }
  Order channels_last_order() const {
    Order order = {1};
    for (std::size_t d = shape_.size(); d-- > 2;) order.push_back(d);
    order.push_back(0);
    return order;
  }

  Sizes laid_out(const Order& order) {
    Sizes strides(order.size());
    Size next = 1;
    for (const std::size_t d : order) {
      strides[d] = next;
      next = algebra_.mul(next, shape_[d]);
    }
    return strides;
  }

  // As is_contiguous: strides of dimensions of one element do not matter.
  bool is_dense(const TensorShape& operand, const Order& order) {
    Size next = 1;
    for (const std::size_t d : order) {
      if (operand.sizes[d].is(1)) continue;
      if (operand.strides[d] != next) return false;
      next = algebra_.mul(next, operand.sizes[d]);
    }
    return true;
  }
  bool all_dense(const Order& order) {
    return std::ranges::all_of(operands_, [&](const TensorShape& t) { return is_dense(t, order); });
  }

  bool same_dense_strides() {
    for (const TensorShape& operand : operands_) {
      if (operand.strides != operands_[0].strides) return false;
    }
    // Dense in the order of its strides, wherever that can be told.
    Order order = contiguous_order();
    const Sizes& strides = operands_[0].strides;
    const auto before = [&](std::size_t a, std::size_t b) {
      if (shape_[a].is(1) != shape_[b].is(1)) return shape_[b].is(1);
      return algebra_.less(strides[a], strides[b]).value_or(false);
    };
    std::ranges::stable_sort(order, before);
    return is_dense(operands_[0], order);
  }

  // Of an operand, aligned at the last dimension; zero where it is broadcast.
  Size stride(const TensorShape& operand, std::size_t d) const {
    const std::size_t ahead = shape_.size() - operand.rank();
    if (d < ahead) return 0;
    if (operand.sizes[d - ahead].is(1) && !shape_[d].is(1)) return 0;
    return operand.strides[d - ahead];
  }

  // Whether dimension `a` goes outside of `b`: 1 yes, -1 no, 0 nobody tells.
  int outside(std::size_t a, std::size_t b) {
    for (const TensorShape& operand : operands_) {
      const Size one = stride(operand, a), other = stride(operand, b);
      if (one.is(0) || other.is(0)) continue;
      if (one == other) {
        if (greater(shape_[a], shape_[b])) return 1;
        continue;
      }
      return greater(one, other) ? 1 : -1;
    }
    return 0;
  }
  bool greater(const Size& a, const Size& b) {
    if (a == b) return false;
    if (const auto less = algebra_.less(b, a)) return *less;
    throw NoRule{"which of two symbolic strides is larger cannot be told"};
  }

  // TensorIterator's insertion sort: not every pair is comparable.
  Sizes sorted() {
    Order order = contiguous_order();
    for (std::size_t i = 1; i < order.size(); ++i) {
      std::size_t inner = i;
      for (std::size_t k = i; k-- > 0;) {
        const int swap = outside(order[k], order[inner]);
        if (swap > 0) {
          std::swap(order[k], order[inner]);
          inner = k;
        } else if (swap < 0) {
          break;
        }
      }
    }
    return order == contiguous_order() ? algebra_.contiguous(shape_) : laid_out(order);
  }

  SizeAlgebra& algebra_;
  std::span<const TensorShape> operands_;
  Sizes shape_;
};

c10::ScalarType scalar_type(DType dtype) {
  const auto type = scalar_type_of(dtype);
  if (!type) throw NoRule{"the dtype of an operand is not known"};
  return *type;
}

// at::native::result_type's three ranks: tensors with dimensions, without, and numbers.
c10::ScalarType promote(c10::ScalarType a, c10::ScalarType b) {
  if (a == c10::ScalarType::Undefined) return b;
  if (b == c10::ScalarType::Undefined) return a;
  return c10::promoteTypes(a, b);
}
c10::ScalarType combine(c10::ScalarType higher, c10::ScalarType lower) {
  using c10::ScalarType;
  if (higher == ScalarType::Undefined || lower == ScalarType::Undefined)
    return promote(higher, lower);
  if (c10::isComplexType(higher)) return higher;
  if (c10::isFloatingType(higher)) {
    return c10::isComplexType(lower) ? c10::toComplexType(higher) : higher;
  }
  if (higher == ScalarType::Bool || c10::isFloatingType(lower) || c10::isComplexType(lower)) {
    return promote(higher, lower);
  }
  return higher;
}

}  // namespace

TensorShapes tensor_operands(const RuleCall& call) {
  TensorShapes all;
  for (const Type* type : call.call().operands) {
    if (type->kind == TypeKind::tensor) all.push_back(shape_of(*type, call.sizes));
  }
  return all;
}

TensorShape pointwise(const RuleCall& call, std::span<const TensorShape> operands, DType dtype) {
  if (operands.empty()) throw NoRule{"it has no tensor operands"};
  const auto like =
      std::ranges::find_if(operands, [](const TensorShape& t) { return t.rank() > 0; });
  Iterator iterator(call.sizes, operands);
  TensorShape result;
  result.dtype = dtype;
  result.device = like == operands.end() ? operands[0].device : like->device;
  result.sizes = iterator.shape();
  const auto format = call.memory_format("memory_format");
  if (!format || *format == kPreserveFormat) {
    result.strides = iterator.strides();
  } else if (*format == kContiguousFormat) {
    result.strides = call.sizes.contiguous(result.sizes);
  } else {
    throw NoRule{"another memory format is asked for"};
  }
  return result;
}

DType promoted(const RuleCall& call, std::span<const std::string_view> arguments) {
  using c10::ScalarType;
  ScalarType tensors = ScalarType::Undefined, scalars = tensors, numbers = tensors;
  for (const NamedArgument& argument : call.call().arguments) {
    const std::string_view name = call.call().graph.text(argument.name);
    if (std::ranges::find(arguments, name) == arguments.end()) continue;
    const auto& payload = argument.value.payload;
    if (const auto* operand = std::get_if<Operand>(&payload)) {
      const Type& type = *call.call().operands[operand->index];
      if (type.kind == TypeKind::sym_float)
        numbers = promote(numbers, scalar_type(default_float()));
      else if (type.kind == TypeKind::sym_int)
        numbers = promote(numbers, ScalarType::Long);
      else if (type.kind == TypeKind::sym_bool)
        numbers = promote(numbers, ScalarType::Bool);
      else if (type.sizes.empty())
        scalars = promote(scalars, scalar_type(type.dtype));
      else
        tensors = promote(tensors, scalar_type(type.dtype));
    } else if (std::holds_alternative<double>(payload)) {
      numbers = promote(numbers, scalar_type(default_float()));
    } else if (std::holds_alternative<std::int64_t>(payload)) {
      numbers = promote(numbers, ScalarType::Long);
    } else if (std::holds_alternative<bool>(payload)) {
      numbers = promote(numbers, ScalarType::Bool);
    } else if (std::holds_alternative<std::complex<double>>(payload)) {
      numbers = promote(numbers, c10::toComplexType(scalar_type(default_float())));
    }
  }
  return dtype_of(combine(tensors, combine(scalars, numbers)));
}

bool is_floating(DType dtype) {
  return c10::isFloatingType(scalar_type(dtype));
}
DType default_float() {
  return dtype_of(c10::typeMetaToScalarType(c10::get_default_dtype()));
}

}  // namespace fettle
