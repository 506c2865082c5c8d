// A program made of a graph alone: what it takes are its arguments, in order, and what it answers is a
// tuple. With one sample: the inputs given; and the outputs, if there are any, else its own are the reference.
#pragma once

#include <memory>
#include <span>

#include "archive/program.hpp"
#include "runtime/executable.hpp"

namespace fettle {

Program standalone_program(std::unique_ptr<Graph> graph, std::span<const RunValue> inputs,
                           std::span<const RunValue> outputs = {});

}  // namespace fettle
