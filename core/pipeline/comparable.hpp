// Whether two programs can be asked the same question: the same inputs, the same number of outputs.
// Needs no more than their graphs.
#pragma once

#include <string_view>

#include "graph/graph.hpp"

namespace fettle {

// Throws programs_incomparable for the first input or output that differs. Inputs are compared by
// position: kind, dtype and sizes; a symbolic size agrees with any. `a` and `b` name the programs.
void check_comparable(std::string_view a, const Graph& graph_a, std::string_view b,
                      const Graph& graph_b);

}  // namespace fettle
