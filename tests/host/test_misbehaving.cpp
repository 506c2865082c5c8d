// A pass that breaks a rule: a clear error, and after the caller's rollback the graph as it was.
#include "fixture.hpp"
#include "ops/facts.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr const char* kGraph = R"(
  graph(x: f32[4]):
    a: f32[4] = aten.relu.default(x)
    b: f32[4] = aten.relu.default(x)
    sum: f32[4] = aten.add.Tensor(a, b)
    return (sum,))";

const Host& host() {
  static const LoadedPlugins plugins({"misbehaving_pass"});
  return plugins.host();
}

struct Trial {
  std::unique_ptr<Graph> graph = graph_of(kGraph);
  Journal journal{*graph};
  Outcome outcome;
  AnalysisManager analyses{*graph};
  const OutputAliases aliases{*graph, AliasClasses(*graph)};

  void run(const std::string& how) {
    host().create_pass("misbehaving_pass", {{"how", how, ""}})->transform(journal, analyses, outcome);
  }
};

// The error of that way, with the graph restored from whatever was done before it.
Diagnostic failure(const std::string& how) {
  INFO(how);
  Trial trial;
  const std::string before = exact_text(*trial.graph);
  const Diagnostic error = error_of([&] { trial.run(how); });
  CHECK_FALSE(trial.journal.in_rewrite());
  trial.journal.rollback();
  CHECK_FALSE(trial.journal.changed());
  CHECK(exact_text(*trial.graph) == before);
  check(*trial.graph);
  return error;
}

}  // namespace

TEST_CASE("an error halfway through the edits restores the graph and carries the plugin's words") {
  const Diagnostic error = failure("halfway");
  CHECK(code_name(error.code) == "plugin-failed");
  CHECK_THAT(error.what, contains("pass 'misbehaving_pass': transform"));
  CHECK_THAT(error.what, contains("plugin"));
  CHECK(error.why == "lost heart halfway");
  CHECK_THAT(error.where, contains("node 'b'"));
  CHECK(error.hint == "do not use this pass");
}

TEST_CASE("an error in the second rewrite undoes the first, too") {
  CHECK(code_name(failure("second_rewrite").code) == "plugin-failed");
}

TEST_CASE("a rewrite left open is an error") {
  CHECK(code_name(failure("rewrite_open").code) == "plugin-rewrite-open");
}

TEST_CASE("edits that the graph does not permit fail with the host's reason") {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"stale_node", "stale", "12345"},
      {"outside_rewrite", "refused", "no rewrite is open"},
      {"erase_used", "refused", "is used 1 times"},
      {"erase_input", "refused", "caller gives"},
      {"erase_output", "refused", "output node"},
      {"unknown_operator", "refused", "aten.relou.default"},
      {"unknown_argument", "refused", "'slope'"},
      {"missing_argument", "refused", "'self' is missing"},
      {"stale_operand", "stale", "4711"},
      {"nested_rewrite", "refused", "open already"},
      {"end_without_begin", "refused", "no rewrite is open"},
  };
  for (const auto& [how, status, reason] : cases) {
    INFO(how);
    const Diagnostic error = failure(how);
    CHECK(code_name(error.code) == "plugin-failed");
    CHECK_THAT(error.what, contains(status));
    CHECK_THAT(error.why, contains(reason));
  }
}

TEST_CASE("a status that nobody knows is an internal error of the plugin") {
  const Diagnostic error = failure("unknown_status");
  CHECK(code_name(error.code) == "plugin-failed");
  CHECK_THAT(error.what, contains("-1234 (internal)"));
}

TEST_CASE("what an edit cannot see, the checks after the pass see") {
  Trial late;
  late.run("use_before_definition");
  CHECK(code_of([&] { check(*late.graph); }) == "graph-use-before-definition");

  Trial schema;
  schema.run("break_schema");
  CHECK(code_of([&] { check_schemas(*schema.graph); }) == "graph-bad-arguments");

  Trial alias;
  alias.run("new_alias");
  check(*alias.graph);
  CHECK(code_of([&] { alias.aliases.check(*alias.graph, AliasClasses(*alias.graph)); }) == "graph-new-alias");
}

TEST_CASE("null handles and nonsense are answered, never followed") {
  Trial trial;
  trial.run("nulls");
  CHECK_FALSE(trial.journal.changed());
}

TEST_CASE("a graph for reading refuses edits even through a cast") {
  const auto pass = host().create_pass("misbehaving_pass", {});
  const auto graph = graph_of(kGraph);
  AnalysisManager analyses(*graph);
  Outcome outcome;
  CHECK(pass->analyze(analyses, outcome) == std::nullopt);
}

TEST_CASE("messages are bounded, cleaned and placed; statistics add up") {
  Trial trial;
  trial.run("chatter");
  CHECK(trial.outcome.statistics.at("said") == 1000);
  REQUIRE(trial.outcome.notes.size() < 300);
  const Diagnostic& first = trial.outcome.notes.front();
  CHECK(code_name(first.code) == "plugin-message");
  CHECK(first.severity == Severity::note);
  CHECK(first.what ==
        "misbehaving_pass: caf\xc3\xa9 ?"
        "?!");
  CHECK_THAT(first.where, contains("'x'"));
  CHECK_THAT(trial.outcome.notes.back().what, contains("745 more messages were dropped"));
}

TEST_CASE("a pass that asks is told to stop") {
  Trial trial;
  trial.run("cancelled");
  const std::atomic<bool> stop{true};
  trial.outcome.cancel = &stop;
  const Diagnostic error = error_of([&] { trial.run("cancelled"); });
  CHECK_THAT(error.what, contains("cancelled"));
}

TEST_CASE("exceptions that leave a plugin are caught wherever they come from") {
  const LoadedPlugins plugins({"throwing"});
  const Diagnostic create = error_of([&] { plugins.host().create_pass("throwing", {}); });
  CHECK(code_name(create.code) == "plugin-threw");
  CHECK_THAT(create.why, contains("thrown in create"));
  for (const char* where : {"transform", "transform_a_number"}) {
    const auto pass = plugins.host().create_pass("throwing", {{"where", where, ""}});
    Trial trial;
    const Diagnostic error = error_of([&] { pass->transform(trial.journal, trial.analyses, trial.outcome); });
    CHECK(code_name(error.code) == "plugin-threw");
    CHECK_THAT(error.what, contains("pass 'throwing': transform"));
  }
}
