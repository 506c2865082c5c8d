// What the runner itself refuses, before any verifier is asked: broken graphs, and types that are
// not what operands make.
#include "runner_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

TEST_CASE("a broken graph is refused before any verifier sees it") {
  int asked = 0;
  const auto judge = [&](auto&&...) {
    ++asked;
    return passed();
  };
  const auto expect = [&](std::unique_ptr<FakePass> pass, std::string_view code) {
    Ran ran(pipeline(verifier(judge), std::move(pass)));
    REQUIRE(ran.error);
    CHECK(code_name(ran.error->code) == code);
    CHECK_THAT(ran.error->where, contains("after pass 'breaks' of plugin 'test'"));
    CHECK(ran.after() == ran.before);
  };
  expect(pass("breaks",
              [](Journal& journal) {
                const Graph& graph = journal.graph();
                journal.begin_rewrite(find(graph, "relu"), "backwards");
                journal.move_before(find(graph, "dead"), find(graph, "relu"));
                journal.end_rewrite();
              }),
         "graph-use-before-definition");
  expect(pass("breaks",
              [](Journal& journal) {
                const Graph& graph = journal.graph();
                journal.begin_rewrite(find(graph, "relu"), "an output that is the input");
                journal.replace_all_uses(graph.result(find(graph, "relu")),
                                         graph.result(find(graph, "x")));
                journal.end_rewrite();
              }),
         "graph-new-alias");
  auto own = eraser("breaks", "dead");
  own->own_check = [](const Graph&) { throw Error({Code::graph_bad_edit, "not what I meant"}); };
  expect(std::move(own), "graph-bad-edit");
  CHECK(asked == 0);
}

TEST_CASE("a recorded type that is not what the operands make is refused, and its node named") {
  const auto widen = [](Journal& journal) {  // the type says one thing, the call another
    const Graph& graph = journal.graph();
    const NodeId node = find(graph, "dead");
    Type type = graph.type(graph.result(node));
    type.dtype = DType::float64;
    journal.begin_rewrite(node, "wrong on purpose");
    journal.set_type(graph.result(node), graph.intern(type));
    journal.end_rewrite();
  };
  const Ran ran(pipeline(verifier(always(passed())), pass("widen", widen)));
  REQUIRE(ran.error);
  CHECK(code_name(ran.error->code) == "graph-type-mismatch");
  CHECK_THAT(ran.error->what, contains("'dead' (aten.neg.default) is recorded as f64[2]"));
  CHECK(ran.error->where == "after pass 'widen' of plugin 'test': node 'dead'");
  CHECK(ran.after() == ran.before);
}

TEST_CASE("a view's place in its storage, which plugins cannot say, is not asked of them") {
  const auto narrow = [](Journal& journal) {
    const Graph& graph = journal.graph();
    const NodeId relu = find(graph, "relu");
    NodeSpec spec;
    spec.op = graph.intern("aten.slice.Tensor");
    spec.add_tensor(graph.intern("self"), graph.result(relu));
    for (const auto& [name, value] : {std::pair{"dim", 0}, {"start", 1}, {"end", 2}}) {
      spec.arguments.push_back({graph.intern(name), ArgForm::positional,
                                Argument{ArgKind::integer, std::int64_t{value}}});
    }
    spec.arguments.push_back({graph.intern("step"), ArgForm::defaulted,
                              Argument{ArgKind::integer, std::int64_t{1}}});
    spec.result_forms = {ResultForm{}};
    Type type = graph.type(graph.result(relu));
    type.sizes = {SymInt(1)};
    spec.result_types = {graph.intern(type)};
    journal.begin_rewrite(relu, "a second element");
    journal.create_node(std::move(spec), {kRootBlock, find(graph, "dead")});
    journal.end_rewrite();
  };
  const Ran ran(pipeline(verifier(always(passed())), pass("narrow", narrow)));
  CHECK_FALSE(ran.error);
}

TEST_CASE("a type that the program itself records wrongly is no pass's fault") {
  Ran ran{ResolvedPipeline{}};
  const ValueId dead = ran.program.graph->result(find(*ran.program.graph, "dead"));
  {
    Journal journal(*ran.program.graph, Journal::Recording::off);
    Type type = ran.program.graph->type(dead);
    type.dtype = DType::float64;
    journal.set_type(dead, ran.program.graph->intern(type));
  }
  ResolvedPipeline erases = pipeline(verifier(always(passed())), eraser("erase", "also_dead"));
  run_pipeline(ran.program, erases, Device{}, ran.log, ran.report);
  CHECK(ran.report.passes[0].status == PassStatus::changed);
}
