// Boost.Graph over fettle's graphs: any of its algorithms, and write_graphviz, can be pointed at
//   DataFlow  one block of a Graph as it stands: vertices are nodes, edges are uses, parallel ones
//             included. For following the IR itself; its index map is built once, linear.
//   Snapshot  the flat copy of graph/snapshot.hpp, with entry and exit. For analyses.
// Both model BidirectionalGraph, VertexListGraph and EdgeListGraph, with vertex_index (dense, in
// program order) and vertex_name. Directed, parallel edges allowed.
//
// Mind that Boost's Lengauer-Tarjan recurses along chains: see analysis/ for one that does not.
#pragma once

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/property_map/property_map.hpp>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "graph/snapshot.hpp"

namespace fettle {

// -- DataFlow

class DataFlow {
 public:
  explicit DataFlow(const Graph& graph, BlockId block = kRootBlock)
      : graph_(&graph), block_(block), index_(graph.node_bound()) {
    std::size_t next = 0;
    for (NodeId node : graph.nodes(block)) {
      index_[node.index] = next++;
      edge_count_ += graph.node(node).operands.size();
    }
  }
  const Graph& graph() const { return *graph_; }
  BlockId block() const { return block_; }
  std::size_t index(NodeId node) const { return index_[node.index]; }
  std::size_t edge_count() const { return edge_count_; }

 private:
  const Graph* graph_;
  BlockId block_;
  std::vector<std::size_t> index_;  // by node id: the place in program order
  std::size_t edge_count_ = 0;
};

// The operands of one node, or of all nodes from one on: edges as uses.
class OperandIterator : public boost::iterator_facade<OperandIterator, Use,
                                                      boost::forward_traversal_tag, Use> {
 public:
  OperandIterator() = default;
  OperandIterator(const Graph* graph, Use at) : graph_(graph), at_(at) {}
  // The first operand of `node` or of a node after it; the end when there is none.
  static OperandIterator first_from(const Graph* graph, NodeId node) {
    OperandIterator it(graph, {node, 0});
    it.all_ = true;
    it.skip_nodes();
    return it;
  }

 private:
  friend class boost::iterator_core_access;
  Use dereference() const { return at_; }
  bool equal(const OperandIterator& other) const { return at_ == other.at_; }
  void increment() {
    ++at_.operand;
    if (all_) skip_nodes();
  }
  void skip_nodes() {
    while (at_.user && at_.operand == graph_->node(at_.user).operands.size()) {
      at_ = {graph_->node(at_.user).next, 0};
    }
  }

  const Graph* graph_ = nullptr;
  Use at_;
  bool all_ = false;
};

// The uses of all results of one node.
class ResultUseIterator : public boost::iterator_facade<ResultUseIterator, Use,
                                                        boost::forward_traversal_tag, Use> {
 public:
  ResultUseIterator() = default;
  ResultUseIterator(const Graph* graph, NodeId node) : graph_(graph), node_(node) { settle(); }

 private:
  friend class boost::iterator_core_access;
  Use dereference() const { return at_; }
  bool equal(const ResultUseIterator& other) const { return at_ == other.at_; }
  void increment() {
    at_ = graph_->next_use(at_);
    if (!at_) settle();
  }
  void settle() {  // to the first use of the next result that has one
    while (!at_ && next_result_ < graph_->node(node_).result_count) {
      at_ = graph_->value(graph_->result(node_, next_result_++)).first_use;
    }
  }

  const Graph* graph_ = nullptr;
  NodeId node_;
  std::uint32_t next_result_ = 0;
  Use at_;
};

inline NodeId source(Use edge, const DataFlow& flow) {
  const Graph& graph = flow.graph();
  return graph.value(graph.node(edge.user).operands[edge.operand]).producer;
}
inline NodeId target(Use edge, const DataFlow&) { return edge.user; }

inline std::pair<Graph::NodeIterator, Graph::NodeIterator> vertices(const DataFlow& flow) {
  const auto range = flow.graph().nodes(flow.block());
  return {range.begin(), range.end()};
}
inline std::size_t num_vertices(const DataFlow& flow) {
  return flow.graph().block(flow.block()).node_count;
}
inline std::pair<OperandIterator, OperandIterator> edges(const DataFlow& flow) {
  const Graph* graph = &flow.graph();
  return {OperandIterator::first_from(graph, graph->block(flow.block()).first), {}};
}
inline std::size_t num_edges(const DataFlow& flow) { return flow.edge_count(); }

inline std::pair<OperandIterator, OperandIterator> in_edges(NodeId node, const DataFlow& flow) {
  const Graph* graph = &flow.graph();
  const auto count = static_cast<std::uint32_t>(graph->node(node).operands.size());
  return {OperandIterator(graph, {node, 0}), OperandIterator(graph, {node, count})};
}
inline std::size_t in_degree(NodeId node, const DataFlow& flow) {
  return flow.graph().node(node).operands.size();
}
inline std::pair<ResultUseIterator, ResultUseIterator> out_edges(NodeId node,
                                                                 const DataFlow& flow) {
  return {ResultUseIterator(&flow.graph(), node), {}};
}
inline std::size_t out_degree(NodeId node, const DataFlow& flow) {
  std::size_t count = 0;
  for (ValueId result : flow.graph().results(node)) count += flow.graph().value(result).use_count;
  return count;
}
inline std::size_t degree(NodeId node, const DataFlow& flow) {
  return in_degree(node, flow) + out_degree(node, flow);
}

// -- Snapshot

struct SnapshotEdge {
  Snapshot::Vertex source = 0, target = 0;
  friend bool operator==(const SnapshotEdge&, const SnapshotEdge&) = default;
  friend auto operator<=>(const SnapshotEdge&, const SnapshotEdge&) = default;
};

// Along one adjacency list of the snapshot, or along all lists of successors (`last` is their end).
class SnapshotEdgeIterator
    : public boost::iterator_facade<SnapshotEdgeIterator, SnapshotEdge,
                                    boost::forward_traversal_tag, SnapshotEdge> {
 public:
  enum class Along : std::uint8_t { successors, predecessors, all_successors };
  SnapshotEdgeIterator() = default;
  SnapshotEdgeIterator(const Snapshot* snapshot, Snapshot::Vertex vertex, std::size_t at,
                       Along along)
      : snapshot_(snapshot), vertex_(vertex), at_(at), along_(along) {
    skip_vertices();
  }

 private:
  friend class boost::iterator_core_access;
  SnapshotEdge dereference() const {
    if (along_ == Along::predecessors) return {snapshot_->predecessors(vertex_)[at_], vertex_};
    return {vertex_, snapshot_->successors(vertex_)[at_]};
  }
  bool equal(const SnapshotEdgeIterator& other) const {
    return vertex_ == other.vertex_ && at_ == other.at_;
  }
  void increment() {
    ++at_;
    skip_vertices();
  }
  void skip_vertices() {
    while (along_ == Along::all_successors && vertex_ < snapshot_->size() &&
           at_ == snapshot_->successors(vertex_).size()) {
      ++vertex_;
      at_ = 0;
    }
  }

  const Snapshot* snapshot_ = nullptr;
  Snapshot::Vertex vertex_ = 0;
  std::size_t at_ = 0;
  Along along_ = Along::successors;
};

inline Snapshot::Vertex source(SnapshotEdge edge, const Snapshot&) { return edge.source; }
inline Snapshot::Vertex target(SnapshotEdge edge, const Snapshot&) { return edge.target; }

// Vertices are consecutive numbers; counted, not stored.
class VertexIterator : public boost::iterator_facade<VertexIterator, Snapshot::Vertex,
                                                     boost::random_access_traversal_tag,
                                                     Snapshot::Vertex> {
 public:
  explicit VertexIterator(Snapshot::Vertex at = 0) : at_(at) {}

 private:
  friend class boost::iterator_core_access;
  Snapshot::Vertex dereference() const { return at_; }
  bool equal(VertexIterator other) const { return at_ == other.at_; }
  void increment() { ++at_; }
  void decrement() { --at_; }
  void advance(std::ptrdiff_t n) { at_ = static_cast<Snapshot::Vertex>(at_ + n); }
  std::ptrdiff_t distance_to(VertexIterator other) const {
    return static_cast<std::ptrdiff_t>(other.at_) - static_cast<std::ptrdiff_t>(at_);
  }
  Snapshot::Vertex at_;
};

inline std::pair<VertexIterator, VertexIterator> vertices(const Snapshot& snapshot) {
  return {VertexIterator(0), VertexIterator(snapshot.size())};
}
inline std::size_t num_vertices(const Snapshot& snapshot) { return snapshot.size(); }
inline std::size_t num_edges(const Snapshot& snapshot) { return snapshot.edge_count(); }
inline std::size_t out_degree(Snapshot::Vertex v, const Snapshot& snapshot) {
  return snapshot.successors(v).size();
}
inline std::size_t in_degree(Snapshot::Vertex v, const Snapshot& snapshot) {
  return snapshot.predecessors(v).size();
}
inline std::size_t degree(Snapshot::Vertex v, const Snapshot& snapshot) {
  return in_degree(v, snapshot) + out_degree(v, snapshot);
}
inline std::pair<SnapshotEdgeIterator, SnapshotEdgeIterator> out_edges(Snapshot::Vertex v,
                                                                       const Snapshot& snapshot) {
  constexpr auto along = SnapshotEdgeIterator::Along::successors;
  return {{&snapshot, v, 0, along}, {&snapshot, v, out_degree(v, snapshot), along}};
}
inline std::pair<SnapshotEdgeIterator, SnapshotEdgeIterator> in_edges(Snapshot::Vertex v,
                                                                      const Snapshot& snapshot) {
  constexpr auto along = SnapshotEdgeIterator::Along::predecessors;
  return {{&snapshot, v, 0, along}, {&snapshot, v, in_degree(v, snapshot), along}};
}
inline std::pair<SnapshotEdgeIterator, SnapshotEdgeIterator> edges(const Snapshot& snapshot) {
  constexpr auto along = SnapshotEdgeIterator::Along::all_successors;
  return {{&snapshot, 0, 0, along}, {&snapshot, snapshot.size(), 0, along}};
}

// -- property maps

struct DataFlowIndex {
  using key_type = NodeId;
  using value_type = std::size_t;
  using reference = std::size_t;
  using category = boost::readable_property_map_tag;
  const DataFlow* flow = nullptr;
  friend std::size_t get(const DataFlowIndex& map, NodeId node) { return map.flow->index(node); }
};
struct DataFlowName {
  using key_type = NodeId;
  using value_type = std::string;
  using reference = std::string;
  using category = boost::readable_property_map_tag;
  const DataFlow* flow = nullptr;
  friend std::string get(const DataFlowName& map, NodeId node) {
    return std::string(map.flow->graph().text(map.flow->graph().node(node).name));
  }
};
using SnapshotIndex = boost::typed_identity_property_map<Snapshot::Vertex>;

inline DataFlowIndex get(boost::vertex_index_t, const DataFlow& flow) { return {&flow}; }
inline DataFlowName get(boost::vertex_name_t, const DataFlow& flow) { return {&flow}; }
inline std::size_t get(boost::vertex_index_t, const DataFlow& flow, NodeId node) {
  return flow.index(node);
}
inline std::string get(boost::vertex_name_t, const DataFlow& flow, NodeId node) {
  return get(DataFlowName{&flow}, node);
}
inline SnapshotIndex get(boost::vertex_index_t, const Snapshot&) { return {}; }
inline Snapshot::Vertex get(boost::vertex_index_t, const Snapshot&, Snapshot::Vertex v) {
  return v;
}

}  // namespace fettle

namespace boost {

struct fettle_traversal : bidirectional_graph_tag, vertex_list_graph_tag, edge_list_graph_tag {};

template <>
struct graph_traits<fettle::DataFlow> {
  using vertex_descriptor = fettle::NodeId;
  using edge_descriptor = fettle::Use;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  using traversal_category = fettle_traversal;
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  using vertex_iterator = fettle::Graph::NodeIterator;
  using edge_iterator = fettle::OperandIterator;
  using in_edge_iterator = fettle::OperandIterator;
  using out_edge_iterator = fettle::ResultUseIterator;
  using adjacency_iterator = void;
  static vertex_descriptor null_vertex() { return {}; }
};

template <>
struct graph_traits<fettle::Snapshot> {
  using vertex_descriptor = fettle::Snapshot::Vertex;
  using edge_descriptor = fettle::SnapshotEdge;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  using traversal_category = fettle_traversal;
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  using vertex_iterator = fettle::VertexIterator;
  using edge_iterator = fettle::SnapshotEdgeIterator;
  using in_edge_iterator = fettle::SnapshotEdgeIterator;
  using out_edge_iterator = fettle::SnapshotEdgeIterator;
  using adjacency_iterator = void;
  static vertex_descriptor null_vertex() { return 0xffffffffu; }
};

template <>
struct property_map<fettle::DataFlow, vertex_index_t> {
  using type = fettle::DataFlowIndex;
  using const_type = fettle::DataFlowIndex;
};
template <>
struct property_map<fettle::DataFlow, vertex_name_t> {
  using type = fettle::DataFlowName;
  using const_type = fettle::DataFlowName;
};
template <>
struct property_map<fettle::Snapshot, vertex_index_t> {
  using type = fettle::SnapshotIndex;
  using const_type = fettle::SnapshotIndex;
};

}  // namespace boost
