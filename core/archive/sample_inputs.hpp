// The stored sample inputs, unpickled by libtorch: (args, kwargs) flattened in pytree order, that
// is in the order of the signature's user inputs.
#pragma once

#include "archive/program.hpp"
#include "runtime/executable.hpp"

namespace fettle {

// Throws sample_inputs_unreadable when the record holds what libtorch cannot unpickle.
std::vector<RunValue> load_sample_inputs(const Program& program, const Sample& sample);

}  // namespace fettle
