// A pass in plain C99 runs through the host and edits a graph.
#include "fake_host_text.h"
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct PassRun {
  bool changed = false;
  std::uint64_t rewrites = 0;
  std::string text;
  Outcome outcome;
};

PassRun run(const std::string& graph_text, std::uint64_t limit = UINT64_MAX) {
  const LoadedPlugins plugins({"c_relu_idempotent"});
  const auto pass = plugins.host().create_pass("c_relu_idempotent", {});
  const auto graph = graph_of(graph_text);
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  journal.set_rewrite_limit(limit);
  PassRun out;
  pass->transform(journal, analyses, out.outcome);
  pass->verify(analyses, out.outcome);
  check(*graph);
  out.changed = journal.changed();
  out.rewrites = journal.rewrites();
  out.text = print(*graph);
  return out;
}

}  // namespace

TEST_CASE("the C pass removes the relu of a relu, through a chain") {
  const PassRun result = run(R"(
    graph(x: f32[4]):
      r1: f32[4] = aten.relu.default(x)
      r2: f32[4] = aten.relu.default(r1)
      r3: f32[4] = aten.relu.default(r2)
      add: f32[4] = aten.add.Tensor(r3, x)
      return (add,))");
  CHECK(result.changed);
  CHECK(result.rewrites == 2);
  CHECK(result.outcome.statistics.at("relus_removed") == 2);
  CHECK_THAT(result.text, contains("aten.add.Tensor(r1, x)"));
  CHECK_THAT(result.text, !contains("r2"));
  CHECK_THAT(result.text, !contains("r3"));
}

TEST_CASE("the C pass leaves a returned relu alone") {
  const PassRun result = run(R"(
    graph(x: f32[4]):
      r1: f32[4] = aten.relu.default(x)
      r2: f32[4] = aten.relu.default(r1)
      return (r1, r2))");
  CHECK_FALSE(result.changed);
  CHECK(result.rewrites == 0);
}

TEST_CASE("past the limit on rewrites the C pass skips the site and goes on") {
  const std::string text = R"(
    graph(x: f32[4]):
      a1: f32[4] = aten.relu.default(x)
      a2: f32[4] = aten.relu.default(a1)
      s: f32[4] = aten.sin.default(a2)
      b1: f32[4] = aten.relu.default(s)
      b2: f32[4] = aten.relu.default(b1)
      add: f32[4] = aten.add.Tensor(b2, x)
      return (add,))";
  const PassRun result = run(text, 1);
  CHECK(result.rewrites == 1);
  CHECK_THAT(result.text, !contains("a2"));
  CHECK_THAT(result.text, contains("b2"));
  CHECK_FALSE(run(text, 0).changed);
}

TEST_CASE("analyze says why the C pass has nothing to do") {
  const LoadedPlugins plugins({"c_relu_idempotent"});
  const auto pass = plugins.host().create_pass("c_relu_idempotent", {});
  const auto graph = graph_of(R"(
    graph(x: f32[4]):
      s: f32[4] = aten.sin.default(x)
      return (s,))");
  AnalysisManager analyses(*graph);
  Outcome outcome;
  CHECK(pass->analyze(analyses, outcome) == "the graph has no relu");
}

TEST_CASE("a plugin is described from its descriptor") {
  const LoadedPlugins plugins({"c_relu_idempotent"});
  REQUIRE(plugins.host().plugins().size() == 1);
  const PluginInfo& plugin = plugins.host().plugins()[0];
  CHECK(plugin.id == "test.c_relu_idempotent");
  CHECK(plugin.version == "1.0");
  CHECK(plugin.path == fs::canonical(built_plugin("c_relu_idempotent")));
  CHECK(plugin.sha256.size() == 64);
  REQUIRE(plugin.components.size() == 1);
  CHECK(plugin.components[0].kind == ComponentKind::pass);
  CHECK(plugin.components[0].promise == Promise::exact);
}

TEST_CASE("graphs of the SDK's fake host are written as the real one writes them") {
  CHECK(print(*parse_graph(FAKE_HOST_TEXT)) == FAKE_HOST_TEXT);
}
