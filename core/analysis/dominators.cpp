#include "analysis/dominators.hpp"

#include <algorithm>

namespace fettle {

using Vertex = Snapshot::Vertex;

DominatorTree::DominatorTree(const Snapshot& flow, Direction direction)
    : direction_(direction),
      root_(direction == Direction::dominators ? flow.entry() : flow.exit()),
      parent_(flow.size(), root_),
      jump_(flow.size(), root_),
      depth_(flow.size(), 0) {
  const std::uint32_t n = flow.size();
  for (std::uint32_t i = 1; i < n; ++i) {
    const bool forward = direction == Direction::dominators;
    const Vertex v = forward ? i : n - 1 - i;
    const auto before = forward ? flow.predecessors(v) : flow.successors(v);
    Vertex common = before.front();  // every vertex is reached, so there is one
    for (const Vertex other : before.subspan(1)) common = nearest_common(common, other);
    add(v, common);
  }
  list_children();
  number();
}

// The jump of a vertex skips as far as its parent's two jumps together where these are equally
// long, else it leads to the parent: the lengths are those of a skew-binary number.
void DominatorTree::add(Vertex v, Vertex parent) {
  parent_[v] = parent;
  depth_[v] = depth_[parent] + 1;
  const Vertex jump = jump_[parent];
  const bool equal = depth_[parent] - depth_[jump] == depth_[jump] - depth_[jump_[jump]];
  jump_[v] = equal ? jump_[jump] : parent;
}

Vertex DominatorTree::nearest_common(Vertex a, Vertex b) const {
  if (depth_[a] < depth_[b]) std::swap(a, b);
  while (depth_[a] > depth_[b]) a = depth_[jump_[a]] >= depth_[b] ? jump_[a] : parent_[a];
  while (a != b) {
    // At equal depths jumps are equally long, so that the two stay level.
    const bool together = jump_[a] == jump_[b];
    a = together ? parent_[a] : jump_[a];
    b = together ? parent_[b] : jump_[b];
  }
  return a;
}

void DominatorTree::list_children() {
  child_begin_.assign(size() + 1, 0);
  for (Vertex v = 0; v < size(); ++v) {
    if (v != root_) ++child_begin_[parent_[v] + 1];
  }
  for (Vertex v = 0; v < size(); ++v) child_begin_[v + 1] += child_begin_[v];
  children_.resize(size() - 1);
  std::vector<std::uint32_t> next(child_begin_.begin(), child_begin_.end() - 1);
  for (Vertex v = 0; v < size(); ++v) {
    if (v != root_) children_[next[parent_[v]]++] = v;
  }
}

// Preorder without a walk: parents come before their children in the sweep, so subtrees are summed
// against it and then given their places along it.
void DominatorTree::number() {
  const std::uint32_t n = size();
  const auto swept = [&](std::uint32_t i) { return root_ == 0 ? i : n - 1 - i; };
  subtree_.assign(n, 1);
  for (std::uint32_t i = n; i-- > 1;) subtree_[parent_[swept(i)]] += subtree_[swept(i)];
  first_.assign(n, 0);
  std::vector<std::uint32_t> next(n, 1);  // the place of the next child
  for (std::uint32_t i = 1; i < n; ++i) {
    const Vertex v = swept(i), parent = parent_[v];
    first_[v] = next[parent];
    next[parent] += subtree_[v];
    next[v] = first_[v] + 1;
  }
}

std::vector<Vertex> dominance_frontier(const Snapshot& flow, const DominatorTree& tree, Vertex v) {
  std::vector<Vertex> frontier, subtree = {v};
  while (!subtree.empty()) {
    const Vertex inner = subtree.back();
    subtree.pop_back();
    const auto after = tree.direction() == DominatorTree::Direction::dominators
                           ? flow.successors(inner)
                           : flow.predecessors(inner);
    for (const Vertex next : after) {
      if (!tree.dominates(v, next)) frontier.push_back(next);
    }
    const auto children = tree.children(inner);
    subtree.insert(subtree.end(), children.begin(), children.end());
  }
  std::ranges::sort(frontier);
  frontier.erase(std::ranges::unique(frontier).begin(), frontier.end());
  return frontier;
}

// Only the immediate post-dominator x can end the smallest region of v: if v does not dominate x, a
// path reaches x around v, and goes on from there to all that post-dominates x.
std::vector<Region> single_entry_single_exit_regions(const Snapshot& flow,
                                                     const DominatorTree& dominators,
                                                     const DominatorTree& post_dominators) {
  std::vector<Region> regions;
  for (Vertex v = flow.entry() + 1; v < flow.exit(); ++v) {
    const Vertex exit = post_dominators.immediate(v);
    if (exit != flow.exit() && dominators.dominates(v, exit)) regions.push_back({v, exit});
  }
  return regions;
}

// Nothing enters but through the entry and leaves but through the exit: what can be reached without
// passing the exit is inside.
std::vector<Vertex> region_members(const Snapshot& flow, Region region) {
  std::vector<Vertex> members = {region.entry, region.exit}, open = {region.entry};
  std::vector<bool> seen(region.exit - region.entry + 1);
  seen.front() = seen.back() = true;
  while (!open.empty()) {
    const Vertex v = open.back();
    open.pop_back();
    for (const Vertex next : flow.successors(v)) {
      if (seen[next - region.entry]) continue;
      seen[next - region.entry] = true;
      members.push_back(next);
      open.push_back(next);
    }
  }
  std::ranges::sort(members);
  return members;
}

}  // namespace fettle
