// What a program leaves behind for its caller: every name of what is written or updated, and
// gradients.
#include "catch.hpp"
#include "graph/journal.hpp"
#include "graph/text.hpp"
#include "ops/effects.hpp"
#include "ops/registry.hpp"

using namespace fettle;

namespace {

std::vector<std::string> effects_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Effect& effect : program_effects(graph, AliasClasses(graph))) {
    names.push_back(std::string(effect_kind_name(effect.name.kind)) + " " + effect.name.target);
  }
  return names;
}

std::unique_ptr<Graph> graph_of(const std::string& text) {
  auto graph = parse_graph(text);
  bind_schemas(*graph, "test");
  return graph;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("what calls write in place, also through views") {
  const auto graph = graph_of(R"(
    graph(p: f32[4] = parameter 'w' value=[1.0, 2.0, 3.0, 4.0],
          b: f32[4] = buffer 'state' value=[1.0, 2.0, 3.0, 4.0],
          c: f32[4] = tensor_constant 'c' value=[1.0, 2.0, 3.0, 4.0],
          u: f32[4] = buffer 'unchanged' value=[1.0, 2.0, 3.0, 4.0], x: f32[4], y: f32[4]):
      view: f32[2, 2] = aten.view.default(b, [2, 2])
      select: f32[2] = aten.select.int(view, 0, 1)
      fill_: f32[2] = aten.fill_.Scalar(select, 0.0)
      add_: f32[4] = aten.add_.Tensor(x, p)
      mul_: f32[4] = aten.mul_.Tensor(c, y)
      add: f32[4] = aten.add.Tensor(u, y)
      return (add,))");
  CHECK(effects_of(*graph) == Names{"buffer state", "constant c", "user_input x"});
}

TEST_CASE("running statistics, when a batch norm trains") {
  const auto text = [](const char* training) {
    return std::string(R"(
    graph(m: f32[3] = buffer 'bn.running_mean' value=[0.0, 0.0, 0.0],
          v: f32[3] = buffer 'bn.running_var' value=[1.0, 1.0, 1.0], x: f32[4, 3]):
      out: f32[4, 3] = aten.batch_norm.default(x, None, None, m, v, )") +
           training + ", 0.1, 1e-05, True)\n return (out,)";
  };
  CHECK(effects_of(*graph_of(text("True"))) ==
        Names{"buffer bn.running_mean", "buffer bn.running_var"});
  CHECK(effects_of(*graph_of(text("False"))).empty());
}

TEST_CASE("what outputs update, and gradients, each in its order") {
  const auto graph = graph_of(R"(
    graph(p: f32[] = parameter 'w' value=1.0, b: f32[] = buffer 'count' value=0.0, x: f32[]):
      count: f32[] = aten.add.Tensor(b, 1)
      loss: f32[] = aten.mul.Tensor(p, x)
      return (loss -> loss_output, count -> buffer_mutation 'count', x -> gradient_to_parameter 'w',
              p -> gradient_to_user_input 'x', loss -> user_input_mutation 'x'))");
  const AliasClasses aliases(*graph);
  const std::vector<Effect> effects = program_effects(*graph, aliases);
  CHECK(effects_of(*graph) == Names{"buffer count", "user_input x", "parameter_gradient w",
                                    "user_input_gradient x"});
  CHECK(effects[0].outputs == std::vector<std::uint32_t>{1});
  CHECK(effects[1].outputs == std::vector<std::uint32_t>{4});
  CHECK(effects[2].gradient());
  CHECK(effects[2].outputs == std::vector<std::uint32_t>{2});
  CHECK(graph->text(graph->value(effects[2].value).name) == "p");  // what it is the gradient of
}

TEST_CASE("each name of a storage that changes") {
  auto graph = graph_of(R"(
    graph(a: f32[2] = buffer 'a', b: f32[2] = buffer 'b', c: f32[2] = buffer 'c', x: f32[2]):
      sum: f32[2] = aten.add.Tensor(a, x)
      return (sum, sum -> buffer_mutation 'a'))");
  const float zeros[4] = {};
  const auto shared = make_storage(zeros, sizeof zeros);
  const Type type = graph->type(ValueId(0));
  Journal journal(*graph, Journal::Recording::off);
  journal.add_constant("a", {shared, type});
  Type second = type;
  second.storage_offset = 2;
  journal.add_constant("b", {shared, second});
  journal.add_constant("c", {make_storage(zeros, 8), type});
  CHECK(effects_of(*graph) == Names{"buffer a", "buffer b"});
}
