// The runner: what is kept, what is taken back, and what is said about it.
#include "runner_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// Refuses a pass by name, and accepts the rest.
FakeVerifier::Judge refuse(std::string name) {
  return [name](std::string_view subject, auto&&...) {
    return subject == name ? refused() : passed();
  };
}

}  // namespace

TEST_CASE("a verified change is kept and reported") {
  Ran ran(pipeline(verifier(always(passed())), eraser("dce", "dead")));
  REQUIRE_FALSE(ran.error);
  CHECK_FALSE(ran.has("dead"));
  REQUIRE(ran.report.passes.size() == 1);
  const PassReport& pass = ran.report.passes[0];
  CHECK(pass.status == PassStatus::changed);
  CHECK(pass.rewrites == 1);
  CHECK(pass.erased == 1);
  CHECK(pass.nodes_before == 5);
  CHECK(pass.nodes_after == 4);
  REQUIRE(pass.verification.size() == 1);
  CHECK(pass.verification[0].verifier == "judge");
  CHECK(ran.report.nodes_before == 5);
  CHECK(ran.report.nodes_after == 4);
  CHECK(ran.report.changed);
  CHECK(ran.report.verified);
  CHECK(ran.report.reference == "loaded program");
  CHECK(ran.log.lines ==
        std::vector<std::string>{"dce", "before dce 5", "verifying dce with judge", "after dce 4"});
}

TEST_CASE("nothing matched: reported, and not verified") {
  int asked = 0;
  const auto judge = [&](auto&&...) {
    ++asked;
    return passed();
  };
  auto never = eraser("never", "nothing");
  never->applies = [](const Graph&) { return "no relu may go"; };
  auto cancels = pass("cancels", [](Journal& journal) {
    const NodeId node = find(journal.graph(), "also_dead");
    journal.begin_rewrite(node, "and back");
    journal.rename(node, journal.graph().intern("renamed"));
    journal.rename(node, journal.graph().intern("also_dead"));
    journal.end_rewrite();
  });
  Ran ran(
      pipeline(verifier(judge), eraser("misses", "nothing"), std::move(never), std::move(cancels)));
  REQUIRE_FALSE(ran.error);
  CHECK(asked == 0);
  CHECK(ran.after() == ran.before);
  CHECK(ran.report.passes.at(0).status == PassStatus::unchanged);
  CHECK(ran.report.passes.at(0).why == "matched nothing");
  CHECK(ran.report.passes.at(1).status == PassStatus::not_applicable);
  CHECK(ran.report.passes.at(1).why == "no relu may go");
  CHECK(ran.report.passes.at(2).status == PassStatus::unchanged);
  CHECK(ran.report.passes.at(2).why == "its rewrites cancelled out");
  CHECK_FALSE(ran.report.changed);
}

TEST_CASE("a refused change is taken back, and stops the run") {
  Ran ran(pipeline(verifier(refuse("relu_to_neg")), relu_to_neg(), eraser("dce", "dead")));
  REQUIRE(ran.error);
  CHECK(code_name(ran.error->code) == "verification-failed");
  CHECK(code_blame(ran.error->code) == Blame::check);
  CHECK_THAT(ran.error->what, contains("'relu_to_neg'"));
  CHECK(ran.error->where == "output 0, element 3, on sample 0");
  CHECK_THAT(ran.error->why, contains("1.5"));
  CHECK(ran.after() == ran.before);
  REQUIRE(ran.report.passes.size() == 1);
  CHECK(ran.report.passes[0].status == PassStatus::rolled_back);
  CHECK(ran.report.passes[0].nodes_after == 5);
  CHECK(ran.report.check_failed);
  CHECK_FALSE(ran.report.verified);
}

TEST_CASE("on_failure: skip goes on without the pass") {
  auto p = pipeline(verifier(refuse("relu_to_neg")), relu_to_neg(), eraser("dce", "dead"));
  p.on_failure = OnFailure::skip;
  Ran ran(std::move(p));
  REQUIRE_FALSE(ran.error);
  CHECK(ran.has("relu"));
  CHECK_FALSE(ran.has("dead"));
  CHECK(ran.report.check_failed);
  CHECK(ran.report.passes.at(0).status == PassStatus::rolled_back);
  CHECK(ran.report.passes.at(1).status == PassStatus::changed);
}

TEST_CASE("a pass that was refused in one round is not tried in the next") {
  ResolvedPipeline p = pipeline(verifier(refuse("relu_to_neg")));
  p.on_failure = OnFailure::skip;
  ResolvedRepeat group;
  group.steps.push_back({ResolvedPass{relu_to_neg()}});
  group.steps.push_back({ResolvedPass{eraser("dce", "dead")}});
  p.steps.push_back({std::move(group)});
  Ran ran(std::move(p));
  REQUIRE(ran.report.passes.size() == 4);
  CHECK(ran.report.passes[0].status == PassStatus::rolled_back);
  CHECK(ran.report.passes[1].status == PassStatus::changed);
  CHECK(ran.report.passes[2].status == PassStatus::dropped);
  CHECK(ran.report.passes[3].status == PassStatus::unchanged);
}

TEST_CASE("a plugin's failure halfway leaves the graph as it was") {
  auto breaks = pass("breaks", [](Journal& journal) {
    const NodeId node = find(journal.graph(), "dead");
    journal.begin_rewrite(node, "half of it");
    journal.erase_node(node);
    journal.end_rewrite();
    throw Error({Code::graph_bad_edit, "had enough"});
  });
  Ran ran(pipeline(verifier(always(passed())), std::move(breaks)));
  REQUIRE(ran.error);
  CHECK(code_blame(ran.error->code) == Blame::plugin);
  CHECK(ran.after() == ran.before);
  CHECK(ran.report.passes.at(0).status == PassStatus::failed);
}

TEST_CASE("a repeat group runs until a round changes nothing") {
  ResolvedPipeline p = pipeline(verifier(always(passed())));
  ResolvedRepeat group;
  // Erases one node a round: two rounds that change something, and one that does not.
  group.steps.push_back({ResolvedPass{pass("one_a_round", [](Journal& journal) {
    for (const char* name : {"dead", "also_dead"}) {
      if (const NodeId node = find(journal.graph(), name)) {
        journal.begin_rewrite(node, "unused");
        journal.erase_node(node);
        journal.end_rewrite();
        return;
      }
    }
  })}});
  SECTION("and settles") {
    p.steps.push_back({std::move(group)});
    Ran ran(std::move(p));
    REQUIRE(ran.report.passes.size() == 3);
    CHECK(ran.report.passes[2].round == 3);
    CHECK(ran.report.passes[2].status == PassStatus::unchanged);
    CHECK(ran.report.nodes_after == 3);
    CHECK(ran.report.notes.empty());
  }
  SECTION("or says that its limit came first") {
    group.limit = 1;
    p.steps.push_back({std::move(group)});
    Ran ran(std::move(p));
    CHECK(ran.report.passes.size() == 1);
    REQUIRE(ran.report.notes.size() == 1);
    CHECK(code_name(ran.report.notes[0].code) == "repeat-limit");
  }
}

TEST_CASE("benchmarks measure the original beside the result") {
  auto p = pipeline(verifier(always(passed())), eraser("dce", "dead"));
  p.benchmarks.push_back(std::make_unique<FakeBenchmark>());
  Ran ran(std::move(p));
  REQUIRE(ran.report.benchmarks.size() == 1);
  const std::vector<Metric>& metrics = ran.report.benchmarks[0].metrics;
  REQUIRE(metrics.size() == 2);
  CHECK(metrics[0].median == 5);
  CHECK(metrics[1].median == 4);
}

TEST_CASE("no passes: nothing happens, and nothing is verified") {
  Ran ran(pipeline(verifier(always(refused()))));
  REQUIRE_FALSE(ran.error);
  CHECK(ran.after() == ran.before);
  CHECK(ran.report.passes.empty());
  CHECK_FALSE(ran.report.changed);
}

TEST_CASE("a run that is asked to stop does so at the next safe point, with the graph as it was") {
  Program program = program_from_text(kProgram);
  const std::string before = print(*program.graph, PrintOptions::exact());
  Log log;
  RunReport report;
  const auto run = [&](std::unique_ptr<FakePass> first) -> std::string {
    log.stop = false;
    report = {};
    ResolvedPipeline pipeline;
    pipeline.verify_after = VerifyAfter::never;
    pipeline.steps.push_back({ResolvedPass{std::move(first)}});
    pipeline.steps.push_back({ResolvedPass{eraser("second", "dead")}});
    try {
      run_pipeline(program, pipeline, Device{}, log, report);
    } catch (const Error& error) {
      return std::string(code_name(error.code()));
    }
    return "done";
  };
  // Within a pass that finishes: its change is taken back.
  CHECK(run(pass("stops", [&](Journal& journal) {
          eraser("", "also_dead")->edit(journal, *std::make_unique<Outcome>());
          log.stop = true;
        })) == "interrupted");
  CHECK(print(*program.graph, PrintOptions::exact()) == before);
  CHECK(report.passes.size() == 1);
  // A pass is told, and may answer an error: that is no fault of its own.
  auto asks = std::make_unique<FakePass>();
  asks->edit = [&](Journal&, Outcome& outcome) {
    log.stop = true;
    if (outcome.cancel && *outcome.cancel) throw Error({Code::plugin_failed, "cancelled"});
  };
  CHECK(run(std::move(asks)) == "interrupted");
  // Before the first pass.
  auto idle = pass("idle", [](Journal&) {});
  CHECK(run(std::move(idle)) == "done");
}
