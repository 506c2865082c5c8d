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
  shipped().create_pass(pass_name, {})->transform(journal, outcome);
  check(graph);
  return graph.node_count();
}

}  // namespace

TEST_CASE("dce: a dead chain of 100,000 calls") {
  const auto graph = chain("aten.relu.default(x)", "aten.relu.default(@)", "x");
  CHECK(nodes_after("dce", *graph) == 2);
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
