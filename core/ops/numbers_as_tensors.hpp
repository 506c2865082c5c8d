// The operators whose Tensor arguments take a plain number, which Python wraps into a 0-dimensional
// tensor that does not promote the dtype. Read from torch's python_arg_parser.cpp
// (should_allow_numbers_as_tensors), which lives in libtorch_python and cannot be asked here.
#pragma once

#include <string_view>

namespace fettle {

// `op` as graphs write it: "aten.add.Tensor".
bool takes_numbers_as_tensors(std::string_view op);

}  // namespace fettle
