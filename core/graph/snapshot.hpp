// A flat copy of one block's data flow for analyses: dense vertices in program order, successors
// and predecessors in two arrays (CSR), with a virtual entry and exit.
//
// Vertex 0 is the entry, 1 … n the block's nodes in program order, n + 1 the exit. An edge leads
// from a node to each node that uses a result of it, once. The entry leads to every node without
// operands, and every node without users leads to the exit; so all is reachable from the entry and
// reaches the exit. Edges are data flow only: what mutation orders is not in them (see
// ops/facts.hpp).
//
// A snapshot does not follow edits: whoever keeps one compares version() with the graph's. Building
// is linear. Needs operands that are defined before their use (graph/checks.hpp, invariant 9).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

class Snapshot {
 public:
  using Vertex = std::uint32_t;

  explicit Snapshot(const Graph& graph, BlockId block = kRootBlock);

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  Vertex entry() const { return 0; }
  Vertex exit() const { return size() - 1; }
  std::uint64_t version() const { return version_; }
  BlockId block() const { return block_; }

  NodeId node(Vertex vertex) const { return nodes_[vertex]; }  // none for entry and exit
  Vertex vertex(NodeId node) const { return vertex_of_[node.index - first_id_]; }

  std::span<const Vertex> successors(Vertex vertex) const {
    return {successors_.data() + successor_begin_[vertex],
            successors_.data() + successor_begin_[vertex + 1]};
  }
  std::span<const Vertex> predecessors(Vertex vertex) const {
    return {predecessors_.data() + predecessor_begin_[vertex],
            predecessors_.data() + predecessor_begin_[vertex + 1]};
  }
  std::size_t edge_count() const { return successors_.size(); }

 private:
  void add_predecessors(const Graph& graph);
  void invert();

  BlockId block_;
  std::uint64_t version_;
  std::uint32_t first_id_ = 0;             // the least node id of the block
  std::vector<NodeId> nodes_;              // by vertex
  std::vector<Vertex> vertex_of_;          // by node id less first_id_; 0: not of this block
  std::vector<std::uint32_t> predecessor_begin_, successor_begin_;
  std::vector<Vertex> predecessors_, successors_;
};

}  // namespace fettle
