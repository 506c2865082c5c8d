#include "graph/snapshot.hpp"

#include <algorithm>

namespace fettle {

Snapshot::Snapshot(const Graph& graph, BlockId block)
    : block_(block), version_(graph.version()) {
  const std::uint32_t count = graph.block(block).node_count;
  nodes_.reserve(count + 2);
  nodes_.emplace_back();
  std::uint32_t least = NodeId::kNone, greatest = 0;
  for (NodeId node : graph.nodes(block)) {
    least = std::min(least, node.index);
    greatest = std::max(greatest, node.index);
    nodes_.push_back(node);
  }
  nodes_.emplace_back();
  if (count > 0) {  // a nested graph's ids lie close together: no array over the whole graph
    first_id_ = least;
    vertex_of_.resize(greatest - least + 1);
    for (Vertex v = 1; v <= count; ++v) vertex_of_[nodes_[v].index - least] = v;
  }
  add_predecessors(graph);
  invert();
}

void Snapshot::add_predecessors(const Graph& graph) {
  std::vector<Vertex> seen(nodes_.size());  // seen[p] == v: p is among v's predecessors already
  std::vector<bool> used(nodes_.size());
  predecessor_begin_.reserve(nodes_.size() + 1);
  predecessor_begin_.assign(2, 0);  // the entry has none
  for (Vertex v = 1; v < exit(); ++v) {
    const Node& node = graph.node(nodes_[v]);
    for (ValueId operand : node.operands) {
      const Vertex from = vertex(graph.value(operand).producer);
      if (seen[from] == v) continue;
      seen[from] = v;
      used[from] = true;
      predecessors_.push_back(from);
    }
    if (node.operands.empty()) predecessors_.push_back(entry());
    predecessor_begin_.push_back(static_cast<std::uint32_t>(predecessors_.size()));
  }
  for (Vertex v = 1; v < exit(); ++v) {
    if (!used[v]) predecessors_.push_back(v);
  }
  if (exit() == 1) predecessors_.push_back(entry());  // an empty block
  predecessor_begin_.push_back(static_cast<std::uint32_t>(predecessors_.size()));
}

// Successors by counting; each list comes out in program order.
void Snapshot::invert() {
  successor_begin_.assign(nodes_.size() + 1, 0);
  for (Vertex from : predecessors_) ++successor_begin_[from + 1];
  for (std::size_t v = 1; v < successor_begin_.size(); ++v) {
    successor_begin_[v] += successor_begin_[v - 1];
  }
  successors_.resize(predecessors_.size());
  std::vector<std::uint32_t> next(successor_begin_.begin(), successor_begin_.end() - 1);
  for (Vertex v = 0; v < size(); ++v) {
    for (Vertex from : predecessors(v)) successors_[next[from]++] = v;
  }
}

}  // namespace fettle
