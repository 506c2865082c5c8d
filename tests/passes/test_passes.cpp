// Runs the cases of <pass>/*.test through the host, as a pipeline would: analyze, transform, the
// checks after it. Of every case, whatever it shows, these hold besides:
//   - what is not changed is not changed: same text, no net effect, and analyze said why;
//   - a second run finds nothing to do;
//   - the same graph gives the same result again, and a rollback gives the graph back;
//   - stopped after one rewrite, the graph is sound.
// FETTLE_REWRITE_EXPECTED=1 writes what the passes do now into the files, for review.
#include <algorithm>
#include <cstdlib>

#include "case_file.hpp"
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;
namespace fs = std::filesystem;

namespace {

struct Ran {
  std::optional<std::string> reason;  // of analyze
  std::string text, rolled_back;
  bool changed = false;
  std::uint64_t rewrites = 0;
};

Ran run(const std::string& pass_name, const PassCase& test, const std::string& before,
        std::uint64_t limit = UINT64_MAX) {
  std::vector<Host::GivenOption> options;
  for (const auto& [name, value] : test.options) options.push_back({name, value, test.name});
  const auto pass = shipped().create_pass(pass_name, options);
  const auto graph = graph_of(before);
  const OutputAliases aliases(*graph, AliasClasses(*graph));
  Outcome outcome;
  Ran ran;
  AnalysisManager analyses(*graph);
  ran.reason = pass->analyze(analyses, outcome);
  Journal journal(*graph);
  journal.set_rewrite_limit(limit);
  pass->transform(journal, analyses, outcome);
  pass->verify(analyses, outcome);
  check(*graph);
  check_schemas(*graph);
  aliases.check(*graph, AliasClasses(*graph));
  ran.text = text_of(*graph);
  ran.changed = journal.changed();
  ran.rewrites = journal.rewrites();
  journal.rollback();
  check(*graph);
  ran.rolled_back = text_of(*graph);
  return ran;
}

void check_case(const std::string& pass, PassCase& test, bool rewrite) {
  const std::string before = text_of(*graph_of(test.before));
  const Ran ran = run(pass, test, test.before);
  if (rewrite) {
    test.before = before;
    test.after = ran.changed ? ran.text : "";
    test.unchanged = ran.reason.value_or("");
    return;
  }
  if (test.after.empty()) {
    CHECK(ran.text == before);
    CHECK_FALSE(ran.changed);
    CHECK(ran.rewrites == 0);
    CHECK(ran.reason.value_or("(analyze found something)") == test.unchanged);
  } else {
    CHECK(ran.text == test.after);
    CHECK(ran.changed);
    CHECK_FALSE(ran.reason.has_value());
  }
  CHECK(ran.rolled_back == before);
  CHECK(run(pass, test, test.before).text == ran.text);

  const Ran again = run(pass, test, ran.text);
  CHECK(again.text == ran.text);
  CHECK_FALSE(again.changed);
  CHECK(again.reason.has_value());

  const Ran stopped = run(pass, test, test.before, 1);
  CHECK(stopped.rewrites == std::min<std::uint64_t>(ran.rewrites, 1));
}

std::vector<fs::path> case_files(const std::string& pass) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(FETTLE_PASS_CASES) / pass))
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("the cases of each pass") {
  const std::string pass = GENERATE("dce", "cse", "constant_folding", "reorder_for_memory");
  const bool rewrite = std::getenv("FETTLE_REWRITE_EXPECTED") != nullptr;
  REQUIRE_FALSE(case_files(pass).empty());
  for (const fs::path& path : case_files(pass)) {
    CaseFile file = read_cases(path);
    REQUIRE_FALSE(file.cases.empty());
    for (PassCase& test : file.cases) {
      DYNAMIC_SECTION(pass << "/" << path.stem().string() << ": " << test.name) {
        check_case(pass, test, rewrite);
        if (rewrite) write_cases(path, file);
      }
    }
  }
}
