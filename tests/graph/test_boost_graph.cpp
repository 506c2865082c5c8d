// Boost.Graph over blocks and snapshots: the concepts hold, and its algorithms say what is true.
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>
#include <random>
#include <sstream>

#include "graph/boost_graph.hpp"
#include "graph/programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<DataFlow>));
BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<DataFlow>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<DataFlow>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<DataFlow, NodeId, boost::vertex_index_t>));
BOOST_CONCEPT_ASSERT((boost::ReadablePropertyGraphConcept<DataFlow, NodeId, boost::vertex_name_t>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<Snapshot>));
BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<Snapshot>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<Snapshot>));
BOOST_CONCEPT_ASSERT(
    (boost::ReadablePropertyGraphConcept<Snapshot, Snapshot::Vertex, boost::vertex_index_t>));

constexpr std::string_view kProgram = R"(
  graph(w: f32[2], x: f32[2]):
    relu: f32[2] = aten.relu.default(x)
    max_1: (values: f32[2], indices: i64[2]) = aten.max.dim(relu, 0)
    add: f32[2] = aten.add.Tensor(values, values)
    zeros: f32[2] = aten.zeros.default([2])
    wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, add)
      graph sub(x: f32[2]):
        cos: f32[2] = aten.cos.default(x)
        return (cos,)
    return (sin, indices)
)";

// A program of `size` calls, each on up to three values defined before it.
std::unique_ptr<Graph> random_program(std::uint32_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  auto graph = parse_graph("graph(x): return (x,)");
  Journal journal(*graph, Journal::Recording::off);
  std::vector<ValueId> values = {value(*graph, "x")};
  for (std::uint32_t i = 0; i < size; ++i) {
    std::vector<ValueId> operands;
    for (auto k = random() % 4; k > 0; --k) operands.push_back(values[random() % values.size()]);
    values.push_back(graph->result(journal.create_node(call(*graph, "a.f", operands), {})));
  }
  return graph;
}

using Vertex = Snapshot::Vertex;

// Immediate dominators by definition: a dominates v when v cannot be reached without a.
std::vector<Vertex> dominators_by_definition(const Snapshot& snapshot) {
  const std::uint32_t n = snapshot.size();
  std::vector<std::vector<bool>> dominates(n);
  for (Vertex a = 0; a < n; ++a) {
    std::vector<bool> reached(n);
    std::vector<Vertex> stack;
    if (a != snapshot.entry()) stack.push_back(snapshot.entry());
    while (!stack.empty()) {
      const Vertex v = stack.back();
      stack.pop_back();
      if (reached[v]) continue;
      reached[v] = true;
      for (Vertex next : snapshot.successors(v)) {
        if (next != a) stack.push_back(next);
      }
    }
    reached.flip();
    dominates[a] = std::move(reached);
  }
  std::vector<Vertex> immediate(n, boost::graph_traits<Snapshot>::null_vertex());
  for (Vertex v = 1; v < n; ++v) {
    // The one that all other strict dominators dominate; they come before v in program order.
    for (Vertex a = v; a-- > 0;) {
      if (dominates[a][v]) {
        immediate[v] = a;
        break;
      }
    }
  }
  return immediate;
}

}  // namespace

TEST_CASE("a block is a graph of Boost's") {
  const auto graph = program(kProgram);
  const DataFlow flow(*graph);
  CHECK(num_vertices(flow) == 8);
  CHECK(num_edges(flow) == 7);
  std::size_t counted = 0;
  for (auto [edge, end] = edges(flow); edge != end; ++edge) {
    CHECK(flow.index(source(*edge, flow)) < flow.index(target(*edge, flow)));
    ++counted;
  }
  CHECK(counted == num_edges(flow));
  std::vector<std::string> users;
  for (auto [edge, end] = out_edges(node(*graph, "max_1"), flow); edge != end; ++edge) {
    users.push_back(get(boost::vertex_name, flow, target(*edge, flow)));
  }
  CHECK(users.size() == out_degree(node(*graph, "max_1"), flow));
  CHECK(std::count(users.begin(), users.end(), "add") == 2);  // both operands
  CHECK(std::count(users.begin(), users.end(), "output") == 1);
  CHECK(in_degree(node(*graph, "add"), flow) == 2);
  CHECK(degree(node(*graph, "w"), flow) == 0);
}

TEST_CASE("topological_sort accepts program order's graph, nested ones too") {
  const auto graph = program(kProgram);
  for (const BlockId block : {kRootBlock, BlockId(1)}) {
    const DataFlow flow(*graph, block);
    std::vector<NodeId> order;
    boost::topological_sort(flow, std::back_inserter(order));
    REQUIRE(order.size() == num_vertices(flow));
    std::vector<std::size_t> place(graph->node_bound());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i].index] = order.size() - i;
    for (auto [edge, end] = edges(flow); edge != end; ++edge) {
      CHECK(place[source(*edge, flow).index] < place[target(*edge, flow).index]);
    }
  }
}

TEST_CASE("a snapshot has dense vertices, an entry and an exit") {
  const auto graph = program(kProgram);
  const Snapshot snapshot(*graph);
  CHECK(snapshot.version() == graph->version());
  REQUIRE(snapshot.size() == 10);
  const auto at = [&](std::string_view name) { return snapshot.vertex(node(*graph, name)); };
  const Vertex output = snapshot.vertex(graph->output_node());  // the nested one has its name
  for (Vertex v = 1; v < snapshot.exit(); ++v) CHECK(snapshot.vertex(snapshot.node(v)) == v);
  const auto list = [](std::span<const Vertex> vertices) {
    return std::vector<Vertex>(vertices.begin(), vertices.end());
  };
  CHECK(list(snapshot.successors(0)) == std::vector{at("w"), at("x"), at("zeros")});
  CHECK(list(snapshot.predecessors(at("add"))) == std::vector{at("max_1")});  // once
  CHECK(list(snapshot.successors(at("max_1"))) == std::vector{at("add"), output});
  CHECK(list(snapshot.predecessors(snapshot.exit())) ==
        std::vector{at("w"), at("zeros"), output});
  CHECK(snapshot.successors(snapshot.exit()).empty());
  CHECK(snapshot.predecessors(snapshot.entry()).empty());
  std::size_t counted = 0;
  for (auto [edge, end] = edges(snapshot); edge != end; ++edge) ++counted;
  CHECK(counted == num_edges(snapshot));

  const Snapshot nested(*graph, BlockId(1));
  CHECK(nested.size() == 5);
  Graph empty;
  const Snapshot none(empty);
  CHECK(none.size() == 2);
  CHECK(list(none.successors(0)) == std::vector<Vertex>{1});
}

TEST_CASE("Boost's dominators and post-dominators are those of the definition") {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    INFO("seed " << seed);
    const auto graph = random_program(5 + seed, seed);
    const Snapshot snapshot(*graph);
    const auto null = boost::graph_traits<Snapshot>::null_vertex();
    std::vector<Vertex> tree(snapshot.size(), null);
    boost::lengauer_tarjan_dominator_tree(
        snapshot, snapshot.entry(),
        boost::make_iterator_property_map(tree.begin(), get(boost::vertex_index, snapshot)));
    CHECK(tree == dominators_by_definition(snapshot));

    std::vector<Vertex> post(snapshot.size(), null);
    boost::lengauer_tarjan_dominator_tree(
        boost::make_reverse_graph(snapshot), snapshot.exit(),
        boost::make_iterator_property_map(post.begin(), get(boost::vertex_index, snapshot)));
    for (Vertex v = 0; v < snapshot.exit(); ++v) {
      REQUIRE(post[v] != null);
      CHECK(post[v] > v);
    }
  }
}

TEST_CASE("Boost's Graphviz writer takes a block") {
  std::ostringstream out;
  const auto graph = program("graph(x): relu = aten.relu.default(x) return (relu,)");
  boost::write_graphviz(out, DataFlow(*graph));
  CHECK(out.str() == "digraph G {\n0;\n1;\n2;\n0->1 ;\n1->2 ;\n}\n");
}
