// Python's numbers: bool, int and float with Python's arithmetic, which is what a size's expression, a
// guard and a node of arithmetic on sizes compute with.
//
// // and % round towards minus infinity, / gives a float, and a bool is an int in arithmetic. Python's
// integers do not overflow; here a result beyond 64 bits is refused.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <variant>

namespace fettle {

using ScalarValue = std::variant<bool, std::int64_t, double>;

// Division by zero, overflow, a negative shift or root.
struct ScalarError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Each takes as many values as Python's function does; throws ScalarError.
namespace python {

using Values = std::span<const ScalarValue>;

double real(const ScalarValue& value);
bool truth(const ScalarValue& value);
std::int64_t integer(const ScalarValue& value);  // a float loses its fraction

ScalarValue add(Values v);
ScalarValue sub(Values v);
ScalarValue mul(Values v);
ScalarValue neg(Values v);
ScalarValue pos(Values v);
ScalarValue mod(Values v);
ScalarValue floordiv(Values v);
ScalarValue truediv(Values v);
ScalarValue power(Values v);
ScalarValue bit_and(Values v);
ScalarValue bit_or(Values v);
ScalarValue lshift(Values v);
ScalarValue rshift(Values v);
ScalarValue eq(Values v);
ScalarValue ne(Values v);
ScalarValue lt(Values v);
ScalarValue le(Values v);
ScalarValue gt(Values v);
ScalarValue ge(Values v);
ScalarValue logical_not(Values v);
ScalarValue maximum(Values v);  // of two: a float where one is
ScalarValue minimum(Values v);
ScalarValue to_float(Values v);
ScalarValue truncate(Values v);
ScalarValue choose(Values v);  // (condition, then, otherwise)
ScalarValue square_root(Values v);

}  // namespace python
}  // namespace fettle
