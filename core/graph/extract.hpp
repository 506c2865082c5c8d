// A part of a program as a program of its own: given calls of one of its graphs, with those nested
// in them. What they take from calls that are left out becomes user inputs; weights come along,
// over the same bytes. Ranges of symbols stay, guards go: they speak of inputs that may not be
// there.
//
// Costs what is extracted. Effects are not looked at: calls that write in place run in the given
// order, and what only calls left out would have written is what the input holds.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct Extract {
  std::unique_ptr<Graph> graph;
  std::vector<ValueId> inputs;  // of the source, one for each user input, in order
};

// `calls` in an order that can run. `inputs` come first, wanted or not; others as they are met.
// `outputs` are values of the same block; what none of the calls makes is handed through.
Extract extract(const Graph& source, std::span<const NodeId> calls, std::span<const ValueId> inputs,
                std::span<const ValueId> outputs);

}  // namespace fettle
