// A dominator tree as a picture: a frame for each tree below the root, which is nobody's box.
#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "analysis/dominators.hpp"
#include "base/quantity.hpp"
#include "pictures/picture.hpp"
#include "pictures/tree.hpp"

namespace fettle {
namespace {

using Vertex = Snapshot::Vertex;

class TreeMaker {
 public:
  TreeMaker(const Graph& graph, bool post)
      : graph_(graph),
        flow_(graph),
        tree_(flow_, post ? DominatorTree::Direction::post_dominators
                          : DominatorTree::Direction::dominators) {}

  Picture make(std::uint32_t most) {
    choose(most);
    picture_.leaf_of.assign(graph_.node_bound(), Picture::kNoBox);
    picture_.boxes.push_back({.kind = Box::Kind::module, .open = true});
    // What the root alone dominates makes a forest; each tree of it gets a frame of its own.
    for (const Vertex v : tree_.children(tree_.root())) {
      if (!chosen_[v]) continue;
      const bool alone =
          std::ranges::none_of(tree_.children(v), [&](Vertex c) { return chosen_[c]; });
      add_tree(v, alone ? 0 : add({.kind = Box::Kind::part, .open = true}, 0));
    }
    for (Box& box : picture_.boxes) {
      if (!box.leaf()) box.nodes = static_cast<std::uint32_t>(box.children.size());
    }
    return std::move(picture_);
  }

 private:
  // Weights are nobody's interest here: each is dominated by the entry alone, and most by hundreds.
  bool of_interest(Vertex v) const {
    const NodeId node = flow_.node(v);
    return node && (!tree_.children(v).empty() || leaf_box(graph_, node).kind != Box::Kind::weight);
  }

  void choose(std::uint32_t most) {
    chosen_.assign(flow_.size(), false);
    std::queue<Vertex> open;
    for (open.push(tree_.root()); !open.empty(); open.pop()) {
      if (open.front() != tree_.root()) {
        if (most-- == 0) return;
        chosen_[open.front()] = true;
      }
      for (const Vertex child : tree_.children(open.front())) {
        if (of_interest(child)) open.push(child);
      }
    }
  }

  std::uint32_t add(Box box, std::uint32_t parent) {
    const auto index = static_cast<std::uint32_t>(picture_.boxes.size());
    box.parent = parent;
    box.depth = picture_.boxes[parent].depth + 1;
    picture_.boxes.push_back(std::move(box));
    picture_.boxes[parent].children.push_back(index);
    return index;
  }

  void add_tree(Vertex root, std::uint32_t frame) {
    std::vector<std::pair<Vertex, std::uint32_t>> open = {{root, Picture::kNoBox}};
    while (!open.empty()) {
      const auto [v, above] = open.back();
      open.pop_back();
      const NodeId node = flow_.node(v);
      const std::uint32_t box = add(leaf_box(graph_, node), frame);
      picture_.leaf_of[node.index] = box;
      if (above != Picture::kNoBox) picture_.edges.push_back({above, box, ""});
      std::uint32_t hidden = 0;
      for (const Vertex child : tree_.children(v)) {
        if (chosen_[child])
          open.emplace_back(child, box);
        else if (of_interest(child))
          hidden += tree_.subtree_sizes()[child];
      }
      if (hidden > 0)
        picture_.boxes[box].line = fmt::format("and {} below it", human_count(hidden));
    }
  }

  const Graph& graph_;
  const Snapshot flow_;
  const DominatorTree tree_;
  std::vector<bool> chosen_;  // by vertex
  Picture picture_;
};

}  // namespace

Picture dominator_picture(const Graph& graph, bool post, std::uint32_t most) {
  return TreeMaker(graph, post).make(most);
}

}  // namespace fettle
