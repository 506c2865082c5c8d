// A part of a program as a program of its own, and a pass's edits carried out again one by one.
#include "catch.hpp"
#include "graph/checks.hpp"
#include "graph/edit_recorder.hpp"
#include "graph/extract.hpp"
#include "graph/rewrite_replay.hpp"
#include "graph/text.hpp"

using namespace fettle;

namespace {

constexpr const char* kModel = R"(
  graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], x: f32[2], p: b8[]):
    a: f32[2] = aten.mul.Tensor(x, w)
    b: f32[2] = aten.relu.default(a)
    cond: (c: f32[2]) = higher_order.cond(p, self.yes, self.no, [b])
      graph yes(y: f32[2]):
        s: f32[2] = aten.sin.default(y)
        return (s,)
      graph no(y: f32[2]):
        n: f32[2] = aten.neg.default(y)
        return (n,)
    d: f32[2] = aten.add.Tensor(c, a)
    return (d, b))";

NodeId named(const Graph& graph, std::string_view name) {
  for (const NodeId id : graph.nodes()) {
    if (graph.text(graph.node(id).name) == name) return id;
  }
  FAIL("no node " << name);
  return {};
}

}  // namespace

TEST_CASE("what is left out becomes inputs, weights come along, nested graphs go with their calls") {
  const std::unique_ptr<Graph> graph = parse_graph(kModel);
  const NodeId cond = named(*graph, "cond"), d = named(*graph, "d");
  const std::vector<NodeId> calls = {cond, d};
  const std::vector<ValueId> outputs = {graph->result(d)};
  const Extract part = extract(*graph, calls, {}, outputs);
  check(*part.graph);
  CHECK(print(*part.graph) == print(*parse_graph(R"(
    graph(p: b8[], b: f32[2], a: f32[2]):
      cond: (c: f32[2]) = higher_order.cond(p, self.yes, self.no, [b])
        graph yes(y: f32[2]):
          s: f32[2] = aten.sin.default(y)
          return (s,)
        graph no(y: f32[2]):
          n: f32[2] = aten.neg.default(y)
          return (n,)
      d: f32[2] = aten.add.Tensor(c, a)
      return (d,))")));
  REQUIRE(part.inputs.size() == 3);
  CHECK(part.inputs[1] == graph->result(named(*graph, "b")));

  const NodeId a = named(*graph, "a");
  const Extract with_weight = extract(*graph, std::vector{a}, {}, std::vector{graph->result(a)});
  check(*with_weight.graph);
  CHECK(with_weight.graph->constants().at("w").storage == graph->constants().at("w").storage);
  CHECK(with_weight.inputs.size() == 1);
}

TEST_CASE("inputs that are asked for come first, wanted or not; an input may be handed through") {
  const std::unique_ptr<Graph> graph = parse_graph(kModel);
  const ValueId a = graph->result(named(*graph, "a")), b = graph->result(named(*graph, "b"));
  const Extract part = extract(*graph, {}, std::vector{b, a}, std::vector{a});
  check(*part.graph);
  CHECK(print(*part.graph) == "graph(b: f32[2], a: f32[2]):\n  return (a,)\n");
}

TEST_CASE("rewrites are replayed one by one, with the ids they had") {
  const std::unique_ptr<Graph> original = parse_graph(kModel);
  const std::unique_ptr<Graph> edited = original->clone();
  EditRecorder edits;
  std::size_t second = 0;
  const auto rewrite = [&](std::string_view node, std::string_view op) {
    Journal journal(*edited);
    second = edits.bytes().size();
    journal.record_into(edits);
    const NodeId old = named(*edited, node);
    for (int k = 0; k < 2; ++k) {
      REQUIRE(journal.begin_rewrite(old, "again"));
      NodeSpec spec;
      spec.op = edited->intern(op);
      spec.add_tensor(edited->intern("self"), edited->node(old).operands[0]);
      spec.result_forms = {{ArgKind::tensor, 1}};
      spec.result_types = {edited->value(edited->result(old)).type};
      const NodeId made = journal.create_node(std::move(spec), {.before = old});
      journal.replace_all_uses(edited->result(old), edited->result(made));
      journal.end_rewrite();
    }
  };
  rewrite("b", "aten.sigmoid.default");
  rewrite("a", "aten.tanh.default");

  RewriteReplay replay(*original, *edited, edits, second);
  CHECK(print(replay.graph()).find("tanh") == std::string::npos);
  CHECK(print(replay.graph()).find("sigmoid") != std::string::npos);
  REQUIRE(replay.next());
  const Journal::Footprint first =
      replay.journal().footprint(replay.journal().kept_rewrites().back());
  CHECK(first.created.size() == 1);
  REQUIRE(first.replaced.size() == 1);
  CHECK(first.replaced[0].old == original->result(named(*original, "a")));
  CHECK_FALSE(first.beyond_calls);
  REQUIRE(replay.next());
  CHECK_FALSE(replay.next());
  CHECK(print(replay.graph(), PrintOptions::exact()) == print(*edited, PrintOptions::exact()));
}
