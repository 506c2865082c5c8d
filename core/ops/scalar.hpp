// Python's scalar operators, as torch.export records arithmetic on symbolic sizes: "_operator.add",
// "math.trunc", "torch.sym_max" … They are not in libtorch's registry; this is the whole list.
// base/python_number.hpp says what they compute.
#pragma once

#include <span>
#include <string_view>

#include "base/python_number.hpp"

namespace fettle {

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
