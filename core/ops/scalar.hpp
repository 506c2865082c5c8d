// Python's scalar operators, as torch.export records arithmetic on symbolic sizes: "_operator.add",
// "math.trunc", "torch.sym_max" … They are not in libtorch's registry; this is the whole list.
//
// Semantics are Python's: // and % round towards minus infinity, / gives a float, and a bool is an
// int in arithmetic. Python's integers do not overflow; here a result beyond 64 bits is refused.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <variant>

namespace fettle {

using ScalarValue = std::variant<bool, std::int64_t, double>;

// Division by zero, overflow, a negative shift or root.
struct ScalarError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ScalarOperator {
  std::string_view name;       // "_operator.add"
  std::string_view arguments;  // their names: "ab" for (a, b)
  std::string_view result;     // "SymInt", "SymFloat" or "SymBool" as the schema would print it
  // Takes as many values as there are arguments; throws ScalarError.
  ScalarValue (*evaluate)(std::span<const ScalarValue> values);
};

std::span<const ScalarOperator> scalar_operators();  // sorted by name
const ScalarOperator* find_scalar_operator(std::string_view name);

}  // namespace fettle
