// The runner: what is kept, what is taken back, and what is said about it.
#include "catch.hpp"
#include "fakes.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
graph(x: f32[2]):
  relu: f32[2] = aten.relu.default(x)
  dead: f32[2] = aten.neg.default(relu)
  also_dead: f32[2] = aten.abs.default(x)
  return (relu,)
)";

struct Log : RunObserver {
  std::vector<std::string> lines;
  std::atomic<bool> stop{false};
  const std::atomic<bool>* cancel() const override { return &stop; }
  void stage(std::string_view text) override { lines.emplace_back(text); }
  void before_pass(std::string_view name, const Graph& graph) override {
    lines.push_back("before " + std::string(name) + " " + std::to_string(graph.node_count()));
  }
  void after_pass(const PassReport& pass, const Graph& graph) override {
    lines.push_back("after " + pass.name + " " + std::to_string(graph.node_count()));
  }
};

struct Ran {
  Program program = program_from_text(kProgram);
  std::string before = print(*program.graph, PrintOptions::exact());
  RunReport report;
  Log log;
  std::optional<Diagnostic> error;

  explicit Ran(ResolvedPipeline pipeline) {
    try {
      run_pipeline(program, pipeline, Device{}, log, report);
    } catch (const Error& e) {
      error = e.diagnostic();
    }
  }
  std::string after() const { return print(*program.graph, PrintOptions::exact()); }
  bool has(std::string_view node) const { return static_cast<bool>(find(*program.graph, node)); }
};

FakeVerifier::Judge always(const Verdict& verdict) {
  return [verdict](auto&&...) { return verdict; };
}

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

TEST_CASE("the reference is the original, whatever was done before") {
  std::vector<std::size_t> references;
  const auto judge = [&](std::string_view, Promise, const Graph& reference, const Graph&) {
    references.push_back(reference.node_count());
    return passed();
  };
  Ran ran(pipeline(verifier(judge), eraser("a", "dead"), eraser("b", "also_dead")));
  CHECK(references == std::vector<std::size_t>{5, 5});
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

TEST_CASE("a verifier that cannot judge fails the pass, unless the pipeline says otherwise") {
  Verdict unable;
  unable.detail = "no inputs";
  for (const bool is_failure : {true, false}) {
    auto p = pipeline(verifier(always(unable)), eraser("dce", "dead"));
    p.unable_is_failure = is_failure;
    Ran ran(std::move(p));
    CHECK(ran.error.has_value() == is_failure);
    CHECK(ran.has("dead") == is_failure);
    CHECK_FALSE(ran.report.verified);
    if (ran.error) CHECK_THAT(ran.error->what, contains("cannot judge"));
  }
}

TEST_CASE("when even the original is refused, the pass is not blamed alone") {
  Ran ran(pipeline(verifier(always(refused())), eraser("dce", "dead")));
  REQUIRE(ran.error);
  REQUIRE(ran.report.passes.at(0).notes.size() == 1);
  CHECK(code_name(ran.report.passes[0].notes[0].code) == "reference-disagrees");
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

TEST_CASE("a broken graph is refused before any verifier sees it") {
  int asked = 0;
  const auto judge = [&](auto&&...) {
    ++asked;
    return passed();
  };
  const auto expect = [&](std::unique_ptr<FakePass> pass, std::string_view code) {
    Ran ran(pipeline(verifier(judge), std::move(pass)));
    REQUIRE(ran.error);
    CHECK(code_name(ran.error->code) == code);
    CHECK_THAT(ran.error->where, contains("after pass 'breaks' of plugin 'test'"));
    CHECK(ran.after() == ran.before);
  };
  expect(pass("breaks",
              [](Journal& journal) {
                const Graph& graph = journal.graph();
                journal.begin_rewrite(find(graph, "relu"), "backwards");
                journal.move_before(find(graph, "dead"), find(graph, "relu"));
                journal.end_rewrite();
              }),
         "graph-use-before-definition");
  expect(pass("breaks",
              [](Journal& journal) {
                const Graph& graph = journal.graph();
                journal.begin_rewrite(find(graph, "relu"), "an output that is the input");
                journal.replace_all_uses(graph.result(find(graph, "relu")),
                                         graph.result(find(graph, "x")));
                journal.end_rewrite();
              }),
         "graph-new-alias");
  auto own = eraser("breaks", "dead");
  own->own_check = [](const Graph&) { throw Error({Code::graph_bad_edit, "not what I meant"}); };
  expect(std::move(own), "graph-bad-edit");
  CHECK(asked == 0);
}

TEST_CASE("a recorded type that is not what the operands make is refused, and its node named") {
  const auto widen = [](Journal& journal) {  // the type says one thing, the call another
    const Graph& graph = journal.graph();
    const NodeId node = find(graph, "dead");
    Type type = graph.type(graph.result(node));
    type.dtype = DType::float64;
    journal.begin_rewrite(node, "wrong on purpose");
    journal.set_type(graph.result(node), graph.intern(type));
    journal.end_rewrite();
  };
  const Ran ran(pipeline(verifier(always(passed())), pass("widen", widen)));
  REQUIRE(ran.error);
  CHECK(code_name(ran.error->code) == "graph-type-mismatch");
  CHECK_THAT(ran.error->what, contains("'dead' (aten.neg.default) is recorded as f64[2]"));
  CHECK(ran.error->where == "after pass 'widen' of plugin 'test': node 'dead'");
  CHECK(ran.after() == ran.before);
}

TEST_CASE("a view's place in its storage, which plugins cannot say, is not asked of them") {
  const auto narrow = [](Journal& journal) {
    const Graph& graph = journal.graph();
    const NodeId relu = find(graph, "relu");
    NodeSpec spec;
    spec.op = graph.intern("aten.slice.Tensor");
    spec.add_tensor(graph.intern("self"), graph.result(relu));
    for (const auto& [name, value] : {std::pair{"dim", 0}, {"start", 1}, {"end", 2}}) {
      spec.arguments.push_back({graph.intern(name), ArgForm::positional,
                                Argument{ArgKind::integer, std::int64_t{value}}});
    }
    spec.arguments.push_back({graph.intern("step"), ArgForm::defaulted,
                              Argument{ArgKind::integer, std::int64_t{1}}});
    spec.result_forms = {ResultForm{}};
    Type type = graph.type(graph.result(relu));
    type.sizes = {SymInt(1)};
    spec.result_types = {graph.intern(type)};
    journal.begin_rewrite(relu, "a second element");
    journal.create_node(std::move(spec), {kRootBlock, find(graph, "dead")});
    journal.end_rewrite();
  };
  const Ran ran(pipeline(verifier(always(passed())), pass("narrow", narrow)));
  CHECK_FALSE(ran.error);
}

TEST_CASE("a type that the program itself records wrongly is no pass's fault") {
  Ran ran{ResolvedPipeline{}};
  const ValueId dead = ran.program.graph->result(find(*ran.program.graph, "dead"));
  {
    Journal journal(*ran.program.graph, Journal::Recording::off);
    Type type = ran.program.graph->type(dead);
    type.dtype = DType::float64;
    journal.set_type(dead, ran.program.graph->intern(type));
  }
  ResolvedPipeline erases = pipeline(verifier(always(passed())), eraser("erase", "also_dead"));
  run_pipeline(ran.program, erases, Device{}, ran.log, ran.report);
  CHECK(ran.report.passes[0].status == PassStatus::changed);
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

TEST_CASE("verify after: end asks once, for all passes together") {
  std::vector<std::string> subjects;
  Verdict answer = passed();
  const auto judge = [&](std::string_view subject, auto&&...) {
    subjects.emplace_back(subject);
    return answer;
  };
  const auto run = [&] {
    auto p = pipeline(verifier(judge), eraser("a", "dead"), eraser("b", "also_dead"));
    p.verify_after = VerifyAfter::end;
    return Ran(std::move(p));
  };
  SECTION("and keeps what passes") {
    const Ran ran = run();
    CHECK(subjects == std::vector<std::string>{"pipeline"});
    CHECK(ran.report.verified);
    CHECK(ran.report.final_verification.size() == 1);
    CHECK(ran.report.nodes_after == 3);
  }
  SECTION("and goes back to the original otherwise") {
    answer = refused();
    const Ran ran = run();
    REQUIRE(ran.error);
    CHECK(ran.error->code == Code::verification_failed);
    CHECK(ran.after() == ran.before);
    CHECK(ran.report.nodes_after == 5);
    CHECK_FALSE(ran.report.changed);
  }
}

TEST_CASE("verify after: never keeps everything and claims nothing") {
  auto p = pipeline(verifier(always(refused())), eraser("dce", "dead"));
  p.verify_after = VerifyAfter::never;
  Ran ran(std::move(p));
  REQUIRE_FALSE(ran.error);
  CHECK_FALSE(ran.has("dead"));
  CHECK_FALSE(ran.report.verified);
}

TEST_CASE("a verifier is told the weakest promise since the reference") {
  std::vector<Promise> promises;
  const auto judge = [&](std::string_view, Promise promise, auto&&...) {
    promises.push_back(promise);
    return passed();
  };
  auto tolerant = eraser("tolerant", "dead");
  tolerant->what.promise = Promise::tolerant;
  Ran ran(pipeline(verifier(judge), std::move(tolerant), eraser("exact", "also_dead")));
  CHECK(promises == std::vector<Promise>{Promise::tolerant, Promise::tolerant});
}

TEST_CASE("a pass that changes results is judged by the budget, and becomes the reference") {
  std::vector<std::string> references;
  const auto judge = [&](std::string_view, Promise, const Graph& reference, const Graph&) {
    references.push_back(find(reference, "relu") ? "original" : "changed");
    return references.size() == 1 ? refused(0.5) : passed();
  };
  const auto run = [&](double budget) {
    auto changing = relu_to_neg();
    changing->what.promise = Promise::changes_results;
    auto p = pipeline(verifier(judge), std::move(changing), eraser("dce", "also_dead"));
    p.accept = ErrorBudget{budget, {}};
    return Ran(std::move(p));
  };
  SECTION("within it") {
    const Ran ran = run(0.6);
    REQUIRE_FALSE(ran.error);
    CHECK(references == std::vector<std::string>{"original", "changed"});
    CHECK(ran.report.passes.at(0).verification.at(0).judgement == Judgement::pass);
    CHECK_FALSE(ran.has("relu"));
  }
  SECTION("beyond it") {
    const Ran ran = run(0.4);
    REQUIRE(ran.error);
    CHECK(ran.after() == ran.before);
  }
}

TEST_CASE("an error that is not a number is within no budget") {
  auto changing = relu_to_neg();
  changing->what.promise = Promise::changes_results;
  auto p = pipeline(verifier(always(refused(std::numeric_limits<double>::quiet_NaN()))),
                    std::move(changing));
  p.accept = ErrorBudget{1e9, {}};
  CHECK(Ran(std::move(p)).error);
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
