// A random program over a wide set of operators, valid and well typed, and inputs for it.
//
// Sizes come from a few that the program has in common, so that values fit together; sizes of 1 are
// frequent, 0 is rare; a program in four has a dynamic first dimension. Outputs are mostly what nothing
// else uses; some calls stay unused. Numbers stay within what float32 holds, mostly.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graph/graph.hpp"
#include "runtime/executable.hpp"

namespace fettle {

struct RandomProgram {
  std::unique_ptr<Graph> graph;
  std::vector<RunValue> inputs;
};

// At least so many calls. The same numbers, the same program, whatever ran before.
RandomProgram random_program(std::uint64_t seed, std::uint32_t calls);

}  // namespace fettle
