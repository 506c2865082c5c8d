// Passes that claim what is not true, through the runner, with a real plugin of the SDK: each is
// caught, named, and leaves the program as it was.
#include <filesystem>

#include "catch.hpp"
#include "fakes.hpp"
#include "host/host.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
graph(x: f32[2]):
  a: f32[2] = aten.relu.default(x)
  b: f32[2] = aten.neg.default(x)
  sum: f32[2] = aten.add.Tensor(a, b)
  unused: f32[2] = aten.abs.default(x)
  return (sum,)
)";

const Host& host() {
  static const Host host = [] {
    Search search;
    search.plugin_dirs = {FETTLE_PIPELINE_PLUGINS};
    return Host(search);
  }();
  return host;
}

struct Ran {
  Program program = program_from_text(kProgram);
  std::string before = print(*program.graph, PrintOptions::exact());
  RunReport report;
  std::optional<Diagnostic> error;

  Ran(const std::string& how, bool checking) {
    ResolvedPipeline pipeline;
    pipeline.verify_after = VerifyAfter::never;
    pipeline.check_passes = checking;
    pipeline.steps.push_back({ResolvedPass{host().create_pass("lying_pass", {{"how", how, ""}})}});
    RunObserver observer;
    try {
      run_pipeline(program, pipeline, Device{}, observer, report);
    } catch (const Error& e) {
      error = e.diagnostic();
    }
  }
  bool untouched() const { return print(*program.graph, PrintOptions::exact()) == before; }
};

void is_caught(const Ran& ran, std::string_view code, std::string_view why) {
  REQUIRE(ran.error);
  CHECK(code_name(ran.error->code) == code);
  CHECK(code_blame(ran.error->code) == Blame::plugin);
  CHECK_THAT(ran.error->what + ran.error->where, contains("'lying_pass'"));
  CHECK_THAT(ran.error->why, contains(std::string(why)));
}

}  // namespace

TEST_CASE("a pass that rewires the graph and claims to preserve dominance is caught and named") {
  const Ran ran("rewires", true);
  is_caught(ran, "plugin-not-preserved", "the immediate post-dominator of");
  CHECK_THAT(ran.error->what, contains("dominance"));
  CHECK(ran.untouched());
}

TEST_CASE("a pass that creates nodes preserves nothing, checking or not") {
  for (const bool checking : {true, false}) {
    const Ran ran("creates", checking);
    is_caught(ran, "plugin-not-preserved", "it created 1 nodes and erased 0");
    CHECK(ran.untouched());
  }
}

TEST_CASE("a pass that changes its own result and claims to be idempotent is caught") {
  const Ran ran("swaps", true);
  is_caught(ran, "plugin-not-idempotent", "it declares that it is idempotent");
  CHECK(ran.untouched());
  CHECK_FALSE(Ran("swaps", false).error);  // asked only when checking
}

TEST_CASE("a claim that is true passes; ids of analyses that nobody knows are passed over") {
  const Ran ran("sorts", true);
  CHECK_FALSE(ran.error);
  CHECK(ran.report.passes[0].status == PassStatus::changed);
}

TEST_CASE("a pass that says that there is nothing to do and then finds something is caught") {
  const Ran ran("nothing_to_do", true);
  is_caught(ran, "plugin-not-unchanged", "its analyze answered 'there is nothing to do'");
  CHECK(ran.untouched());
}

TEST_CASE("a pass that writes to what it was lent for reading is caught") {
  is_caught(Ran("scribbles", true), "plugin-not-unchanged", "from line 4 on");
}

TEST_CASE("a pass that walks on from a node that it erased is caught, checking or not") {
  for (const bool checking : {true, false}) {
    const Ran ran("walks_from_erased", checking);
    is_caught(ran, "plugin-edited-while-iterating", "which node stands beside it");
    CHECK(ran.error->where == "node 'unused'");
    CHECK(ran.untouched());
  }
}
