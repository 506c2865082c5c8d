// Large graphs: what is quadratic anywhere (in a pass, the host or the graph) runs into the
// timeout. And what the text cases cannot show.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr int kCalls = 100000;

std::unique_ptr<Graph> chain(const char* first, const char* link, const char* returned) {
  std::string text = std::string("graph(x: f32[4]):\n  v0: f32[4] = ") + first + "\n";
  for (int k = 1; k < kCalls; ++k) {
    std::string line = link;
    for (std::size_t at; (at = line.find('@')) != std::string::npos;)
      line.replace(at, 1, "v" + std::to_string(k - 1));
    text += "  v" + std::to_string(k) + ": f32[4] = " + line + "\n";
  }
  return graph_of(text + "  return (" + returned + ",)\n");
}

std::uint32_t nodes_after(const char* pass_name, Graph& graph) {
  Outcome outcome;
  Journal journal(graph);
  AnalysisManager analyses(graph);
  shipped().create_pass(pass_name, {})->transform(journal, analyses, outcome);
  check(graph);
  return graph.node_count();
}

}  // namespace

TEST_CASE("dce: a dead chain of 100,000 calls") {
  const auto graph = chain("aten.relu.default(x)", "aten.relu.default(@)", "x");
  CHECK(nodes_after("dce", *graph) == 2);
}

TEST_CASE("dce: 20,000 calls in a chain, each passing its graph what that does not use") {
  std::string text = "graph(x: f32[4], v0: f32[4]):\n";
  for (int k = 1; k <= 20000; ++k) {
    const std::string n = std::to_string(k);
    text += "  u" + n + ": f32[4] = aten.sin.default(v" + std::to_string(k - 1) + ")\n  w" + n +
            ": (v" + n + ": f32[4]) = higher_order.wrap(self.body" + n + ", x, u" + n +
            ")\n    graph body" + n + "(a: f32[4], b: f32[4]):\n      return (a,)\n";
  }
  const auto graph = graph_of(text + "  return (v20000,)\n");
  CHECK(nodes_after("dce", *graph) == 3 + 3);  // the last call, its graph, and x, which is passed
}

TEST_CASE("dce: one call that passes 1,000 operands that its graph does not use") {
  std::string operands, placeholders;
  for (int k = 0; k < 1000; ++k) {
    operands += ", x";
    placeholders += ", p" + std::to_string(k) + ": f32[4]";
  }
  const std::string text = "graph(x: f32[4]):\n  w: (y: f32[4]) = higher_order.wrap(self.body, x";
  const auto graph = graph_of(text + operands + ")\n    graph body(a: f32[4]" + placeholders +
                              "):\n      return (a,)\n  return (y,)\n");
  CHECK(nodes_after("dce", *graph) == 5);
}

TEST_CASE("cse: 100,000 equal calls") {
  const auto graph = chain("aten.relu.default(x)", "aten.relu.default(x)", "v99999");
  CHECK(nodes_after("cse", *graph) == 3);
}

TEST_CASE("cse: a leader that may not be merged with is not compared again and again") {
  std::string text = "graph(x: f32[4]):\n", outputs;
  for (int k = 0; k < 20000; ++k) {
    text += "  v" + std::to_string(k) + ": f32[4] = aten.relu.default(x)\n";
    outputs += "v" + std::to_string(k) + ", ";
  }
  const auto graph = graph_of(text + "  return (" + outputs + ")\n");
  CHECK(nodes_after("cse", *graph) == 20002);
}

TEST_CASE("constant_folding: a chain of 100,000 calls on a constant") {
  const auto graph = chain("aten.ones.default([4])", "aten.neg.default(@)", "x");
  CHECK(nodes_after("constant_folding", *graph) ==
        kCalls + 2);  // unused: dead code is dce's business
}
