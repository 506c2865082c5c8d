// Each element by itself, in double, rounded once.
#include <cmath>
#include <limits>
#include <numbers>

#include "call.hpp"

namespace {

using Unary = double (*)(double);
using Binary = double (*)(double, double);

template <class Fn>
Results map_one(const Array& in, Fn fn) {
  Array out = Array::zeros(in.dtype, in.sizes);
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<1>(in.sizes, {in.strides}, [&](const auto& at) {
      *to++ = static_cast<T>(fn(static_cast<double>(in.read<T>()[at[0]])));
    });
  });
  return {out};
}

template <Unary fn>
Results unary(const Call& call) {
  return map_one(call.tensor(0), fn);
}

// A number as a tensor of no dimension.
Array operand(const Call& call, std::size_t k, fettle::Dtype dtype) {
  if (call.is_tensor(k)) return call.tensor(k);
  Array made = Array::zeros(dtype, {});
  with_float(dtype, [&](auto zero) {
    *made.write<decltype(zero)>() = static_cast<decltype(zero)>(call.number(k));
  });
  return made;
}

// fn(x, y) over both operands; Out is T, or bool for comparisons.
template <class Fn, class To>
void map_two(const Array& a, const Array& b, Array& out, Fn fn, To to_out) {
  const std::array<Sizes, 2> strides{broadcast_strides(a, out.sizes), broadcast_strides(b, out.sizes)};
  with_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    auto* to = to_out(out, zero);
    for_each_index<2>(out.sizes, strides, [&](const auto& at) {
      *to++ = static_cast<std::remove_reference_t<decltype(*to)>>(
          fn(static_cast<double>(a.read<T>()[at[0]]), static_cast<double>(b.read<T>()[at[1]])));
    });
  });
}

constexpr auto kSame = [](Array& out, auto zero) { return out.write<decltype(zero)>(); };
constexpr auto kBool = [](Array& out, auto) { return out.write<bool>(); };

fettle::Dtype tensor_dtype(const Call& call) {
  return call.is_tensor(0) ? call.tensor(0).dtype : call.tensor(1).dtype;
}

template <Binary fn>
Results binary(const Call& call) {
  const fettle::Dtype dtype = tensor_dtype(call);
  const Array a = operand(call, 0, dtype), b = operand(call, 1, dtype);
  Array out = Array::zeros(dtype, broadcast_sizes(a.sizes, b.sizes));
  map_two(a, b, out, fn, kSame);
  return {out};
}

// a + alpha * b
template <int sign>
Results sum(const Call& call) {
  const fettle::Dtype dtype = tensor_dtype(call);
  const Array a = operand(call, 0, dtype), b = operand(call, 1, dtype);
  const double alpha = sign * (call.given(2) ? call.number(2) : 1.0);
  Array out = Array::zeros(dtype, broadcast_sizes(a.sizes, b.sizes));
  map_two(a, b, out, [alpha](double x, double y) { return x + alpha * y; }, kSame);
  return {out};
}

template <bool (*fn)(double, double)>
Results comparison(const Call& call) {
  const Array &a = call.tensor(0), b = operand(call, 1, a.dtype);
  Array out = Array::zeros(fettle::Dtype::boolean, broadcast_sizes(a.sizes, b.sizes));
  map_two(a, b, out, fn, kBool);
  return {out};
}

// The limits are the tensor's dtype's, as libtorch's are.
Results clamp(const Call& call) {
  const double low = call.given(1) ? call.number(1) : -std::numeric_limits<double>::infinity();
  const double high = call.given(2) ? call.number(2) : std::numeric_limits<double>::infinity();
  return map_one(call.tensor(0), [=](double x) {
    return std::isnan(x) ? x : std::fmin(std::fmax(x, low), high);
  });
}
Results clamp_max(const Call& call) {
  const double high = call.number(1);
  return map_one(call.tensor(0), [=](double x) { return x > high ? high : x; });
}

Results leaky_relu(const Call& call) {
  const double slope = call.given(1) ? call.number(1) : 0.01;
  return map_one(call.tensor(0), [=](double x) { return x > 0 ? x : x * slope; });
}

Results gelu(const Call& call) {
  const bool by_tanh = call.given(1) && call.text(1) == "tanh";
  return map_one(call.tensor(0), [=](double x) {
    if (!by_tanh) return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + std::tanh(inner));
  });
}

Results where(const Call& call) {
  const Array &condition = call.tensor(0), &a = call.tensor(1), &b = call.tensor(2);
  Array out = Array::zeros(
      a.dtype, broadcast_sizes(condition.sizes, broadcast_sizes(a.sizes, b.sizes)));
  const std::array<Sizes, 3> strides{broadcast_strides(condition, out.sizes),
                                     broadcast_strides(a, out.sizes),
                                     broadcast_strides(b, out.sizes)};
  with_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<3>(out.sizes, strides, [&](const auto& at) {
      *to++ = condition.read<bool>()[at[0]] ? a.read<T>()[at[1]] : b.read<T>()[at[2]];
    });
  });
  return {out};
}

Results masked_fill(const Call& call) {
  const Array &a = call.tensor(0), &mask = call.tensor(1);
  const double value = call.number(2);
  Array out = Array::zeros(a.dtype, broadcast_sizes(a.sizes, mask.sizes));
  const std::array<Sizes, 2> strides{broadcast_strides(a, out.sizes),
                                     broadcast_strides(mask, out.sizes)};
  with_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<2>(out.sizes, strides, [&](const auto& at) {
      *to++ = mask.read<bool>()[at[1]] ? static_cast<T>(value) : a.read<T>()[at[0]];
    });
  });
  return {out};
}

double relu(double x) { return x < 0 ? 0 : x; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x / (1 + std::exp(-x)); }
double negative(double x) { return -x; }
double reciprocal(double x) { return 1 / x; }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double square_root(double x) { return std::sqrt(x); }
double exponential(double x) { return std::exp(x); }
double logarithm(double x) { return std::log(x); }
double hyperbolic_tangent(double x) { return std::tanh(x); }
double sine(double x) { return std::sin(x); }
double cosine(double x) { return std::cos(x); }
double magnitude(double x) { return std::fabs(x); }
double error_function(double x) { return std::erf(x); }
double relu6(double x) { return std::isnan(x) ? x : std::fmin(std::fmax(x, 0), 6); }
double hard_sigmoid(double x) { return relu6(x + 3) / 6; }
double hard_swish(double x) { return x * relu6(x + 3) / 6; }
double times(double x, double y) { return x * y; }
double over(double x, double y) { return x / y; }
double power(double x, double y) { return std::pow(x, y); }
double larger(double x, double y) { return std::isnan(x) || x > y ? x : y; }
double smaller(double x, double y) { return std::isnan(x) || x < y ? x : y; }
bool equal(double x, double y) { return x == y; }
bool different(double x, double y) { return x != y; }
bool less(double x, double y) { return x < y; }
bool at_most(double x, double y) { return x <= y; }
bool greater(double x, double y) { return x > y; }
bool at_least(double x, double y) { return x >= y; }

bool compares_floats(fettle::Node call) {
  if (dtype_of(call.result()) != fettle::Dtype::boolean) return false;
  const fettle::Dtype dtype = dtype_of(call.operand(0));
  for (const fettle::Value operand : call.operands()) {
    if (dtype_of(operand) != dtype) return false;
  }
  return dtype == fettle::Dtype::float32 || dtype == fettle::Dtype::float64;
}
bool picks_floats(fettle::Node call) {
  constexpr std::uint32_t kPicked[] = {1, 2};
  return call.operands().size() == 3 && of_one_float(call, kPicked) &&
         dtype_of(call.operand(0)) == fettle::Dtype::boolean;
}
bool fills_floats(fettle::Node call) {
  constexpr std::uint32_t kFilled[] = {0};
  return of_one_float(call, kFilled) && call.operands().size() == 2 &&
         dtype_of(call.operand(1)) == fettle::Dtype::boolean;
}

constexpr Operator kOperators[] = {
    {"aten.relu.default", all_of_one_float, unary<relu>},
    {"aten.relu6.default", all_of_one_float, unary<relu6>},
    {"aten.hardsigmoid.default", all_of_one_float, unary<hard_sigmoid>},
    {"aten.hardswish.default", all_of_one_float, unary<hard_swish>},
    {"aten.hardtanh.default", all_of_one_float,
     [](const Call& call) {
       const double low = call.given(1) ? call.number(1) : -1, high = call.given(2) ? call.number(2) : 1;
       return map_one(call.tensor(0), [=](double x) {
         return std::isnan(x) ? x : std::fmin(std::fmax(x, low), high);
       });
     }},
    {"aten.leaky_relu.default", all_of_one_float, leaky_relu},
    {"aten.gelu.default", all_of_one_float, gelu},
    {"aten.silu.default", all_of_one_float, unary<silu>},
    {"aten.sigmoid.default", all_of_one_float, unary<sigmoid>},
    {"aten.tanh.default", all_of_one_float, unary<hyperbolic_tangent>},
    {"aten.exp.default", all_of_one_float, unary<exponential>},
    {"aten.log.default", all_of_one_float, unary<logarithm>},
    {"aten.sqrt.default", all_of_one_float, unary<square_root>},
    {"aten.rsqrt.default", all_of_one_float, unary<rsqrt>},
    {"aten.reciprocal.default", all_of_one_float, unary<reciprocal>},
    {"aten.neg.default", all_of_one_float, unary<negative>},
    {"aten.abs.default", all_of_one_float, unary<magnitude>},
    {"aten.sin.default", all_of_one_float, unary<sine>},
    {"aten.cos.default", all_of_one_float, unary<cosine>},
    {"aten.erf.default", all_of_one_float, unary<error_function>},
    {"aten.add.Tensor", all_of_one_float, sum<1>},
    {"aten.add.Scalar", all_of_one_float, sum<1>},
    {"aten.sub.Tensor", all_of_one_float, sum<-1>},
    {"aten.sub.Scalar", all_of_one_float, sum<-1>},
    {"aten.mul.Tensor", all_of_one_float, binary<times>},
    {"aten.mul.Scalar", all_of_one_float, binary<times>},
    {"aten.div.Tensor", all_of_one_float, binary<over>},
    {"aten.div.Scalar", all_of_one_float, binary<over>},
    {"aten.pow.Tensor_Scalar", all_of_one_float, binary<power>},
    {"aten.pow.Tensor_Tensor", all_of_one_float, binary<power>},
    {"aten.maximum.default", all_of_one_float, binary<larger>},
    {"aten.minimum.default", all_of_one_float, binary<smaller>},
    {"aten.clamp.default", all_of_one_float, clamp},
    {"aten.clamp_min.default", all_of_one_float, clamp},
    {"aten.clamp_max.default", all_of_one_float, clamp_max},
    {"aten.eq.Tensor", compares_floats, comparison<equal>},
    {"aten.eq.Scalar", compares_floats, comparison<equal>},
    {"aten.ne.Tensor", compares_floats, comparison<different>},
    {"aten.ne.Scalar", compares_floats, comparison<different>},
    {"aten.lt.Tensor", compares_floats, comparison<less>},
    {"aten.lt.Scalar", compares_floats, comparison<less>},
    {"aten.le.Tensor", compares_floats, comparison<at_most>},
    {"aten.le.Scalar", compares_floats, comparison<at_most>},
    {"aten.gt.Tensor", compares_floats, comparison<greater>},
    {"aten.gt.Scalar", compares_floats, comparison<greater>},
    {"aten.ge.Tensor", compares_floats, comparison<at_least>},
    {"aten.ge.Scalar", compares_floats, comparison<at_least>},
    {"aten.where.self", picks_floats, where},
    {"aten.masked_fill.Scalar", fills_floats, masked_fill},
};

}  // namespace

std::span<const Operator> elementwise_operators() { return kOperators; }
