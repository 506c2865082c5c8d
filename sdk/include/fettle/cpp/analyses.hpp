// Dominators, regions, how long values live, what calls cost: analyses that the host computes and
// keeps.
//
// They describe the graph as it was when they were made, and are borrowed until it is edited or
// your function returns; making one again without an edit between costs next to nothing.
#pragma once

#include <span>
#include <vector>

#include "fettle/cpp/graph.hpp"

namespace fettle {
inline namespace sdk {

enum class Dominance : std::uint32_t {
  dominators = FETTLE_DOMINATORS,
  post_dominators = FETTLE_POST_DOMINATORS,
};

// The data flow of a block. Positions: 0 is the entry, then the block's nodes in program order, the
// last is the exit.
class DominatorTree {
 public:
  using Position = std::uint32_t;

  explicit DominatorTree(const Graph& graph, Dominance kind = Dominance::dominators,
                         Block block = kRoot)
      : graph_(&graph), kind_(kind), block_(block) {
    raw_.size = sizeof raw_;
    detail::check(detail::dominance_table().tree(graph.context().raw(), graph.raw(), block.id,
                                                 static_cast<std::uint32_t>(kind), &raw_),
                  "tree");
  }

  std::uint64_t size() const { return raw_.n_positions; }
  Position entry() const { return 0; }
  Position exit() const { return static_cast<Position>(raw_.n_positions - 1); }
  Node node(Position at) const { return graph_->node(raw_.nodes[at]); }  // false at both ends

  Position immediate(Position at) const { return raw_.immediate[at]; }  // the root's is the root
  std::uint32_t depth(Position at) const { return raw_.depth[at]; }
  bool dominates(Position a, Position v) const {
    return raw_.first[v] - raw_.first[a] < raw_.subtree[a];
  }
  std::vector<Position> frontier(Position at) const {
    std::uint64_t n = 0;
    const std::uint32_t* positions = nullptr;
    detail::check(
        detail::dominance_table().frontier(graph_->context().raw(), graph_->raw(), block_.id,
                                           static_cast<std::uint32_t>(kind_), at, &n, &positions),
        "frontier");
    return {positions, positions + n};
  }

 private:
  const Graph* graph_;
  Dominance kind_;
  Block block_;
  fettle_dominator_tree raw_{};
};

// Single entry, single exit, as positions of a DominatorTree: for each node the smallest region
// that begins there, if there is one.
inline std::span<const fettle_region> regions(const Graph& graph, Block block = kRoot) {
  std::uint64_t n = 0;
  const fettle_region* found = nullptr;
  detail::check(
      detail::dominance_table().regions(graph.context().raw(), graph.raw(), block.id, &n, &found),
      "regions");
  return {found, n};
}

// What lives how long when the block runs in program order. Positions count its nodes from 0.
class Liveness {
 public:
  explicit Liveness(const Graph& graph, Block block = kRoot) : graph_(&graph) {
    raw_.size = sizeof raw_;
    detail::check(
        detail::liveness_table().of_block(graph.context().raw(), graph.raw(), block.id, &raw_),
        "of_block");
  }

  Node node(std::uint64_t at) const { return graph_->node(raw_.nodes[at]); }
  // By position: bytes alive while the node runs; of those, inside its own nested graphs.
  std::span<const std::int64_t> live_bytes() const { return {raw_.live_bytes, raw_.n_nodes}; }
  std::span<const std::int64_t> nested_bytes() const { return {raw_.nested_bytes, raw_.n_nodes}; }
  std::span<const fettle_storage> storages() const { return {raw_.storages, raw_.n_storages}; }
  std::uint64_t peak() const { return raw_.peak; }
  std::int64_t peak_bytes() const { return raw_.n_nodes == 0 ? 0 : raw_.live_bytes[raw_.peak]; }
  std::vector<fettle_storage> live_at(std::uint64_t position) const {
    std::vector<fettle_storage> alive;
    for (const fettle_storage& storage : storages())
      if (storage.first <= position && position <= storage.last) alive.push_back(storage);
    return alive;
  }
  bool at_hints() const { return (raw_.flags & FETTLE_LIVENESS_AT_HINTS) != 0; }
  bool unknown_sizes() const { return (raw_.flags & FETTLE_LIVENESS_UNKNOWN_SIZES) != 0; }

 private:
  const Graph* graph_;
  fettle_liveness raw_{};
};

// The node after which nobody reads the value.
inline Node last_use(Value value) {
  fettle_node node = FETTLE_NONE;
  const Graph& graph = value.producer().graph();
  detail::check(
      detail::liveness_table().last_use(graph.context().raw(), graph.raw(), value.id(), &node),
      "last_use");
  return graph.node(node);
}

// What each call has to compute and to move, nested graphs included; no call costs nothing.
class Costs {
 public:
  explicit Costs(const Graph& graph) {
    raw_.size = sizeof raw_;
    detail::check(detail::cost_table().of_graph(graph.context().raw(), graph.raw(), &raw_),
                  "of_graph");
  }

  // Of products; of all else, by elements.
  std::int64_t flops(Node call) const { return raw_.flops[call.id()]; }
  std::int64_t element_ops(Node call) const { return raw_.element_ops[call.id()]; }
  std::int64_t bytes_read(Node call) const { return raw_.bytes_read[call.id()]; }
  std::int64_t bytes_written(Node call) const { return raw_.bytes_written[call.id()]; }
  std::int64_t bytes(Node call) const { return bytes_read(call) + bytes_written(call); }
  std::uint32_t kind(Node call) const { return raw_.kinds[call.id()]; }  // FETTLE_COST_*
  // What is counted of the call is too little.
  bool unknown(Node call) const { return raw_.unknown[call.id()] != 0; }

  // Totals, columns by node id, and how many calls are counted or unknown.
  const fettle_costs& raw() const { return raw_; }
  bool at_hints() const { return (raw_.flags & FETTLE_COST_AT_HINTS) != 0; }

 private:
  fettle_costs raw_{};
};

}  // namespace sdk
}  // namespace fettle
