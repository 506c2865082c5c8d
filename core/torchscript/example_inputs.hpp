// Inputs to run a TorchScript module on: shapes and dtypes from the caller, else from the trace, and
// made-up values. Whole numbers are drawn from {0, 1}: valid as tokens, as masks and as indices.
#pragma once

#include <ATen/core/function_schema.h>

#include <cstdint>
#include <string>
#include <vector>

#include "torchscript/read_torchscript.hpp"

namespace fettle {

struct ExampleArgument {
  std::string name;
  c10::IValue value;
};

// The arguments of `forward` that are given, in its order, without `self`; arguments left out at the
// end have defaults. Throws torchscript_inputs, which says what to give.
std::vector<ExampleArgument> example_arguments(const c10::FunctionSchema& forward,
                                               const std::vector<c10::IValue>& traced,
                                               const ExampleInputs& given, std::uint64_t seed,
                                               const std::string& file);

// Floating-point tensors times `factor`; of their absolute values if they are to have one sign.
void scale_examples(const std::vector<ExampleArgument>& arguments, double factor, bool one_sign);

}  // namespace fettle
