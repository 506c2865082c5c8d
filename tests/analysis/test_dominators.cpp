// Dominators against the definition on thousands of random blocks, and on shapes that break others.
#include "analysis/dominators.hpp"

#include <algorithm>

#include "analysis/random_programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Vertex = Snapshot::Vertex;
using Direction = DominatorTree::Direction;

// reaches[a][v]: v can be reached from `from` without a; by plain search.
std::vector<std::vector<bool>> dominance_by_definition(const Snapshot& flow, Direction direction) {
  const bool forward = direction == Direction::dominators;
  const Vertex root = forward ? flow.entry() : flow.exit();
  std::vector<std::vector<bool>> dominates(flow.size());
  for (Vertex a = 0; a < flow.size(); ++a) {
    std::vector<bool> reached(flow.size());
    std::vector<Vertex> open;
    if (a != root) open.push_back(root), reached[root] = true;
    while (!open.empty()) {
      const Vertex v = open.back();
      open.pop_back();
      for (const Vertex next : forward ? flow.successors(v) : flow.predecessors(v)) {
        if (next == a || reached[next]) continue;
        reached[next] = true;
        open.push_back(next);
      }
    }
    reached.flip();
    dominates[a] = std::move(reached);
  }
  return dominates;
}

std::vector<Vertex> frontier_by_definition(const Snapshot& flow, Direction direction,
                                           const std::vector<std::vector<bool>>& dominates,
                                           Vertex v) {
  std::vector<Vertex> frontier;
  for (Vertex w = 0; w < flow.size(); ++w) {
    if (v != w && dominates[v][w]) continue;
    const auto before =
        direction == Direction::dominators ? flow.predecessors(w) : flow.successors(w);
    if (std::ranges::any_of(before, [&](Vertex p) { return dominates[v][p]; }))
      frontier.push_back(w);
  }
  return frontier;
}

void check_tree(const Snapshot& flow, Direction direction) {
  const DominatorTree tree(flow, direction);
  const auto dominates = dominance_by_definition(flow, direction);
  for (Vertex v = 0; v < flow.size(); ++v) {
    for (Vertex a = 0; a < flow.size(); ++a) REQUIRE(tree.dominates(a, v) == dominates[a][v]);
    REQUIRE(dominance_frontier(flow, tree, v) ==
            frontier_by_definition(flow, direction, dominates, v));
    if (v == tree.root()) {
      REQUIRE(tree.immediate(v) == v);
      continue;
    }
    // The immediate dominator is a strict one that all other strict ones dominate.
    const Vertex parent = tree.immediate(v);
    REQUIRE((parent != v && dominates[parent][v]));
    for (Vertex a = 0; a < flow.size(); ++a)
      if (a != v && dominates[a][v]) REQUIRE(dominates[a][parent]);
    REQUIRE(std::ranges::count(tree.children(parent), v) == 1);
    REQUIRE(tree.depth(v) == tree.depth(parent) + 1);
  }
}

void check_regions(const Snapshot& flow) {
  const DominatorTree dominators(flow, Direction::dominators);
  const DominatorTree post_dominators(flow, Direction::post_dominators);
  std::vector<Region> expected;
  for (Vertex a = 1; a < flow.exit(); ++a) {
    for (Vertex b = a + 1; b < flow.exit(); ++b) {  // the first is the smallest
      if (!dominators.dominates(a, b) || !post_dominators.dominates(b, a)) continue;
      expected.push_back({a, b});
      break;
    }
  }
  REQUIRE(single_entry_single_exit_regions(flow, dominators, post_dominators) == expected);
  for (const Region region : expected) {
    std::vector<Vertex> members;
    for (Vertex v = region.entry; v <= region.exit; ++v) {
      if (dominators.dominates(region.entry, v) && post_dominators.dominates(region.exit, v))
        members.push_back(v);
    }
    REQUIRE(region_members(flow, region) == members);
  }
}

}  // namespace

TEST_CASE("dominators, frontiers and regions are those of the definition, in nested graphs too") {
  std::uint64_t blocks = 0, regions = 0, deep = 0;
  for (std::uint32_t seed = 0; seed < 1500; ++seed) {
    INFO("seed " << seed);
    const RandomProgram program(2 + seed % 30, seed);
    for (std::uint32_t b = 0; b < program.graph().block_bound(); ++b) {
      const Snapshot flow(program.graph(), BlockId(b));
      check_tree(flow, Direction::dominators);
      check_tree(flow, Direction::post_dominators);
      check_regions(flow);
      const DominatorTree tree(flow, Direction::dominators), post(flow, Direction::post_dominators);
      ++blocks;
      regions += single_entry_single_exit_regions(flow, tree, post).size();
      for (Vertex v = 0; v < flow.size(); ++v) deep += tree.depth(v) > 5 ? 1 : 0;
    }
  }
  CHECK(blocks > 4000);  // what was checked was not trivial
  CHECK(regions > 4000);
  CHECK(deep > 1000);
}

TEST_CASE("the nearest common dominator is found from anywhere") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const RandomProgram program(40, seed);
    const Snapshot flow(program.graph());
    const DominatorTree tree(flow, Direction::dominators);
    for (Vertex a = 0; a < flow.size(); ++a) {
      for (Vertex b = 0; b < flow.size(); ++b) {
        Vertex common = a;
        while (!tree.dominates(common, b)) common = tree.immediate(common);
        REQUIRE(tree.nearest_common(a, b) == common);
      }
    }
  }
}

TEST_CASE("an empty block and a block of one node have their two ends") {
  Graph empty;
  const Snapshot none(empty);
  const DominatorTree tree(none, Direction::dominators), post(none, Direction::post_dominators);
  CHECK(tree.immediate(none.exit()) == none.entry());
  CHECK(post.immediate(none.entry()) == none.exit());
  CHECK(single_entry_single_exit_regions(none, tree, post).empty());
  const Snapshot one(*program("graph(): return ()"));
  const DominatorTree of_one(one, Direction::dominators);
  CHECK(of_one.dominates(1, one.exit()));
}

// The sizes at which recursion, or a walk up the tree for each vertex, would be seen.
constexpr std::uint32_t kLong = 200000;

// f(f(… f(x))), each call also reading x if asked to.
std::unique_ptr<Graph> chain(bool also_first) {
  auto graph = parse_graph("graph(x): return (x,)");
  Journal journal(*graph, Journal::Recording::off);
  const ValueId x = value(*graph, "x");
  ValueId last = x;
  for (std::uint32_t i = 0; i < kLong; ++i) {
    std::vector<ValueId> operands = {last};
    if (also_first) operands.push_back(x);
    last = graph->result(journal.create_node(call(*graph, "a.f", operands), {}));
  }
  return graph;
}

TEST_CASE("a chain makes trees as deep as it is long") {
  const auto graph = chain(false);
  const Snapshot flow(*graph);
  const DominatorTree tree(flow, Direction::dominators), post(flow, Direction::post_dominators);
  const Vertex x = flow.vertex(node(*graph, "x"));
  const Vertex last = flow.vertex(graph->node(graph->output_node()).prev);
  CHECK(tree.depth(last) == kLong + 1);
  CHECK(post.depth(x + 1) == kLong);
  CHECK(tree.dominates(x, last));
  CHECK(single_entry_single_exit_regions(flow, tree, post).size() == kLong - 1);
}

TEST_CASE("a chain whose calls all read the first value has one flat tree and one deep one") {
  const auto graph = chain(true);
  const Snapshot flow(*graph);
  const DominatorTree tree(flow, Direction::dominators), post(flow, Direction::post_dominators);
  const Vertex x = flow.vertex(node(*graph, "x"));
  const Vertex last = flow.vertex(graph->node(graph->output_node()).prev);
  CHECK(tree.immediate(last) == x);
  CHECK(post.depth(x + 1) == kLong);
  CHECK(dominance_frontier(flow, post, last) == std::vector{x});  // which also leads to the output
  CHECK(single_entry_single_exit_regions(flow, tree, post).empty());
}
