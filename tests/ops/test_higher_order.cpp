// What fettle knows of calls that own nested graphs: their form, their facts, what shares storage.
#include "catch.hpp"

#include "graph/text.hpp"
#include "graph_builder.hpp"
#include "ops/facts.hpp"
#include "ops/higher_order.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Indices = std::vector<std::uint32_t>;

NodeId node(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    if (graph.text(graph.node(NodeId(i)).name) == name) return NodeId(i);
  }
  FAIL("no node " << name);
  return {};
}

std::unique_ptr<Graph> program(const std::string& text) {
  auto graph = parse_graph(text);
  bind_schemas(*graph, "test");
  return graph;
}

// cond(p, yes, no, [x, y]) whose branches are given as text, `h` among the nodes of the program.
std::unique_ptr<Graph> cond(const std::string& yes, const std::string& no) {
  return program("graph(x: f32[2], y: f32[2], p: b8[]):\n"
                 "h: (r: f32[2]) = higher_order.cond(p, self.yes, self.no, [x, y])\n"
                 "graph yes(a: f32[2], b: f32[2]): " + yes +
                 "\ngraph no(c: f32[2], d: f32[2]): " + no + "\nreturn (r)");
}

std::string refusal(const std::string& call) {
  return error_of([&] {
    check_schemas(*program("graph(x: f32[2], p: b8[], n: Sym(s9)): h: (r: f32[2]) = higher_order." +
                           call + " return (r)"));
  });
}

}  // namespace

TEST_CASE("each operator of the table is known, and messages name them all") {
  for (const HigherOrderOperator& op : higher_order_operators()) {
    CHECK(find_higher_order(op.name) == &op);
    REQUIRE(find_operator(op.name));
    CHECK(find_operator(op.name)->source == SchemaSource::higher_order);
    CHECK_THAT(higher_order_names(),
               contains(std::string(op.name.substr(kHigherOrderPrefix.size()))));
  }
  CHECK_FALSE(find_higher_order("higher_order.cond.default"));
  CHECK_FALSE(find_higher_order("higher_order."));
}

TEST_CASE("arguments and nested graphs that do not fit together are refused") {
  const std::string neg = " graph g(a: f32[2]): n: f32[2] = aten.neg.default(a) return (n)";
  const std::string neg2 = " graph k(a: f32[2]): n: f32[2] = aten.neg.default(a) return (n)";
  const auto refused = [](const std::string& call, const std::string& why) {
    INFO(call);
    CHECK_THAT(refusal(call), contains("graph-bad-arguments") && contains(why));
  };
  CHECK(refusal("cond(p, self.g, self.k, [x])" + neg + neg2) == "no error");
  refused("cond(p, self.g, [x])" + neg, "where a nested graph belongs");
  refused("cond(self.g, self.k, p, [x])" + neg + neg2, "where a predicate belongs");
  refused("cond(p, self.g, self.k)" + neg + neg2, "fewer arguments");
  refused("cond(p, self.g, self.k, [x], x)" + neg + neg2, "more arguments");
  refused("cond(p, self.g, self.k, [x, x])" + neg + neg2, "passes 2 values to 'g', which has 1");
  refused("cond(p, self.g, self.k, ['x'])" + neg + neg2, "holds what is none");
  refused("cond(p, self.g, self.k, [n])" + neg + neg2, "a value of another kind");
  refused("cond(p, self.g, self.k, [x])" + neg + " graph k(a): return (a, a)",
          "1 results and 'k' returns 2");
  refused("cond(p, self.g, self.k, operands=[x])" + neg + neg2, "'operands' is given by keyword");
  refused("while_loop(self.g, self.k, [x], [])" + neg + " graph k(a): return ()",
          "1 values are carried and the body returns 0");
  refused("while_loop(self.g, self.k, [x], []) graph g(a): return (a, a)" + neg2,
          "must return one value");
  refused("scan(self.g, [x], [], [])" + neg, "nothing to slice");
  refused("scan(self.g, [], [n], [])" + neg, "must be tensors");
  refused("scan(self.g, [x], [x], []) graph g(a, b): return ()", "the body returns 0");
  refused("wrap_with_set_grad_enabled(1, self.g, x)" + neg, "where a bool belongs");
  refused("wrap_with_autocast('cpu', 'bf16', True, None, self.g, x)" + neg, "where a dtype belongs");
  refused("wrap_with_autocast(1, None, True, None, self.g, x)" + neg, "where a string belongs");
  refused("hints_wrapper(self.g, [x], {'a': 1}, hints={})" + neg, "where an empty dictionary");
  refused("tag_activation_checkpoint(self.g, x, extra=x)" + neg, "'extra' is given by keyword");
}

TEST_CASE("a branch is as impure as the worse of its graphs") {
  const auto pure = cond("s: f32[2] = aten.sin.default(a) return (s)",
                         "s: f32[2] = aten.cos.default(d) return (s)");
  CHECK(call_facts(*pure, node(*pure, "h")).pure());
  CHECK(call_facts(*pure, node(*pure, "h")).results_alias == std::vector<Indices>{{}});

  const auto random = cond("s: f32[2] = aten.sin.default(a) return (s)",
                           "s: f32[2] = aten.rand_like.default(d) return (s)");
  CHECK(call_facts(*random, node(*random, "h")).random);

  const auto asserts = cond("t: None = aten._assert_async.default(a) return (a)",
                            "s: f32[2] = aten.cos.default(d) return (s)");
  CHECK(call_facts(*asserts, node(*asserts, "h")).side_effect);

  const auto writes = cond("s: f32[2] = aten.sin.default(a) return (s)",
                           "s: f32[2] = aten.neg_.default(d) return (s)");
  const CallFacts facts = call_facts(*writes, node(*writes, "h"));
  CHECK(facts.writes == Indices{2});  // operand 0 is the predicate
  CHECK(facts.results_alias == std::vector<Indices>{{2}});
}

TEST_CASE("what one nested graph writes is written outside it, and in the others") {
  const auto graph = cond("v: f32[2] = aten.view.default(b, [2]) return (v)",
                          "s: f32[2] = aten.neg_.default(d) return (s)");
  CHECK(call_facts(*graph, node(*graph, "h")).results_alias == std::vector<Indices>{{2}});
  const AliasClasses classes(*graph);
  const auto written = [&](std::string_view name) {
    return classes.written(graph->result(node(*graph, name)));
  };
  for (const char* name : {"y", "b", "v", "d", "s", "h"}) CHECK(written(name));
  for (const char* name : {"x", "a", "c", "p"}) CHECK_FALSE(written(name));
}

TEST_CASE("results of one graph that share storage do so outside, without any operand") {
  const auto graph = program(R"(
    graph(x: f32[2]):
      h: (r: f32[2], q: f32[2], s: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.g, x)
        graph g(a: f32[2]):
          n: f32[2] = aten.neg.default(a)
          v: f32[2] = aten.view.default(n, [2])
          c: f32[2] = aten.cos.default(a)
          return (n, v, c)
      return (r, q, s))");
  const AliasClasses classes(*graph);
  const NodeId h = node(*graph, "h");
  CHECK(classes.class_of(graph->result(h, 0)) == classes.class_of(graph->result(h, 1)));
  CHECK(classes.class_of(graph->result(h, 0)) != classes.class_of(graph->result(h, 2)));
  CHECK(classes.class_of(graph->result(h, 0)) != classes.class_of(graph->result(node(*graph, "x"))));
}

TEST_CASE("a loop's results share storage with what earlier iterations were given") {
  const auto graph = program(R"(
    graph(x: f32[2], y: f32[2], z: f32[2], p: b8[]):
      h: (r: f32[2], q: f32[2], s: f32[2]) = higher_order.while_loop(self.c, self.g, [x, y, z], [p])
        graph c(a: f32[2], b: f32[2], d: f32[2], e: b8[]):
          return (e)
        graph g(a: f32[2], b: f32[2], d: f32[2], e: b8[]):
          n: f32[2] = aten.neg.default(d)
          return (b, a, n)
      return (r, q, s))");
  const CallFacts facts = call_facts(*graph, node(*graph, "h"));
  CHECK(facts.pure());
  CHECK(facts.results_alias == std::vector<Indices>{{0, 1}, {0, 1}, {}});
}

TEST_CASE("what a scan stacks is new, what it carries may not be") {
  const auto graph = program(R"(
    graph(x: f32[2], y: f32[3, 2]):
      h: (r: f32[2], q: f32[3, 2]) = higher_order.scan(self.g, [x], [y], [])
        graph g(a: f32[2], b: f32[2]):
          return (b, b)
      m: (t: f32[3, 2]) = higher_order.map_impl(self.k, [y], [])
        graph k(u: f32[2]):
          return (u)
      return (r, q, t))");
  CHECK(call_facts(*graph, node(*graph, "h")).results_alias == std::vector<Indices>{{1}, {}});
  CHECK(call_facts(*graph, node(*graph, "m")).results_alias == std::vector<Indices>{{}});
  const AliasClasses classes(*graph);
  const NodeId h = node(*graph, "h");
  CHECK(classes.class_of(graph->result(h, 0)) == classes.class_of(graph->result(node(*graph, "y"))));
  CHECK(classes.class_of(graph->result(h, 1)) != classes.class_of(graph->result(node(*graph, "y"))));
}
