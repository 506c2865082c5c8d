// The SDK's example works as a third party would use it: found by its folder, nothing else known.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

TEST_CASE("the example in the SDK is a pass") {
  Search search;
  search.plugin_dirs = {std::filesystem::path(FETTLE_EXAMPLE_PLUGIN).parent_path()};
  const Host host(search);
  const auto pass = host.create_pass("relu_of_relu", {});
  const auto graph = graph_of(
      "graph(x: f32[4]):\n  a: f32[4] = aten.relu.default(x)\n  b: f32[4] = aten.relu.default(a)\n"
      "  c: f32[4] = aten.relu.default(b)\n  d: f32[4] = aten.neg.default(c)\n  return (d,)\n");
  Journal journal(*graph);
  journal.set_rewrite_limit(1);
  Outcome outcome;
  pass->transform(journal, outcome);
  CHECK(graph->node_count() == 5);  // one of two: past the limit the pass goes on without editing
  pass->transform(journal, outcome);
  journal.set_rewrite_limit(UINT64_MAX);
  pass->transform(journal, outcome);
  check(*graph);
  CHECK_THAT(text_of(*graph), contains("aten.neg.default(a)"));
  CHECK(journal.rewrites() == 2);
}
