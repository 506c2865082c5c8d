// The SDK's examples work as a third party would use them: found by their folder, nothing else
// known.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

Host examples() {
  Search search;
  search.plugin_dirs = {std::filesystem::path(FETTLE_EXAMPLE_PLUGIN).parent_path()};
  return Host(search);
}

// What a pass that changes nothing notes about a program.
std::vector<std::string> notes_of(const std::string& name, const std::string& text) {
  const Host host = examples();
  const auto pass = host.create_pass(name, {});
  const auto graph = graph_of(text);
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  Outcome outcome;
  pass->transform(journal, analyses, outcome);
  CHECK_FALSE(journal.changed());
  std::vector<std::string> notes;
  for (const Diagnostic& note : outcome.notes) notes.push_back(note.what);
  return notes;
}

}  // namespace

TEST_CASE("the example in the SDK is a pass") {
  const Host host = examples();
  const auto pass = host.create_pass("relu_of_relu", {});
  const auto graph = graph_of(
      "graph(x: f32[4]):\n  a: f32[4] = aten.relu.default(x)\n  b: f32[4] = aten.relu.default(a)\n"
      "  c: f32[4] = aten.relu.default(b)\n  d: f32[4] = aten.neg.default(c)\n  return (d,)\n");
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  journal.set_rewrite_limit(1);
  Outcome outcome;
  pass->transform(journal, analyses, outcome);
  CHECK(graph->node_count() == 5);  // one of two: past the limit the pass goes on without editing
  pass->transform(journal, analyses, outcome);
  journal.set_rewrite_limit(UINT64_MAX);
  pass->transform(journal, analyses, outcome);
  check(*graph);
  CHECK_THAT(text_of(*graph), contains("aten.neg.default(a)"));
  CHECK(journal.rewrites() == 2);
}

TEST_CASE("the SDK's example of liveness says what peaks") {
  CHECK(notes_of("peak_memory_note", R"(
    graph(x: f32[4]):
      a: f32[4] = aten.exp.default(x)
      view: f32[2, 2] = aten.view.default(a, [2, 2])
      wide: f32[8] = aten.cat.default([a, x])
      sum: f32[] = aten.sum.default(wide)
      return (view, sum))") ==
        std::vector<std::string>{"peak_memory_note: 52 bytes while sum runs: wide a sum"});
}

TEST_CASE("the SDK's example of costs says what has most to compute") {
  CHECK(notes_of("expensive_calls_note", R"(
    graph(x: f32[4, 8], w: f32[2, 8]):
      exp: f32[4, 8] = aten.exp.default(x)
      t: f32[8, 2][1, 8] = aten.t.default(w)
      mm: f32[4, 2] = aten.mm.default(exp, t)
      sum: f32[] = aten.sum.default(mm)
      relu: f32[4, 2] = aten.relu.default(mm)
      return (sum, relu))") ==
        std::vector<std::string>{"expensive_calls_note: mm: 128 operations, 224 bytes",
                                 "expensive_calls_note: exp: 32 operations, 256 bytes",
                                 "expensive_calls_note: sum: 8 operations, 36 bytes"});
}

TEST_CASE("the SDK's example of regions says where fusion could begin") {
  CHECK(notes_of("regions_note", R"(
    graph(x: f32[4], y: f32[4]):
      a: f32[4] = aten.exp.default(x)
      b: f32[4] = aten.sin.default(a)
      c: f32[4] = aten.cos.default(a)
      d: f32[4] = aten.add.Tensor(b, c)
      e: f32[4] = aten.neg.default(d)
      f: f32[4] = aten.mul.Tensor(e, y)
      g: f32[4] = aten.relu.default(f)
      return (g,))") ==
        std::vector<std::string>{"regions_note: x to e", "regions_note: f to output"});
}

TEST_CASE("the SDK's example of dominance computes what one node needs right before it") {
  const Host host = examples();
  const auto pass = host.create_pass("sink_to_use", {});
  const auto graph = graph_of(R"(
    graph(x: f32[4]):
      early: f32[4] = aten.exp.default(x)
      below: f32[4] = aten.sin.default(early)
      shared: f32[4] = aten.cos.default(x)
      a: f32[4] = aten.neg.default(shared)
      b: f32[4] = aten.mul.Tensor(a, shared)
      c: f32[4] = aten.add.Tensor(b, below)
      return (c,))");
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  Outcome outcome;
  REQUIRE_FALSE(pass->analyze(analyses, outcome));
  pass->transform(journal, analyses, outcome);
  check(*graph);
  std::vector<std::string> order;
  for (const NodeId node : graph->nodes()) order.emplace_back(graph->text(graph->node(node).name));
  CHECK(order == std::vector<std::string>{"x", "early", "below", "shared", "a", "b", "c", "output"});
  CHECK_FALSE(journal.changed());  // it was so before: `below` and `b` both flow into `c`

  const auto apart = graph_of(R"(
    graph(x: f32[4]):
      wanted_late: f32[4] = aten.exp.default(x)
      a: f32[4] = aten.cos.default(x)
      b: f32[4] = aten.neg.default(a)
      half: f32[4] = aten.sin.default(wanted_late)
      c: f32[4] = aten.mul.Tensor(half, wanted_late)
      d: f32[4] = aten.add.Tensor(b, c)
      return (d,))");
  Journal edits(*apart);
  AnalysisManager of_apart(*apart);
  pass->transform(edits, of_apart, outcome);
  check(*apart);
  order.clear();
  for (const NodeId node : apart->nodes()) order.emplace_back(apart->text(apart->node(node).name));
  CHECK(order == std::vector<std::string>{"x", "a", "b", "wanted_late", "half", "c", "d", "output"});
}

TEST_CASE("the SDK's example of dominance leaves alone what has an order") {
  const Host host = examples();
  const auto pass = host.create_pass("sink_to_use", {});
  const auto graph = graph_of(R"(
    graph(x: f32[4]):
      a: f32[4] = aten.clone.default(x)
      b: f32[4] = aten.relu_.default(a)
      return (b,))");
  AnalysisManager analyses(*graph);
  Outcome outcome;
  CHECK(pass->analyze(analyses, outcome) == "its order means something");
}

TEST_CASE("the SDK's example of an analysis is asked for by a pass, and kept while it stands") {
  const Host host = examples();
  const auto analysis = host.create_analysis("call_depth", {});
  const auto pass = host.create_pass("deepest_call_note", {});
  const auto graph = graph_of(R"(
    graph(x: f32[4]):
      a: f32[4] = aten.exp.default(x)
      b: f32[4] = aten.sin.default(a)
      c: f32[4] = aten.add.Tensor(b, x)
      d: f32[4] = aten.neg.default(x)
      return (c, d))");
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  Outcome outcome;
  const std::shared_ptr<const void> first = analysis->answer(analyses, outcome);
  CHECK(analysis->answer(analyses, outcome) == first);
  CHECK(analysis->describe(analyses, outcome) == "c rests on 3 calls in a row\n");
  pass->transform(journal, analyses, outcome);
  REQUIRE(outcome.notes.size() == 1);
  CHECK(outcome.notes[0].what == "deepest_call_note: c");
  CHECK(outcome.statistics["depth"] == 3);

  const NodeId d = graph->value(graph->node(graph->output_node()).operands[1]).producer;
  journal.begin_rewrite(d, "deeper");
  journal.set_type(graph->result(d), graph->value(graph->result(d)).type);
  CHECK(analysis->answer(analyses, outcome) == first);  // types are not what it reads
  journal.set_operand(d, 0, graph->node(graph->output_node()).operands[0]);
  journal.end_rewrite();
  CHECK(analysis->answer(analyses, outcome) != first);
  CHECK(analysis->describe(analyses, outcome) == "d rests on 4 calls in a row\n");
}
