// 100,000 nodes are a normal graph: building, printing, parsing, checking, editing, undoing and
// snapshots go through without recursion or a hidden square (which the runner's time limit would
// meet).
#include <boost/graph/topological_sort.hpp>

#include "graph/boost_graph.hpp"
#include "graph/nested_blocks.hpp"
#include "graph/programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::uint32_t kSize = 100000;

// A chain in which every node also uses x, so that x has as many users as there are nodes.
std::unique_ptr<Graph> chain() {
  std::string text = "graph(x: f32[8]):\n  add: f32[8] = aten.add.Tensor(x, x)\n";
  text.reserve(kSize * 60);
  for (std::uint32_t i = 1; i < kSize; ++i) {
    text += fmt::format("  add_{}: f32[8] = aten.add.Tensor(add{}, x, alpha=2)\n", i,
                        i == 1 ? "" : fmt::format("_{}", i - 1));
  }
  return parse_graph(text + fmt::format("  return (add_{},)\n", kSize - 1));
}

}  // namespace

TEST_CASE("a long chain is parsed, printed and checked") {
  const auto graph = chain();
  CHECK(graph->node_count() == kSize + 2);
  CHECK(find_problems(*graph).empty());
  const std::string text = print(*graph);
  CHECK(print(*parse_graph(text)) == text);
}

TEST_CASE("a long chain is edited and undone") {
  const auto graph = chain();
  const std::string before = print(*graph);
  Journal journal(*graph);
  REQUIRE(journal.begin_rewrite(node(*graph, "add"), "all at once"));
  const ValueId x = value(*graph, "x");
  const ValueId add = value(*graph, "add");
  journal.replace_all_uses(x, add);
  journal.replace_all_uses(add, x);
  std::vector<NodeId> nodes;
  for (NodeId n : graph->nodes()) nodes.push_back(n);
  for (NodeId n : nodes) {
    if (graph->node(n).opcode != Opcode::call_function) continue;
    const NodeId made =
        journal.create_node(call(*graph, "aten.relu.default", {x}), {kRootBlock, n});
    journal.replace_all_uses(graph->result(n), graph->result(made));
    journal.erase_node(n);
  }
  journal.end_rewrite();
  CHECK(journal.changed());
  CHECK(journal.tally().created == kSize);
  CHECK(find_problems(*graph).empty());
  journal.rollback();
  CHECK(print(*graph) == before);
  CHECK(find_problems(*graph).empty());
}

TEST_CASE("a long chain is sorted by Boost and flattened") {
  const auto graph = chain();
  const Snapshot snapshot(*graph);
  CHECK(snapshot.size() == kSize + 4);
  CHECK(snapshot.edge_count() == 2 * kSize + 2);
  std::vector<NodeId> order;
  const DataFlow flow(*graph);
  boost::topological_sort(flow, std::back_inserter(order));
  CHECK(order.size() == kSize + 2);
  CHECK(order.front() == graph->output_node());
}

TEST_CASE("graphs nested as deep as they may be are built, checked, printed, erased and restored") {
  constexpr int kDepth = kMostNesting;
  std::string text = "graph(x):\n", end = "return (x,)\n";
  for (int i = 0; i < kDepth; ++i) {
    text += "y = higher_order.f(self.b, x) graph b(x):\n";
    end += "return (y,)\n";
  }
  const auto graph = parse_graph(text + end);
  CHECK(find_problems(*graph).empty());
  CHECK(print(*parse_graph(print(*graph))) == print(*graph));
  Journal journal(*graph);
  REQUIRE(journal.begin_rewrite(node(*graph, "x"), "drop it all"));
  journal.replace_all_uses(value(*graph, "y"), value(*graph, "x"));
  journal.erase_node(graph->node(graph->output_node()).prev);
  CHECK(graph->node_count() == 2);
  journal.rollback();
  CHECK(graph->node_count() == 3 * kDepth + 2);
  CHECK(find_problems(*graph).empty());
}
