// "fettle.dominance/1" and "fettle.liveness/1" as a plugin calls them: answers, refusals, caching.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_dominance_v1& d = kDominanceTable;
const fettle_liveness_v1& l = kLivenessTable;

constexpr const char* kDiamond = R"(
  graph(x: f32[4]):
    a: f32[4] = aten.exp.default(x)
    b: f32[4] = aten.sin.default(a)
    c: f32[4] = aten.cos.default(a)
    sum: f32[4] = aten.add.Tensor(b, c)
    return (sum,))";

struct Tree : fettle_dominator_tree {
  Tree(Abi& abi, std::uint32_t kind, fettle_block block = 0)
      : fettle_dominator_tree(Abi::sized<fettle_dominator_tree>()) {
    REQUIRE(d.tree(&abi.ctx, &abi.handle, block, kind, this) == FETTLE_OK);
  }
  std::uint32_t at(fettle_node node) const {
    return static_cast<std::uint32_t>(std::find(nodes, nodes + n_positions, node) - nodes);
  }
  bool dominates(fettle_node a, fettle_node v) const {
    return first[at(v)] - first[at(a)] < subtree[at(a)];
  }
};

fettle_status ask(Abi& abi, fettle_block block, std::uint32_t kind) {
  auto tree = Abi::sized<fettle_dominator_tree>();
  return d.tree(&abi.ctx, &abi.handle, block, kind, &tree);
}

}  // namespace

TEST_CASE("trees name nodes by position, with an entry and an exit") {
  Abi abi(kDiamond);
  const Tree tree(abi, FETTLE_DOMINATORS), post(abi, FETTLE_POST_DOMINATORS);
  REQUIRE(tree.n_positions == 8);
  CHECK(tree.nodes[0] == FETTLE_NONE);
  CHECK(tree.nodes[7] == FETTLE_NONE);
  CHECK(tree.root == 0);
  CHECK(post.root == 7);
  CHECK(tree.immediate[tree.at(abi.node("sum"))] == tree.at(abi.node("a")));
  CHECK(post.immediate[post.at(abi.node("a"))] == post.at(abi.node("sum")));
  CHECK(tree.depth[tree.at(abi.node("sum"))] == 3);
  CHECK(tree.dominates(abi.node("a"), abi.node("sum")));
  CHECK_FALSE(tree.dominates(abi.node("b"), abi.node("sum")));
  CHECK(post.dominates(abi.node("sum"), abi.node("x")));
}

TEST_CASE("frontiers and regions are positions, too") {
  Abi abi(kDiamond);
  const Tree tree(abi, FETTLE_DOMINATORS);
  std::uint64_t n = 0;
  const std::uint32_t* positions = nullptr;
  REQUIRE(d.frontier(&abi.ctx, &abi.handle, 0, FETTLE_DOMINATORS, tree.at(abi.node("b")), &n,
                     &positions) == FETTLE_OK);
  REQUIRE(n == 1);
  CHECK(positions[0] == tree.at(abi.node("sum")));
  CHECK(d.frontier(&abi.ctx, &abi.handle, 0, FETTLE_DOMINATORS, 8, &n, &positions) ==
        FETTLE_E_ARGUMENT);
  const fettle_region* regions = nullptr;
  REQUIRE(d.regions(&abi.ctx, &abi.handle, 0, &n, &regions) == FETTLE_OK);
  REQUIRE(n == 3);  // x to a, a to sum, sum to the output
  CHECK(regions[1].entry == tree.at(abi.node("a")));
  CHECK(regions[1].exit == tree.at(abi.node("sum")));
}

TEST_CASE("liveness hands out bytes, storages and last uses") {
  Abi abi(kDiamond);
  auto live = Abi::sized<fettle_liveness>();
  REQUIRE(l.of_block(&abi.ctx, &abi.handle, 0, &live) == FETTLE_OK);
  REQUIRE(live.n_nodes == 6);
  CHECK(live.flags == 0);
  CHECK(live.nodes[0] == abi.node("x"));
  CHECK(live.live_bytes[0] == 0);
  CHECK(live.live_bytes[3] == 48);  // a, b and c
  CHECK(live.peak == 3);
  REQUIRE(live.n_storages == 4);
  CHECK(live.storages[0].value == abi.value("a"));
  CHECK(live.storages[0].bytes == 16);
  CHECK(live.storages[0].last == 3);
  fettle_node node = FETTLE_NONE;
  REQUIRE(l.last_use(&abi.ctx, &abi.handle, abi.value("a"), &node) == FETTLE_OK);
  CHECK(node == abi.node("c"));
}

TEST_CASE("an analysis is made anew after an edit, and not before") {
  Abi abi(kDiamond);
  const Tree first(abi, FETTLE_DOMINATORS), again(abi, FETTLE_DOMINATORS);
  CHECK(first.immediate == again.immediate);
  REQUIRE(abi.journal.begin_rewrite(NodeId(abi.node("sum")), "test"));
  abi.journal.set_operand(NodeId(abi.node("sum")), 1, ValueId(abi.value("b")));
  abi.journal.end_rewrite();
  const Tree after(abi, FETTLE_DOMINATORS);
  CHECK(after.immediate[after.at(abi.node("sum"))] == after.at(abi.node("b")));
  fettle_node node = FETTLE_NONE;
  REQUIRE(l.last_use(&abi.ctx, &abi.handle, abi.value("c"), &node) == FETTLE_OK);
  CHECK(node == abi.node("c"));
  abi.journal.rollback();
  const Tree before(abi, FETTLE_DOMINATORS);
  CHECK(before.immediate[before.at(abi.node("sum"))] == before.at(abi.node("a")));
}

TEST_CASE("what does not exist and what has no order is refused") {
  Abi abi(kDiamond);
  CHECK(ask(abi, 5, FETTLE_DOMINATORS) == FETTLE_E_STALE);
  CHECK(ask(abi, 0, 2) == FETTLE_E_ARGUMENT);
  fettle_node node = FETTLE_NONE;
  CHECK(l.last_use(&abi.ctx, &abi.handle, 4711, &node) == FETTLE_E_STALE);
  REQUIRE(abi.journal.begin_rewrite(NodeId(abi.node("sum")), "test"));
  abi.journal.move_before(NodeId(abi.node("sum")), NodeId(abi.node("b")));
  CHECK(ask(abi, 0, FETTLE_DOMINATORS) == FETTLE_E_REFUSED);
  auto live = Abi::sized<fettle_liveness>();
  CHECK(l.of_block(&abi.ctx, &abi.handle, 0, &live) == FETTLE_E_REFUSED);
  abi.journal.abort_rewrite();
  CHECK(ask(abi, 0, FETTLE_DOMINATORS) == FETTLE_OK);
}
