// The nested graphs that a call's arguments name, and how deep they may nest.
#pragma once

#include <utility>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// Deeper than anybody exports; what walks nested graphs may recurse this far.
inline constexpr std::uint32_t kMostNesting = 32;

// Calls fn(BlockId) for each, in order.
template <class Fn>
void for_each_block(const std::vector<NamedArgument>& arguments, Fn&& fn) {
  for (const NamedArgument& argument : arguments) {
    if (const auto* ref = std::get_if<BlockRef>(&argument.value.payload)) fn(ref->block);
  }
}

// What a block's placeholders hold, in order.
inline std::vector<ValueId> block_inputs(const Graph& graph, BlockId block) {
  std::vector<ValueId> inputs;
  for (NodeId id : graph.nodes(block)) {
    if (graph.node(id).opcode != Opcode::placeholder) break;
    inputs.push_back(graph.result(id));
  }
  return inputs;
}

}  // namespace fettle
