// Which verdict counts for what: references, promises, budgets, and when verifiers are asked.
#include "runner_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

TEST_CASE("the reference is the original, whatever was done before") {
  std::vector<std::size_t> references;
  const auto judge = [&](std::string_view, Promise, const Graph& reference, const Graph&) {
    references.push_back(reference.node_count());
    return passed();
  };
  Ran ran(pipeline(verifier(judge), eraser("a", "dead"), eraser("b", "also_dead")));
  CHECK(references == std::vector<std::size_t>{5, 5});
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
