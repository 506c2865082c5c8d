// Element by element: functions, arithmetic with broadcasting, comparisons and choices.
#include <algorithm>
#include <cmath>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;

void bounded(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.sigmoid.default", "aten.tanh.default",  "aten.sin.default",
                                  "aten.cos.default",     "aten.erf.default",   "aten.atan.default",
                                  "aten.sign.default",    "aten.hardsigmoid.default"};
  if (const auto x = p.floating()) p.call(p.any_of(kOps), {x->value}, 1.6);
}

void same_size(ProgramBuilder& p) {
  constexpr const char* kOps[] = {
      "aten.relu.default",  "aten.neg.default",       "aten.abs.default",      "aten.silu.default",
      "aten.relu6.default", "aten.hardswish.default", "aten.softplus.default", "aten.mish.default",
      "aten.floor.default", "aten.ceil.default",      "aten.round.default",    "aten.trunc.default",
      "aten.clone.default", "aten.detach.default",    "aten.alias.default",    "aten.elu.default",
      "aten.gelu.default",  "aten.leaky_relu.default", "aten.relu.default",    "aten.contiguous.default",
      "aten.nan_to_num.default", "aten.log_sigmoid.default"};
  if (const auto x = p.floating()) p.call(p.any_of(kOps), {x->value}, x->magnitude);
}

void with_settings(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  const ValueId v = x->value;
  const double m = x->magnitude;
  switch (p.below(9)) {
    case 0: p.call("aten.gelu.default", {v, named("approximate", "tanh")}, m); break;
    case 1: p.call("aten.leaky_relu.default", {v, 0.2}, m); break;
    case 2: p.call("aten.hardtanh.default", {v, p.one_in(2) ? 0.0 : -1.0, 2.0}, 2); break;
    case 3: p.call("aten.clamp.default", {v, -0.5, p.one_in(2) ? Given(1.5) : Given(std::nullopt)}, m); break;
    case 4: p.call("aten.clamp_min.default", {v, p.number()}, std::max(m, 10.0)); break;
    case 5: p.call("aten.dropout.default", {v, 0.1, false}, m); break;
    case 6: p.call("aten.nan_to_num.default", {v, 0.0}, m); break;
    case 7: p.call("aten.threshold.default", {v, 0.1, 0.0}, m); break;
    default: p.call("aten.pow.Tensor_Scalar", {v, p.one_in(2) ? Given(2) : Given(3.0)}, m * m * m);
  }
}

// What has a domain: its operand is brought into it most of the time.
void with_domain(ProgramBuilder& p) {
  auto x = p.floating();
  if (!x) return;
  switch (p.below(6)) {
    case 0:
      if (x->magnitude > 4) x = p.call("aten.tanh.default", {x->value}, 1);
      if (x) p.call("aten.exp.default", {x->value}, std::exp(std::min(x->magnitude, 4.0)));
      return;
    case 1:
      x = p.call("aten.abs.default", {x->value}, x->magnitude);
      if (x) p.call("aten.sqrt.default", {x->value}, std::sqrt(x->magnitude));
      return;
    case 2:
      x = p.call("aten.abs.default", {x->value}, x->magnitude);
      if (x) p.call("aten.log1p.default", {x->value}, std::log1p(x->magnitude));
      return;
    case 3:
      x = p.call("aten.pow.Tensor_Scalar", {x->value, 2}, x->magnitude * x->magnitude);
      if (x) x = p.call("aten.add.Tensor", {x->value, 1e-2}, x->magnitude);
      if (x) p.call("aten.rsqrt.default", {x->value}, 10);
      return;
    case 4: p.call("aten.reciprocal.default", {x->value}, 1e3); return;
    default: p.call("aten.expm1.default", {x->value}, x->magnitude > 4 ? 1e9 : 55);
  }
}

void arithmetic(ProgramBuilder& p) {
  constexpr const char* kSums[] = {"aten.add.Tensor", "aten.sub.Tensor", "aten.maximum.default",
                                   "aten.minimum.default", "aten.rsub.Tensor", "aten.atan2.default"};
  const auto a = p.floating();
  if (!a) return;
  const Known b = p.one_in(3) ? p.broadcasting(*a, p.one_in(4)) : p.like(*a);
  if (!p.is_float(b)) return;
  if (p.one_in(3)) {
    p.call("aten.mul.Tensor", {a->value, b.value}, a->magnitude * b.magnitude);
  } else if (p.one_in(5)) {
    p.call("aten.div.Tensor", {a->value, b.value}, 1e3 * a->magnitude);
  } else {
    const char* op = p.any_of(kSums);
    std::vector<Given> given = {a->value, b.value};
    if (p.one_in(5) && std::string_view(op).ends_with("d.Tensor")) given.push_back(named("alpha", 2));
    p.call(op, std::move(given), a->magnitude + 2 * b.magnitude);
  }
}

// As "x * 2" is exported: the Tensor overload, with a number.
void with_number(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.add.Tensor", "aten.sub.Tensor", "aten.mul.Tensor",
                                  "aten.div.Tensor", "aten.add.Scalar", "aten.mul.Scalar",
                                  "aten.rsub.Scalar"};
  const auto x = p.floating();
  if (!x) return;
  const std::string_view op = p.any_of(kOps);
  double number = p.number();
  if (op.starts_with("aten.div") && number == 0) number = 2;
  const bool whole = number == std::floor(number) && p.one_in(2);
  const double grown = op.starts_with("aten.div") ? x->magnitude / std::abs(number)
                       : op.starts_with("aten.mul") ? x->magnitude * std::abs(number)
                                                    : x->magnitude + std::abs(number);
  p.call(op, {x->value, whole ? Given(static_cast<std::int64_t>(number)) : Given(number)},
         std::max(grown, 1e-3));
}

// A chain of the same operator with constants.
void chain(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  const char* op = p.one_in(2) ? "aten.add.Tensor" : "aten.mul.Tensor";
  constexpr double kSmall[] = {0.1, 0.3, 0.7, 1.5};
  const auto once = p.call(op, {x->value, p.any_of(kSmall)}, x->magnitude + 2);
  if (once) p.call(op, {once->value, p.any_of(kSmall)}, once->magnitude + 2);
}

// x / x, x - x, x * x: what identities of real numbers say something of.
void with_itself(ProgramBuilder& p) {
  constexpr const char* kOps[] = {"aten.div.Tensor", "aten.sub.Tensor", "aten.mul.Tensor",
                                  "aten.maximum.default"};
  const auto x = p.floating();
  if (!x) return;
  const char* op = p.any_of(kOps);
  p.call(op, {x->value, x->value}, x->magnitude * x->magnitude + 1);
}

void comparison(ProgramBuilder& p) {
  constexpr const char* kTensor[] = {"aten.gt.Tensor", "aten.lt.Tensor", "aten.ge.Tensor",
                                     "aten.eq.Tensor", "aten.ne.Tensor"};
  constexpr const char* kScalar[] = {"aten.gt.Scalar", "aten.le.Scalar", "aten.eq.Scalar",
                                     "aten.ne.Scalar"};
  const auto x = p.any();
  if (!x) return;
  switch (p.below(4)) {
    case 0: p.call(p.any_of(kScalar), {x->value, p.number()}, 1); break;
    case 1: p.call(p.one_in(2) ? "aten.eq.Tensor" : "aten.ne.Tensor", {x->value, x->value}, 1); break;
    case 2: p.call("aten.isnan.default", {x->value}, 1); break;
    default: p.call(p.any_of(kTensor), {x->value, p.broadcasting(*x, false).value}, 1);
  }
}

void choice(ProgramBuilder& p) {
  const auto mask = p.boolean();
  const auto x = p.floating();
  if (!mask || !x) return;
  if (p.one_in(2)) {
    p.call("aten.where.self", {mask->value, x->value, p.like(*x).value}, x->magnitude);
  } else if (p.one_in(2)) {
    p.call("aten.masked_fill.Scalar", {x->value, mask->value, p.one_in(2) ? 0.0 : -1e4}, 1e4);
  } else if (const auto zero = p.call("aten.zeros_like.default", {x->value}, 0)) {
    p.call("aten.where.self", {mask->value, zero->value, x->value}, x->magnitude);
  }
}

void lerp(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  const Known y = p.like(*x);
  if (p.one_in(2)) {
    p.call("aten.lerp.Scalar", {x->value, y.value, 0.25}, x->magnitude + y.magnitude);
  } else {
    p.call("aten.addcmul.default", {x->value, y.value, p.like(*x).value, named("value", 0.5)},
           x->magnitude + y.magnitude * y.magnitude * 4);
  }
}

}  // namespace

std::span<const Proposal> pointwise_calls() {
  static constexpr Proposal kCalls[] = {bounded,     bounded, same_size,   same_size, with_settings,
                                        with_domain, arithmetic, arithmetic, arithmetic, with_number,
                                        with_number, chain,   with_itself, comparison, choice, lerp};
  return kCalls;
}

}  // namespace fettle
