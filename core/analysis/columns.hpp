// The whole graph as columns, for scans: one walk over the nodes, which of a large graph come from
// memory, and then everything that scans read lies in a few arrays.
//
// Nodes in the order in which they run: the nested graphs of a call right before the call. Graphs
// that no call owns yet are not among them. Does not follow edits. Linear; nothing recurses.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct Columns {
  explicit Columns(const Graph& graph);

  // By position.
  std::vector<NodeId> nodes;
  std::vector<StringId> ops;
  std::vector<std::uint8_t> opcodes;
  std::vector<BlockId> blocks;
  std::vector<std::uint64_t>
      operand_offsets;  // one more than nodes: where each one's operands begin
  std::vector<ValueId> operands;
  std::vector<std::uint32_t> first_results;  // results are consecutive values
  std::vector<std::uint32_t> result_counts;
  // By value id.
  std::vector<NodeId> producers;  // none: no such value
  std::vector<std::uint32_t> use_counts;

 private:
  void reserve(std::size_t n);
};

}  // namespace fettle
