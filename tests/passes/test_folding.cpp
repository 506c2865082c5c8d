// Constant folding, as far as graphs before and after cannot show it.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

void fold(const char* pass, Graph& graph) {
  Outcome outcome;
  Journal journal(graph);
  AnalysisManager analyses(graph);
  shipped().create_pass(pass, {})->transform(journal, analyses, outcome);
  check(graph);
}

}  // namespace

TEST_CASE("constant_folding: what cannot be computed stays") {
  const auto graph = graph_of(
      "graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], x: f32[3]):\n"
      "  view: f32[3] = aten.view.default(b, [3])\n"
      "  neg: f32[3] = aten.neg.default(view)\n"
      "  ones: f32[3] = aten.ones.default([3])\n"
      "  add: f32[3] = aten.add.Tensor(x, neg)\n"
      "  add_1: f32[3] = aten.add.Tensor(add, ones)\n  return (add_1,)\n");
  fold("constant_folding", *graph);
  CHECK_THAT(text_of(*graph), contains("aten.view.default(b, [3])"));
  CHECK_THAT(text_of(*graph), contains("aten.neg.default(view)"));
  CHECK_THAT(text_of(*graph), !contains("aten.ones"));
}

TEST_CASE(
    "parameter_folding takes parameters for constants, and says that it is for inference only") {
  CHECK(shipped().component(ComponentKind::pass, "parameter_folding").promise ==
        Promise::inference_only);
  CHECK(shipped().component(ComponentKind::pass, "constant_folding").promise == Promise::exact);
  const auto graph = graph_of(
      "graph(w: f32[2] = parameter 'w' value=[1.0, 4.0], x: f32[2]):\n"
      "  sqrt: f32[2] = aten.sqrt.default(w)\n"
      "  add: f32[2] = aten.add.Tensor(x, sqrt)\n  return (add,)\n");
  fold("parameter_folding", *graph);
  CHECK(graph->node_count() == 4);
  CHECK_THAT(text_of(*graph), contains("value=[1.0, 2.0]"));
  CHECK_THAT(text_of(*graph), !contains("parameter"));
}

TEST_CASE("a weight that a run changes under another name is no constant, and stays") {
  const auto program = [](const char* update, const char* output) {
    auto graph = parse_graph(std::string("graph(a: f32[2] = buffer 'a', b: f32[2] = buffer 'b', "
                                         "c: f32[2] = buffer 'c', x: f32[2]):\n") +
                             "  neg: f32[2] = aten.neg.default(b)\n"
                             "  new: f32[2] = " + update + "\n"
                             "  out: f32[2] = aten.add.Tensor(x, neg)\n  return (out" + output +
                             ")\n");
    bind_schemas(*graph, "test");
    const float values[3] = {1, 2, 3};
    const auto shared = make_storage(values, sizeof values);
    Type type = graph->type(ValueId(0));
    Journal journal(*graph, Journal::Recording::off);
    journal.add_constant("a", {shared, type});
    type.storage_offset = 1;
    journal.add_constant("b", {shared, type});
    journal.add_constant("c", {shared, type});
    return graph;
  };
  for (const auto& graph : {program("aten.add_.Tensor(a, x)", ""),
                            program("aten.add.Tensor(a, x)", ", new -> buffer_mutation 'a'")}) {
    const std::string before = text_of(*graph);
    fold("constant_folding", *graph);
    fold("dce", *graph);  // nobody reads 'c', and each run changes it
    CHECK(text_of(*graph) == before);
  }
}
