// The functions that sizes are made of, sympy's and those of torch.utils._sympy.functions: what they
// compute, and how large the result may be.
#pragma once

#include <span>
#include <string_view>

#include "graph/symbolic.hpp"

namespace fettle {

struct SymbolicFunction {
  std::string_view name;  // as srepr writes it
  int least, most;        // arguments
  // Throws ScalarError.
  ScalarValue (*evaluate)(python::Values values);
  // Null: nothing is known of the result's bounds.
  Interval (*bounds)(std::span<const Interval> arguments);
};

const SymbolicFunction* find_symbolic_function(std::string_view name);

}  // namespace fettle
