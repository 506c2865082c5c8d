// Random draws of a program that runs in float64: made in the dtypes that the graph records, so that they
// are the numbers that the program draws in its own, and lifted then. libtorch's generators give other
// numbers to other dtypes.
#pragma once

#include <ATen/core/stack.h>

#include <optional>
#include <vector>

namespace fettle {

// By position on the stack; none: no floating tensor.
using RecordedDtypes = std::vector<std::optional<c10::ScalarType>>;

void lower_to(const RecordedDtypes& dtypes, torch::jit::Stack& stack);
void lift_to_float64(torch::jit::Stack& stack);

}  // namespace fettle
