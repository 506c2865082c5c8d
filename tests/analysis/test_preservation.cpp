// Claims about analyses that are true, false, and false in ways that only computing again shows.
#include "analysis/preservation.hpp"

#include "analysis/random_programs.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct Claim {
  std::unique_ptr<Graph> graph;
  Journal journal;
  AnalysisManager analyses;

  explicit Claim(std::string_view text)
      : graph(program(text)), journal(*graph), analyses(*graph) {
    bind_schemas(*graph, "test");
  }
  NodeId node(std::string_view name) const {
    for (std::uint32_t i = 0; i < graph->node_bound(); ++i)
      if (graph->text(graph->node(NodeId(i)).name) == name) return NodeId(i);
    FAIL("no node " << name);
    return {};
  }
  ValueId value(std::string_view name) const { return graph->result(node(name)); }

  // What is found out about a pass that claims to preserve `claimed` and does `edit`.
  template <class Edit>
  std::string settle(std::vector<Analysis> claimed, bool checking, Edit edit) {
    Preservation preservation(analyses, std::move(claimed), checking);
    REQUIRE(journal.begin_rewrite(node("a"), "test"));
    edit();
    journal.end_rewrite();
    const auto lie = preservation.settle(journal.tally());
    journal.rollback();
    return lie ? std::string(analysis_name(lie->analysis)) + ": " + lie->difference : "true";
  }
};

constexpr std::string_view kProgram = R"(
graph(x: f32[2]):
  a: f32[2] = aten.relu.default(x)
  b: f32[2] = aten.neg.default(a)
  c: f32[2] = aten.view.default(b, [2])
  d: f32[2] = aten.add.Tensor(a, c)
  e: f32[2] = aten.abs.default(d)
  return (e,)
)";
const std::vector<Analysis> kAll = {Analysis::dominance, Analysis::liveness, Analysis::aliasing,
                                    Analysis::cost};

}  // namespace

TEST_CASE("a claim about edits that leave edges, bytes and storage alone is true") {
  Claim claim(kProgram);
  CHECK(claim.settle(kAll, true, [&] {
    claim.journal.set_operand(claim.node("d"), 0, claim.value("c"));
    claim.journal.set_operand(claim.node("d"), 1, claim.value("a"));
  }) == "true");
}

TEST_CASE("what is kept is what would be computed") {
  Claim claim(kProgram);
  using Direction = DominatorTree::Direction;
  const auto before = claim.analyses.dominators(kRootBlock, Direction::dominators);
  Preservation preservation(claim.analyses, {Analysis::dominance}, true);
  REQUIRE(claim.journal.begin_rewrite(claim.node("a"), "test"));
  claim.journal.set_operand(claim.node("d"), 0, claim.value("c"));
  claim.journal.set_operand(claim.node("d"), 1, claim.value("a"));
  claim.journal.end_rewrite();
  CHECK_FALSE(preservation.settle(claim.journal.tally()));
  CHECK(claim.analyses.dominators(kRootBlock, Direction::dominators) == before);
}

TEST_CASE("a wrong claim is found for each analysis, and says what is different") {
  Claim claim(kProgram);
  const auto reads_a_twice = [&] {
    claim.journal.set_operand(claim.node("d"), 1, claim.value("a"));
  };
  CHECK(claim.settle({Analysis::dominance}, true, reads_a_twice) ==
        "dominance: the immediate post-dominator of 'a' was 'd', and is one of the virtual ends");
  CHECK_THAT(claim.settle({Analysis::liveness}, true, reads_a_twice), contains("liveness: "));
  CHECK(claim.settle({Analysis::aliasing}, true, reads_a_twice) == "true");
  Type wider = claim.graph->type(claim.value("b"));
  wider.dtype = DType::float64;
  const TypeId wide = claim.graph->intern(wider);
  CHECK_THAT(claim.settle({Analysis::liveness}, true,
                          [&] { claim.journal.set_type(claim.value("b"), wide); }),
             contains("bytes live at 'b'"));
  CHECK(claim.settle({Analysis::cost}, true,
                     [&] { claim.journal.set_type(claim.value("b"), wide); }) ==
        "cost: 'b' costs 0 flops, 2 operations and 24 bytes (elements), where it cost 0, 2 and 16 "
        "(elements)");
  CHECK(claim.settle({Analysis::aliasing}, true, [&] {
    claim.journal.set_operand(claim.node("c"), 0, claim.value("a"));
  }) == "aliasing: 'c' may share storage with other values");
}

TEST_CASE("without checking, only a change of the nodes themselves is found") {
  Claim claim(kProgram);
  CHECK(claim.settle(kAll, false, [&] {
    claim.journal.set_operand(claim.node("d"), 1, claim.value("a"));
  }) == "true");
  CHECK_THAT(claim.settle(kAll, false,
                          [&] {
                            claim.journal.replace_all_uses(claim.value("e"), claim.value("d"));
                            claim.journal.erase_node(claim.node("e"));
                          }),
             contains("created 0 nodes and erased 1"));
}

TEST_CASE("claims go into nested graphs") {
  Claim claim(R"(
    graph(p: b8[], x: f32[2]):
      a: f32[2] = aten.neg.default(x)
      z: f32[2] = higher_order.cond(p, self.true_graph, self.false_graph, [a])
      graph true_graph(u: f32[2]):
        v: f32[2] = aten.relu.default(u)
        w: f32[2] = aten.abs.default(v)
        return (w,)
      graph false_graph(u: f32[2]):
        return (u,)
      return (z,))");
  CHECK_THAT(claim.settle({Analysis::dominance}, true,
                          [&] { claim.journal.set_operand(claim.node("w"), 0, claim.value("u")); }),
             contains("dominance: ") && contains("of 'u' was 'v'"));
}
