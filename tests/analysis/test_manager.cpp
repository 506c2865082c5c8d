// What is computed once, what an edit makes it compute again, and what an edit leaves.
#include "analysis/manager.hpp"

#include "analysis/random_programs.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
graph(x: f32[2]):
  a: f32[2] = aten.relu.default(x)
  b: f32[2] = aten.neg.default(a)
  c: f32[2] = aten.abs.default(b)
  return (c,)
)";

struct Kept {
  std::unique_ptr<Graph> graph = program(kProgram);
  Journal journal{*graph};
  AnalysisManager analyses{*graph};

  Kept() { bind_schemas(*graph, "test"); }
  // Which of the answers are still those that were given before.
  struct Answers {
    std::shared_ptr<const Columns> columns;
    std::shared_ptr<const DominatorTree> dominators, post_dominators;
    std::shared_ptr<const Liveness> liveness;
    std::shared_ptr<const AliasClasses> aliasing;
    std::shared_ptr<const Costs> costs;
  };
  Answers ask() {
    using Direction = DominatorTree::Direction;
    return {analyses.columns(), analyses.dominators(kRootBlock, Direction::dominators),
            analyses.dominators(kRootBlock, Direction::post_dominators),
            analyses.liveness(kRootBlock), analyses.aliasing(), analyses.costs()};
  }
  NodeId node(std::string_view name) const {
    for (const NodeId id : graph->nodes())
      if (graph->text(graph->node(id).name) == name) return id;
    FAIL("no node " << name);
    return {};
  }
  template <class Edit>
  void edit(Edit edit) {
    REQUIRE(journal.begin_rewrite(node("a"), "test"));
    edit();
    journal.end_rewrite();
  }
};

std::string still(const Kept::Answers& before, const Kept::Answers& now) {
  std::string kept;
  if (before.columns == now.columns) kept += "columns ";
  if (before.dominators == now.dominators) kept += "dominators ";
  if (before.post_dominators == now.post_dominators) kept += "post_dominators ";
  if (before.liveness == now.liveness) kept += "liveness ";
  if (before.aliasing == now.aliasing) kept += "aliasing ";
  if (before.costs == now.costs) kept += "costs ";
  return kept;
}
const std::string kAll = "columns dominators post_dominators liveness aliasing costs ";

}  // namespace

TEST_CASE("what nobody changed is computed once") {
  Kept kept;
  const auto before = kept.ask();
  CHECK(still(before, kept.ask()) == kAll);
}

TEST_CASE("each edit makes compute again what read the part that it touched, and nothing else") {
  Kept kept;
  const auto before = kept.ask();
  const ValueId b = kept.graph->result(kept.node("b"));
  kept.edit([&] { kept.journal.rename(kept.node("b"), kept.graph->intern("beta")); });
  CHECK(still(before, kept.ask()) == kAll);

  Type wider = kept.graph->type(b);
  wider.dtype = DType::float64;
  kept.edit([&] { kept.journal.set_type(b, kept.graph->intern(wider)); });
  const auto retyped = kept.ask();
  CHECK(still(before, retyped) == "columns dominators post_dominators ");
  CHECK(retyped.liveness->live_bytes() != before.liveness->live_bytes());

  kept.edit([&] { kept.journal.set_operand(kept.node("c"), 0, kept.graph->result(kept.node("a"))); });
  CHECK(still(retyped, kept.ask()).empty());
  // Who still holds an answer may go on reading it.
  CHECK(before.columns->operands.size() == 4);
  CHECK(before.dominators->size() == 7);
}

TEST_CASE("undoing an edit is one, too") {
  Kept kept;
  const auto before = kept.ask();
  kept.edit([&] { kept.journal.set_operand(kept.node("c"), 0, kept.graph->result(kept.node("a"))); });
  kept.ask();
  kept.journal.rollback();
  const auto after = kept.ask();
  CHECK(still(before, after).empty());
  CHECK(after.columns->operands == before.columns->operands);
  CHECK(after.dominators->immediate() == before.dominators->immediate());
}

TEST_CASE("keeping moves on what is of that state, and only what is named") {
  Kept kept;
  const auto before = kept.ask();
  const AnalysisManager::State since = kept.analyses.now();
  kept.edit([&] { kept.journal.set_operand(kept.node("c"), 0, kept.graph->result(kept.node("a"))); });
  kept.analyses.keep(Analysis::liveness, since);
  CHECK(still(before, kept.ask()) == "liveness ");
  // A later state is not the one that was vouched for.
  kept.edit([&] { kept.journal.set_operand(kept.node("c"), 0, kept.graph->result(kept.node("b"))); });
  kept.analyses.keep(Analysis::liveness, since);
  CHECK(still(before, kept.ask()).empty());
}

TEST_CASE("costs are kept apart from what they are counted from") {
  Kept kept;
  const auto before = kept.ask();
  const AnalysisManager::State since = kept.analyses.now();
  const NodeId c = kept.node("c");
  kept.edit([&] { kept.journal.set_operand(c, 0, kept.graph->result(kept.node("a"))); });
  kept.analyses.keep(Analysis::cost, since);
  CHECK(still(before, kept.ask()) == "costs ");
}

TEST_CASE("columns list nested graphs before their call, with the results of each node") {
  const auto graph = program(R"(
    graph(p: b8[], x: f32[2]):
      y: f32[2] = aten.neg.default(x)
      z: f32[2] = higher_order.cond(p, self.true_graph, self.false_graph, [y])
      graph true_graph(u: f32[2]):
        v: f32[2] = aten.relu.default(u)
        return (v,)
      graph false_graph(u: f32[2]):
        return (u,)
      return (z,))");
  const Columns columns(*graph);
  std::string order;
  for (std::size_t i = 0; i < columns.nodes.size(); ++i) {
    order += std::string(graph->text(graph->node(columns.nodes[i]).name)) + " ";
    const Node& node = graph->node(columns.nodes[i]);
    CHECK(columns.result_counts[i] == node.result_count);
    CHECK(columns.operand_offsets[i + 1] - columns.operand_offsets[i] == node.operands.size());
    if (node.result_count > 0) CHECK(columns.producers[columns.first_results[i]] == columns.nodes[i]);
  }
  CHECK_THAT(order, contains("y u v output u output z output"));
}
