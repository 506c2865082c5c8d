#include "base/python_number.hpp"

#include <algorithm>
#include <cmath>

namespace fettle::python {
namespace {

using Int = std::int64_t;

bool is_real(const ScalarValue& v) { return std::holds_alternative<double>(v); }
bool any_real(Values v) { return std::any_of(v.begin(), v.end(), is_real); }
bool all_bool(Values v) {
  return std::all_of(v.begin(), v.end(),
                     [](const ScalarValue& x) { return std::holds_alternative<bool>(x); });
}

}  // namespace

double real(const ScalarValue& v) {
  return std::visit([](auto x) { return static_cast<double>(x); }, v);
}
bool truth(const ScalarValue& v) {
  return std::visit([](auto x) { return x != 0; }, v);
}
Int integer(const ScalarValue& v) {
  if (!is_real(v)) return std::visit([](auto x) { return static_cast<Int>(x); }, v);
  const double truncated = std::trunc(std::get<double>(v));
  if (!(truncated >= -0x1p63 && truncated < 0x1p63)) {
    throw ScalarError("the number does not fit 64 bits");
  }
  return static_cast<Int>(truncated);
}

static Int checked(bool overflowed, Int result) {
  if (overflowed) throw ScalarError("the result does not fit 64 bits");
  return result;
}

ScalarValue add(Values v) {
  if (any_real(v)) return real(v[0]) + real(v[1]);
  Int r = 0;
  const bool overflowed = __builtin_add_overflow(integer(v[0]), integer(v[1]), &r);
  return checked(overflowed, r);
}
ScalarValue sub(Values v) {
  if (any_real(v)) return real(v[0]) - real(v[1]);
  Int r = 0;
  const bool overflowed = __builtin_sub_overflow(integer(v[0]), integer(v[1]), &r);
  return checked(overflowed, r);
}
ScalarValue mul(Values v) {
  if (any_real(v)) return real(v[0]) * real(v[1]);
  Int r = 0;
  const bool overflowed = __builtin_mul_overflow(integer(v[0]), integer(v[1]), &r);
  return checked(overflowed, r);
}
ScalarValue neg(Values v) {
  if (any_real(v)) return -real(v[0]);
  return checked(integer(v[0]) == INT64_MIN, -std::max(integer(v[0]), INT64_MIN + 1));
}
ScalarValue pos(Values v) {
  if (is_real(v[0])) return v[0];
  return integer(v[0]);
}

static void refuse_zero(const ScalarValue& divisor) {
  if (!truth(divisor)) throw ScalarError("division by zero");
}

ScalarValue mod(Values v) {
  refuse_zero(v[1]);
  if (any_real(v)) {
    const double b = real(v[1]);
    double r = std::fmod(real(v[0]), b);
    if (r != 0 && (r < 0) != (b < 0)) r += b;
    return r == 0 ? std::copysign(0.0, b) : r;
  }
  const Int b = integer(v[1]);
  if (b == -1) return Int{0};  // INT64_MIN % -1 traps
  const Int r = integer(v[0]) % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
ScalarValue floordiv(Values v) {
  refuse_zero(v[1]);
  if (any_real(v)) {
    // Python: (a - a % b) / b, rounded to the nearest whole number, not floor(a / b).
    const double a = real(v[0]), b = real(v[1]);
    const double quotient = (a - std::get<double>(mod(v))) / b;
    const double whole = std::floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
  }
  const Int a = integer(v[0]), b = integer(v[1]);
  if (b == -1) return neg(v.first(1));
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
ScalarValue truediv(Values v) {
  refuse_zero(v[1]);
  return real(v[0]) / real(v[1]);
}
ScalarValue power(Values v) {
  if (any_real(v) || integer(v[1]) < 0) {
    if (!truth(v[0]) && real(v[1]) < 0) throw ScalarError("zero to a negative power");
    const double result = std::pow(real(v[0]), real(v[1]));
    if (std::isnan(result) && !std::isnan(real(v[0])) && !std::isnan(real(v[1]))) {
      throw ScalarError("the result is a complex number");
    }
    return result;
  }
  Int result = 1, base = integer(v[0]);
  bool base_overflowed = false;
  for (Int exponent = integer(v[1]); exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) {
      if (base_overflowed || __builtin_mul_overflow(result, base, &result)) checked(true, 0);
    }
    base_overflowed = base_overflowed || __builtin_mul_overflow(base, base, &base);
  }
  return result;
}

static void refuse_real(Values v) {
  if (any_real(v)) throw ScalarError("bits of a float");
}
ScalarValue bit_and(Values v) {
  refuse_real(v);
  if (all_bool(v)) return truth(v[0]) && truth(v[1]);
  return integer(v[0]) & integer(v[1]);
}
ScalarValue bit_or(Values v) {
  refuse_real(v);
  if (all_bool(v)) return truth(v[0]) || truth(v[1]);
  return integer(v[0]) | integer(v[1]);
}
static Int shift_count(const ScalarValue& count) {
  if (integer(count) < 0) throw ScalarError("negative shift count");
  return integer(count);
}
ScalarValue lshift(Values v) {
  refuse_real(v);
  const Int count = shift_count(v[1]), a = integer(v[0]);
  if (a == 0) return Int{0};
  Int r = 0;
  if (count > 62) return checked(true, 0);
  const bool overflowed = __builtin_mul_overflow(a, Int{1} << count, &r);
  return checked(overflowed, r);
}
ScalarValue rshift(Values v) {
  refuse_real(v);
  return integer(v[0]) >> std::min<Int>(shift_count(v[1]), 63);
}

// Integers are compared as integers: beyond 2^53 a double would confuse neighbours.
template <class Compare>
static bool compare(Values v, Compare compare) {
  return any_real(v) ? compare(real(v[0]), real(v[1])) : compare(integer(v[0]), integer(v[1]));
}
ScalarValue eq(Values v) { return compare(v, [](auto a, auto b) { return a == b; }); }
ScalarValue ne(Values v) { return compare(v, [](auto a, auto b) { return a != b; }); }
ScalarValue lt(Values v) { return compare(v, [](auto a, auto b) { return a < b; }); }
ScalarValue le(Values v) { return compare(v, [](auto a, auto b) { return a <= b; }); }
ScalarValue gt(Values v) { return compare(v, [](auto a, auto b) { return a > b; }); }
ScalarValue ge(Values v) { return compare(v, [](auto a, auto b) { return a >= b; }); }

static ScalarValue pick(Values v, const ScalarValue& chosen) {
  if (any_real(v.first(2))) return real(chosen);
  return integer(chosen);
}
ScalarValue maximum(Values v) { return pick(v, truth(lt(v)) ? v[1] : v[0]); }
ScalarValue minimum(Values v) { return pick(v, truth(gt(v)) ? v[1] : v[0]); }
ScalarValue logical_not(Values v) { return !truth(v[0]); }
ScalarValue to_float(Values v) { return real(v[0]); }
ScalarValue truncate(Values v) { return integer(v[0]); }
ScalarValue choose(Values v) { return truth(v[0]) ? v[1] : v[2]; }
ScalarValue square_root(Values v) {
  if (real(v[0]) < 0) throw ScalarError("square root of a negative number");
  return std::sqrt(real(v[0]));
}

}  // namespace fettle::python
