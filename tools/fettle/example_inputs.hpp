// What the command line says of the inputs of a TorchScript module, whose archive does not.
#pragma once

#include <vector>

#include "arguments.hpp"
#include "torchscript/read_torchscript.hpp"

namespace fettle {

// --input-shape, --input-dtype and --input-value.
std::vector<OptionSpec> example_input_options();

// Throws usage_bad_argument for a value that it cannot read.
ExampleInputs read_example_inputs(const Arguments& arguments);

}  // namespace fettle
