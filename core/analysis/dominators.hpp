// Dominators and post-dominators of one block's data flow, and the regions that both bound.
//
//   a dominates v       every path from the entry to v leads through a
//   a post-dominates v  every path from v to the exit leads through a
//
// The idea: data flow has no cycles and a snapshot lists it in program order, so one sweep is
// enough. The immediate dominator of v is the nearest common ancestor, in the tree built so far, of
// its predecessors; post-dominators are the same sweep from the other end. Common ancestors are
// found by jump pointers (E. W. Myers, "An applicative random-access stack", 1983), one a vertex:
// O(log n) each, whatever the tree's shape, and nothing recurses.
//
// Needs a Snapshot of a valid graph, and does not follow edits: keep the two together. A weight is
// an input like any other: what uses one is dominated by the entry alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/snapshot.hpp"

namespace fettle {

class DominatorTree {
 public:
  using Vertex = Snapshot::Vertex;
  enum class Direction : std::uint8_t { dominators, post_dominators };

  // O(edges * log vertices).
  DominatorTree(const Snapshot& flow, Direction direction);

  Direction direction() const { return direction_; }
  Vertex root() const { return root_; }  // the snapshot's entry, or its exit
  std::uint32_t size() const { return static_cast<std::uint32_t>(parent_.size()); }

  // By vertex, for whoever hands them on: immediate dominators, depths, places in preorder, sizes of
  // subtrees. a dominates v exactly if preorder()[v] - preorder()[a] < subtree_sizes()[a], unsigned.
  const std::vector<Vertex>& immediate() const { return parent_; }
  const std::vector<std::uint32_t>& depths() const { return depth_; }
  const std::vector<std::uint32_t>& preorder() const { return first_; }
  const std::vector<std::uint32_t>& subtree_sizes() const { return subtree_; }

  // The immediate dominator; the root's is the root.
  Vertex immediate(Vertex v) const { return parent_[v]; }
  std::uint32_t depth(Vertex v) const { return depth_[v]; }  // the root's is 0
  // Whether a dominates v, O(1). Each vertex dominates itself.
  bool dominates(Vertex a, Vertex v) const {
    return first_[v] - first_[a] < subtree_[a];  // unsigned: before a is far away
  }
  Vertex nearest_common(Vertex a, Vertex b) const;  // O(log vertices)
  // Those that v dominates immediately, in program order.
  std::span<const Vertex> children(Vertex v) const {
    return {children_.data() + child_begin_[v], children_.data() + child_begin_[v + 1]};
  }

 private:
  void add(Vertex v, Vertex parent);
  void list_children();
  void number();

  Direction direction_;
  Vertex root_;
  std::vector<Vertex> parent_, jump_;
  std::vector<std::uint32_t> depth_;
  std::vector<std::uint32_t> first_, subtree_;  // place in preorder; vertices in the subtree
  std::vector<std::uint32_t> child_begin_;
  std::vector<Vertex> children_;
};

// The dominance frontier of v: where its dominance ends. Vertices that v does not strictly dominate
// and that follow (for post-dominators: precede) one it dominates. In program order. Linear in the
// edges of v's subtree; the frontiers of all vertices may together be quadratic, so there is no
// table.
std::vector<Snapshot::Vertex> dominance_frontier(const Snapshot& flow, const DominatorTree& tree,
                                                 Snapshot::Vertex v);

// Single entry, single exit: `entry` dominates `exit`, which post-dominates it, and everything
// between the two is reached through the one and left through the other.
struct Region {
  Snapshot::Vertex entry, exit;
  friend bool operator==(const Region&, const Region&) = default;
};

// For each vertex the smallest region that begins there, if there is one; by entry, in program
// order. Larger ones are chains of these: (a, b) and (b, c) make (a, c). The virtual ends begin
// none. Linear.
std::vector<Region> single_entry_single_exit_regions(const Snapshot& flow,
                                                     const DominatorTree& dominators,
                                                     const DominatorTree& post_dominators);
// What a region holds, both ends included, in program order. Linear in its edges.
std::vector<Snapshot::Vertex> region_members(const Snapshot& flow, Region region);

}  // namespace fettle
