// Parts of a program: convex, in an order in which they run, libtorch's calls in program order.
#include <fmt/format.h>

#include <random>

#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// A graph of n calls with one or two earlier values each, drawn by `seed`.
std::unique_ptr<Graph> random_graph(std::size_t n, std::uint32_t seed) {
  std::mt19937 draw(seed);
  std::string text = "graph(x: f32[2], y: f32[2]):\n";
  std::vector<std::string> values = {"x", "y"};
  for (std::size_t k = 0; k < n; ++k) {
    const auto some = [&] {  // mostly a late one
      const std::size_t back = std::min<std::size_t>(values.size(), 1 + draw() % (draw() % 8 == 0 ? 64 : 6));
      return values[values.size() - back];
    };
    text += draw() % 2 == 0
                ? fmt::format("  v{}: f32[2] = aten.relu.default({})\n", k, some())
                : fmt::format("  v{}: f32[2] = aten.add.Tensor({}, {})\n", k, some(), some());
    values.push_back(fmt::format("v{}", k));
  }
  return graph_of(text + fmt::format("  return ({},)\n", values.back()));
}

// Each thing that runs once, in the order of the partition: whatever it reads was made before.
void require_runnable(const Graph& graph, const Partition& partition) {
  std::vector<bool> made(graph.value_bound(), false);
  std::vector<int> seen(graph.node_bound(), 0);
  std::uint32_t last_of_aten = 0;
  std::vector<std::uint32_t> position(graph.node_bound(), 0);
  std::uint32_t at = 0;
  for (const NodeId id : graph.nodes()) position[id.index] = at++;
  const auto run = [&](NodeId id) {
    ++seen[id.index];
    for (const ValueId operand : graph.node(id).operands) {
      if (!made[operand.index]) FAIL("a value is read before it is made");
    }
    for (const ValueId result : graph.results(id)) made[result.index] = true;
  };
  for (const Partition::Step& step : partition.order) {
    if (step.node) {
      if (position[step.node.index] < last_of_aten) FAIL("libtorch's calls changed their order");
      last_of_aten = position[step.node.index];
      run(step.node);
      continue;
    }
    const OffloadedPart& part = partition.parts[step.part];
    for (const ValueId input : part.inputs) {
      if (!made[input.index]) FAIL("a part runs before its inputs are there");  // so parts are convex
    }
    for (const NodeId id : part.nodes) run(id);
  }
  for (const NodeId id : graph.nodes()) {
    if (seen[id.index] != 1) FAIL("a node runs not at all, or twice");
  }
}

std::vector<std::uint32_t> random_runners(const Graph& graph, std::uint32_t seed) {
  std::mt19937 draw(seed);
  std::vector<std::uint32_t> runners(graph.node_bound(), kNoRunner);
  for (const NodeId id : graph.nodes()) {
    if (graph.node(id).opcode != Opcode::call_function) continue;
    const std::uint32_t drawn = draw() % 4;
    runners[id.index] = drawn == 0 ? kNoRunner : drawn == 1 ? 1 : 0;
  }
  return runners;
}

}  // namespace

TEST_CASE("parts of random graphs run in the order given") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const auto graph = random_graph(80, seed);
    const Partition parts = partition(*graph, random_runners(*graph, seed));
    require_runnable(*graph, parts);
    for (const OffloadedPart& part : parts.parts) {
      for (const ValueId input : part.inputs) {
        const NodeId producer = graph->value(input).producer;
        CHECK(std::ranges::find(part.nodes, producer) == part.nodes.end());
      }
    }
  }
}

TEST_CASE("a call that depends on nothing of a part does not split it") {
  const auto graph = graph_of(R"(
    graph(x: f32[2], y: f32[2]):
      a: f32[2] = aten.relu.default(x)
      u: f32[2] = aten.neg.default(y)
      b: f32[2] = aten.relu.default(a)
      v: f32[2] = aten.neg.default(b)
      c: f32[2] = aten.relu.default(v)
      return (c, u))");
  std::vector<std::uint32_t> runners(graph->node_bound(), kNoRunner);
  for (const NodeId id : graph->nodes()) {
    if (graph->text(graph->node(id).op) == "aten.relu.default") runners[id.index] = 0;
  }
  const Partition parts = partition(*graph, runners);
  REQUIRE(parts.parts.size() == 2);
  CHECK(parts.parts[0].nodes.size() == 2);  // a and b
  CHECK(parts.parts[0].inputs.size() == 1);
  CHECK(parts.parts[0].outputs.size() == 1);  // b: nobody else reads a
  CHECK(parts.parts[1].nodes.size() == 1);
}

TEST_CASE("a graph that nobody takes anything of runs as it stands") {
  const auto graph = random_graph(20, 1);
  const Partition parts = partition(*graph, std::vector<std::uint32_t>(graph->node_bound(), kNoRunner));
  CHECK(parts.parts.empty());
  require_runnable(*graph, parts);
}

TEST_CASE("100,000 calls") {
  const auto graph = random_graph(100'000, 7);
  const Partition parts = partition(*graph, random_runners(*graph, 7));
  require_runnable(*graph, parts);
  CHECK(parts.parts.size() > 100);
}
