#include "graph/symbolic_functions.hpp"

#include <algorithm>
#include <cmath>

namespace fettle {
namespace {

using python::integer;
using python::real;
using python::truth;
using python::Values;
using Int = std::int64_t;
using Bounds = std::span<const Interval>;
using Bound = std::optional<Int>;

// -- values

template <ScalarValue (*two)(Values)>
ScalarValue fold(Values v) {
  ScalarValue result = v[0];
  for (const ScalarValue& next : v.subspan(1)) {
    const ScalarValue pair[] = {result, next};
    result = two(Values(pair));
  }
  return result;
}

ScalarValue ceil_div(Values v) {
  const ScalarValue negated[] = {python::neg(v.first(1)), v[1]};
  const ScalarValue quotient[] = {python::floordiv(negated)};
  return python::neg(quotient);
}
ScalarValue modular_index(Values v) {
  const ScalarValue quotient[] = {python::floordiv(v.first(2)), v[2]};
  return python::mod(quotient);
}

template <double (*rounded)(double)>
ScalarValue to_whole(Values v) {
  if (!std::holds_alternative<double>(v[0])) return integer(v[0]);
  const double x = std::get<double>(v[0]);
  if (!std::isfinite(x)) throw ScalarError("the number is not finite");
  return integer(ScalarValue(rounded(x)));
}
double floor_of(double x) { return std::floor(x); }
double ceil_of(double x) { return std::ceil(x); }
double trunc_of(double x) { return std::trunc(x); }
double round_of(double x) { return std::nearbyint(x); }  // halves to even, as Python does
ScalarValue truncated(Values v) { return std::trunc(real(v[0])); }

ScalarValue all(Values v) { return std::ranges::all_of(v, truth); }
ScalarValue any(Values v) { return std::ranges::any_of(v, truth); }
ScalarValue same(Values v) { return v[0]; }
ScalarValue absolute(Values v) { return real(v[0]) < 0 ? python::neg(v) : v[0]; }
ScalarValue bit_xor(Values v) { return integer(v[0]) ^ integer(v[1]); }

template <double (*function)(double)>
ScalarValue unary(Values v) {
  const double result = function(real(v[0]));
  if (std::isnan(result)) throw ScalarError("the function is not defined there");
  return result;
}
#define FETTLE_UNARY(name) \
  double name##_of(double x) { return std::name(x); }
FETTLE_UNARY(sqrt) FETTLE_UNARY(cos) FETTLE_UNARY(cosh) FETTLE_UNARY(sin) FETTLE_UNARY(sinh)
FETTLE_UNARY(tan) FETTLE_UNARY(tanh) FETTLE_UNARY(asin) FETTLE_UNARY(acos) FETTLE_UNARY(atan)
FETTLE_UNARY(exp) FETTLE_UNARY(log) FETTLE_UNARY(asinh) FETTLE_UNARY(log2)
#undef FETTLE_UNARY

// -- bounds: a bound that does not fit 64 bits is no bound

template <class Fn>
Bound both(Bound a, Bound b, Fn&& overflows) {
  Int result = 0;
  if (!a || !b || overflows(*a, *b, &result)) return std::nullopt;
  return result;
}
Bound plus(Bound a, Bound b) {
  return both(a, b, [](Int x, Int y, Int* r) { return __builtin_add_overflow(x, y, r); });
}
Bound times(Bound a, Bound b) {
  return both(a, b, [](Int x, Int y, Int* r) { return __builtin_mul_overflow(x, y, r); });
}

Interval add_bounds(Bounds arguments) {
  Interval sum = arguments[0];
  for (const Interval& next : arguments.subspan(1)) {
    sum = {plus(sum.low, next.low), plus(sum.high, next.high)};
  }
  return sum;
}

bool not_negative(const Interval& x) { return x.low && *x.low >= 0; }

Interval product(const Interval& a, const Interval& b) {
  if (not_negative(a) && not_negative(b)) {
    return {times(a.low, b.low), times(a.high, b.high)};
  }
  const Bound corners[] = {times(a.low, b.low), times(a.low, b.high), times(a.high, b.low),
                           times(a.high, b.high)};
  if (!std::ranges::all_of(corners, [](Bound corner) { return corner.has_value(); })) return {};
  const auto [low, high] = std::ranges::minmax(
      corners, {}, [](const Bound& corner) { return *corner; });
  return {low, high};
}

Interval mul_bounds(Bounds arguments) {
  Interval result = arguments[0];
  for (const Interval& next : arguments.subspan(1)) result = product(result, next);
  return result;
}

Interval power_bounds(Bounds v) {
  const bool fixed = v[1].low && v[1].low == v[1].high && *v[1].low >= 0 && *v[1].low <= 64;
  if (!fixed || !not_negative(v[0])) return {};
  Interval result{1, 1};
  for (Int k = 0; k < *v[1].low; ++k) result = product(result, v[0]);
  return result;
}

Bound floor_quotient(Bound a, Bound b) {
  if (!a || !b) return std::nullopt;
  const ScalarValue operands[] = {*a, *b};
  return integer(python::floordiv(operands));
}

// By a divisor that is positive: larger dividends give larger quotients, and larger divisors
// quotients nearer to zero.
Interval floordiv_bounds(Bounds v) {
  if (!v[1].low || *v[1].low < 1) return {};
  if (!not_negative(v[0])) {
    if (v[1].low != v[1].high) return {};
    return {floor_quotient(v[0].low, v[1].low), floor_quotient(v[0].high, v[1].low)};
  }
  return {v[1].high ? floor_quotient(v[0].low, v[1].high) : Bound(0),
          floor_quotient(v[0].high, v[1].low)};
}

Interval mod_bounds(Bounds v) {
  if (!v[1].low || *v[1].low < 1) return {};
  const Interval below{0, plus(v[1].high, -1)};
  if (!not_negative(v[0]) || !v[0].high) return below;
  return {0, below.high ? std::min(*below.high, *v[0].high) : *v[0].high};
}

// One missing bound is infinite: it is the larger of two uppers, and the smaller of two lowers.
Interval max_bounds(Bounds arguments) {
  Interval result = arguments[0];
  for (const Interval& x : arguments.subspan(1)) {
    result.low = !result.low ? x.low : !x.low ? result.low : Bound(std::max(*result.low, *x.low));
    result.high = result.high && x.high ? Bound(std::max(*result.high, *x.high)) : std::nullopt;
  }
  return result;
}
Interval min_bounds(Bounds arguments) {
  Interval result = arguments[0];
  for (const Interval& x : arguments.subspan(1)) {
    result.low = result.low && x.low ? Bound(std::min(*result.low, *x.low)) : std::nullopt;
    result.high =
        !result.high ? x.high : !x.high ? result.high : Bound(std::min(*result.high, *x.high));
  }
  return result;
}

Interval truth_bounds(Bounds) { return {0, 1}; }
Interval same_bounds(Bounds v) { return v[0]; }
Interval where_bounds(Bounds v) {
  const Interval low = min_bounds(v.subspan(1)), high = max_bounds(v.subspan(1));
  return {low.low, high.high};
}

constexpr int kMany = 1 << 30;

constexpr SymbolicFunction kFunctions[] = {
    {"Abs", 1, 1, absolute, nullptr},
    {"Add", 1, kMany, fold<python::add>, add_bounds},
    {"And", 1, kMany, all, truth_bounds},
    {"BitwiseFn_bitwise_and", 2, 2, python::bit_and, nullptr},
    {"BitwiseFn_bitwise_or", 2, 2, python::bit_or, nullptr},
    {"BitwiseFn_bitwise_xor", 2, 2, bit_xor, nullptr},
    {"CeilDiv", 2, 2, ceil_div, nullptr},
    {"CeilToInt", 1, 1, to_whole<ceil_of>, nullptr},
    {"CleanDiv", 2, 2, python::floordiv, floordiv_bounds},
    {"Equality", 2, 2, python::eq, truth_bounds},
    {"FloatPow", 2, 2, python::power, nullptr},
    {"FloatTrueDiv", 2, 2, python::truediv, nullptr},
    {"FloorDiv", 2, 2, python::floordiv, floordiv_bounds},
    {"FloorToInt", 1, 1, to_whole<floor_of>, nullptr},
    {"GreaterThan", 2, 2, python::ge, truth_bounds},
    {"ITE", 3, 3, python::choose, where_bounds},
    {"Identity", 1, 1, same, same_bounds},
    {"IntTrueDiv", 2, 2, python::truediv, nullptr},
    {"LShift", 2, 2, python::lshift, nullptr},
    {"LessThan", 2, 2, python::le, truth_bounds},
    {"Max", 1, kMany, fold<python::maximum>, max_bounds},
    {"Min", 1, kMany, fold<python::minimum>, min_bounds},
    {"Mod", 2, 2, python::mod, mod_bounds},
    {"ModularIndexing", 3, 3, modular_index, nullptr},
    {"Mul", 1, kMany, fold<python::mul>, mul_bounds},
    {"Not", 1, 1, python::logical_not, truth_bounds},
    {"OpaqueUnaryFn_acos", 1, 1, unary<acos_of>, nullptr},
    {"OpaqueUnaryFn_asin", 1, 1, unary<asin_of>, nullptr},
    {"OpaqueUnaryFn_asinh", 1, 1, unary<asinh_of>, nullptr},
    {"OpaqueUnaryFn_atan", 1, 1, unary<atan_of>, nullptr},
    {"OpaqueUnaryFn_cos", 1, 1, unary<cos_of>, nullptr},
    {"OpaqueUnaryFn_cosh", 1, 1, unary<cosh_of>, nullptr},
    {"OpaqueUnaryFn_exp", 1, 1, unary<exp_of>, nullptr},
    {"OpaqueUnaryFn_log", 1, 1, unary<log_of>, nullptr},
    {"OpaqueUnaryFn_log2", 1, 1, unary<log2_of>, nullptr},
    {"OpaqueUnaryFn_sin", 1, 1, unary<sin_of>, nullptr},
    {"OpaqueUnaryFn_sinh", 1, 1, unary<sinh_of>, nullptr},
    {"OpaqueUnaryFn_sqrt", 1, 1, unary<sqrt_of>, nullptr},
    {"OpaqueUnaryFn_tan", 1, 1, unary<tan_of>, nullptr},
    {"OpaqueUnaryFn_tanh", 1, 1, unary<tanh_of>, nullptr},
    {"Or", 1, kMany, any, truth_bounds},
    {"Pow", 2, 2, python::power, power_bounds},
    {"PowByNatural", 2, 2, python::power, power_bounds},
    {"PythonMod", 2, 2, python::mod, mod_bounds},
    {"RShift", 2, 2, python::rshift, nullptr},
    {"RoundToInt", 1, 1, to_whole<round_of>, nullptr},
    {"StrictGreaterThan", 2, 2, python::gt, truth_bounds},
    {"StrictLessThan", 2, 2, python::lt, truth_bounds},
    {"ToFloat", 1, 1, python::to_float, same_bounds},
    {"TruncToFloat", 1, 1, truncated, nullptr},
    {"TruncToInt", 1, 1, to_whole<trunc_of>, nullptr},
    {"Unequality", 2, 2, python::ne, truth_bounds},
    {"Where", 3, 3, python::choose, where_bounds},
    {"ceiling", 1, 1, to_whole<ceil_of>, nullptr},
    {"floor", 1, 1, to_whole<floor_of>, nullptr},
};

static_assert(std::ranges::is_sorted(kFunctions, {}, &SymbolicFunction::name));

}  // namespace

const SymbolicFunction* find_symbolic_function(std::string_view name) {
  const auto found = std::ranges::lower_bound(kFunctions, name, {}, &SymbolicFunction::name);
  return found != std::end(kFunctions) && found->name == name ? found : nullptr;
}

}  // namespace fettle
