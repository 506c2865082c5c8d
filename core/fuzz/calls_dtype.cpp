// Dtypes: integers and booleans, casts, promotion of mixed operands, numbers made from nothing.
#include <algorithm>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;

void integer_arithmetic(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.add.Tensor", "aten.sub.Tensor", "aten.mul.Tensor",
                                  "aten.maximum.default", "aten.bitwise_xor.Tensor",
                                  "aten.bitwise_and.Tensor"};
  const auto a = p.integral();
  if (!a) return;
  const Known b = p.one_in(2) ? p.like(*a) : p.broadcasting(*a, false);
  if (p.one_in(3)) {
    p.call("aten.add.Tensor", {a->value, static_cast<std::int64_t>(p.below(9)) - 4}, a->magnitude + 4);
  } else {
    p.call(p.any_of(kOps), {a->value, b.value}, a->magnitude * b.magnitude + 1);
  }
}

// By a number that is not zero: integers divided by zero are an error.
void integer_division(ProgramBuilder& p) {
  const auto x = p.integral();
  if (!x) return;
  const int by = p.any_of(std::vector<int>{2, 3, -2, 5});
  switch (p.below(4)) {
    case 0: p.call("aten.floor_divide.default", {x->value, by}, x->magnitude); break;
    case 1: p.call("aten.remainder.Scalar", {x->value, by}, 5); break;
    case 2: p.call("aten.div.Tensor_mode", {x->value, by, named("rounding_mode", p.one_in(2) ? "floor" : "trunc")}, x->magnitude); break;
    default: p.call("aten.div.Tensor", {x->value, by}, x->magnitude);
  }
}

void logic(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.logical_and.default", "aten.logical_or.default",
                                  "aten.logical_xor.default"};
  constexpr const char* kBits[] = {"aten.bitwise_and.Tensor", "aten.bitwise_or.Tensor"};
  const auto a = p.one_in(3) ? p.integral() : p.boolean();
  if (!a) return;
  const Known b = p.broadcasting(*a, false);
  switch (p.below(4)) {
    case 0: p.call("aten.logical_not.default", {a->value}, 1); break;
    case 1: p.call("aten.bitwise_not.default", {a->value}, a->magnitude + 1); break;
    case 2: p.call(p.any_of(kBits), {a->value, b.value}, std::max(a->magnitude, b.magnitude)); break;
    default: p.call(p.any_of(kOps), {a->value, b.value}, 1);
  }
}

// To another dtype; half of the time through it and back. A float that no integer holds has no value
// as one.
void cast(ProgramBuilder& p) {
  constexpr DType kFloats[] = {DType::float16, DType::bfloat16, DType::float64, DType::float32};
  constexpr DType kAll[] = {DType::float32, DType::float64, DType::bfloat16, DType::float16,
                            DType::int32,   DType::int64,   DType::boolean};
  const auto x = p.any();
  if (!x) return;
  const DType before = p.type(*x).dtype;
  const bool small = x->magnitude < 1e4;
  const DType to = p.is_float(*x) && !small ? p.any_of(kFloats) : p.any_of(kAll);
  if (to == DType::float16 && !small) return;
  const auto there = p.one_in(2)
                         ? p.call("aten.to.dtype", {x->value, to}, x->magnitude)
                         : p.call("aten._to_copy.default", {x->value, named("dtype", to)}, x->magnitude);
  if (there && p.one_in(2)) {
    p.call("aten._to_copy.default", {there->value, named("dtype", before)}, x->magnitude);
  } else if (there && p.one_in(2)) {
    p.call("aten._to_copy.default", {there->value, named("dtype", p.any_of(kFloats))}, x->magnitude);
  }
}

// Two operands of low precision, computed with in float32, and mostly rounded again: mixed precision.
void cast_operands(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.mul.Tensor", "aten.maximum.default", "aten.sub.Tensor",
                                  "aten.add.Tensor"};
  const auto a = p.pick([&](const Known& k) { return p.is_float(k) && k.magnitude < 1e4; });
  if (!a) return;
  const Known b = p.like(*a);
  if (b.magnitude > 1e4) return;
  const DType low = p.one_in(2) ? DType::bfloat16 : DType::float16;
  const auto lifted = [&](const Known& from) {
    const auto rounded = p.call("aten.to.dtype", {from.value, low}, from.magnitude);
    return rounded ? p.call("aten.to.dtype", {rounded->value, DType::float32}, from.magnitude) : rounded;
  };
  const auto x = lifted(*a), y = lifted(b);
  const auto z = x && y ? p.call(p.any_of(kOps), {x->value, y->value}, x->magnitude * y->magnitude + 1)
                        : std::nullopt;
  if (z && z->magnitude < 1e4 && !p.one_in(3)) p.call("aten.to.dtype", {z->value, low}, z->magnitude);
}

void mixed(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.add.Tensor", "aten.mul.Tensor", "aten.maximum.default"};
  const auto a = p.any();
  if (!a) return;
  const Known b = p.broadcasting(*a, true);
  p.call(p.any_of(kOps), {a->value, b.value}, a->magnitude * b.magnitude + 2);
}

void created(ProgramBuilder& p) {
  const auto x = p.any();
  if (!x) return;
  const auto sizes = p.sizes(*x);
  switch (p.below(9)) {
    case 0: p.call("aten.arange.default", {static_cast<std::int64_t>(1 + p.below(9))}, 9); break;
    case 1: p.call("aten.arange.start_step", {1, 12, static_cast<std::int64_t>(1 + p.below(4)), named("dtype", p.one_in(2) ? DType::int64 : DType::float32)}, 12); break;
    case 2: if (sizes) p.call("aten.full.default", {*sizes, p.number()}, 10); break;
    case 3: if (sizes) p.call("aten.zeros.default", {*sizes}, 0); break;
    case 4: p.call("aten.full_like.default", {x->value, p.number()}, 10); break;
    case 5: p.call("aten.ones_like.default", {x->value, named("dtype", DType::float32)}, 1); break;
    case 6: p.call("aten.scalar_tensor.default", {p.number()}, 10); break;
    case 7: p.call("aten.eye.default", {static_cast<std::int64_t>(1 + p.below(4))}, 1); break;
    default:
      if (sizes && !sizes->empty() && sizes->back() > 0) {
        p.call("aten.arange.default", {sizes->back()}, static_cast<double>(sizes->back()));
      }
  }
}

// A weight, and a second way to it: what folding looks for.
void of_weights(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const auto sizes = p.sizes(*x);
  if (!sizes) return;
  const InputKind kind = p.one_in(2) ? InputKind::parameter : InputKind::buffer;
  std::vector<std::int64_t> shape = *sizes;
  const auto w = p.weight(shape, kind);
  if (!w) return;
  shape[p.below(static_cast<std::uint32_t>(shape.size()))] = 1;
  if (p.one_in(2)) shape.erase(shape.begin());
  const auto v = p.weight(shape, kind);
  const auto product = p.call(p.one_in(2) ? "aten.mul.Tensor" : "aten.add.Tensor", {w->value, v->value}, 2);
  std::optional<Known> function = p.one_in(2) ? p.call("aten.exp.default", {w->value}, 3) : product;
  if (function) p.call("aten.mul.Tensor", {x->value, function->value}, x->magnitude * 2);
  if (product && function) p.call("aten.add.Tensor", {x->value, product->value}, x->magnitude + 2);
}

}  // namespace

std::span<const Proposal> dtype_calls() {
  static constexpr Proposal kCalls[] = {integer_arithmetic, integer_division, logic, cast,      cast,
                                        cast_operands,      mixed,            created, created, of_weights};
  return kCalls;
}

}  // namespace fettle
