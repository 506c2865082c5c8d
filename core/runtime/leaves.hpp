// What gradients of a program are taken with respect to: its floating user inputs and parameters.
// Parameters that are the same memory, seen alike, are one leaf, as in Python: what flows back into
// either adds up.
#pragma once

#include <vector>

#include "graph/effects.hpp"
#include "graph/graph.hpp"

namespace fettle {

struct Leaf {
  EffectName name;              // parameter_gradient, user_input_gradient; the first one's target
  std::vector<ValueId> values;  // its placeholders
};

// In the signature's order.
std::vector<Leaf> program_leaves(const Graph& graph);

}  // namespace fettle
