// Passes that take their process down: in one of their own that costs their result alone; in the
// host's own, the plugin is named before the end.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct Fault {
  const char *options, *code;
};

// What an allocation that fails looks like is the sanitizer's business where there is one.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr Fault kFaults[] = {
    {"how: segv", "plugin-crashed"},
    {"how: overflow_stack", "plugin-crashed"},
    {"how: throw_through_c", "plugin-crashed"},
    {"how: abort", "plugin-crashed"},
    {"how: corrupt_heap", "plugin-crashed"},
    {"how: exit", "plugin-exited"},
    {"how: exit_at_once", "plugin-exited"},
    {"how: close_everything", "plugin-exited"},
    {"how: scribble", "isolation-bad-answer"},
    {"how: allocate", "plugin-out-of-memory"},
    {"how: allocate_in_c", "plugin-out-of-memory"},
    {"how: fail", "plugin-failed"},
    {"how: segv, when: analyze", "plugin-crashed"},
    {"how: exit, when: verify", "plugin-exited"},
};

std::string pipeline_of(const std::string& passes, const std::string& rest) {
  return "passes:\n" + passes + "verify: {after: never}\n" + rest;
}

constexpr const char* kIsolated =
    "isolation: {mode: process, seconds: 120, memory: 256 MiB}\non_fault: skip\n";

std::string faulty(const std::string& options) {
  return "  - faulty_pass: {" + options + "}\n";
}

}  // namespace

TEST_CASE("a pass that takes its process down costs its own result alone") {
  const Folder folder;
  const fs::path model = small_model(folder);
  const std::string rest =
      "  - faulty_pass\n  - dce\n";  // dce: names that faults took do not matter
  std::string passes;
  for (const Fault& fault : kFaults) passes += faulty(fault.options);
  const Ran plain = run_model(folder, "plain", model, pipeline_of(rest, ""));
  REQUIRE(plain.status == 0);
  const Ran ran = run_model(folder, "faults", model, pipeline_of(passes + rest, kIsolated));
  INFO(ran.out << ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.out, contains("left out; the rest was run without it"));
  CHECK(program_text(ran.output) == program_text(plain.output));

  const json::value report = ran.report();
  CHECK(report.at("faulted").as_bool());
  const json::array& records = report.at("passes").as_array();
  REQUIRE(records.size() == std::size(kFaults) + 2);
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    INFO(kFaults[i].options);
    const json::value& record = records[i];
    CHECK(text_at(record, "status") == "faulted");
    CHECK(text_at(record, "isolation") == "process");
    CHECK(record.at("nodes_after") == record.at("nodes_before"));
    const json::array& notes = record.at("notes").as_array();
    REQUIRE(!notes.empty());
    CHECK(text_at(notes.back(), "severity") == "warning");
    if (!kSanitized) CHECK(text_at(notes.back(), "code") == kFaults[i].code);
  }
  CHECK(text_at(records[records.size() - 2], "status") == "changed");
}

TEST_CASE("a pass that never ends is ended") {
  const Folder folder;
  const fs::path model = small_model(folder);
  const Ran ran = run_model(
      folder, "spin", model,
      pipeline_of(
          faulty("how: spin") + "  - cse\n",
          "isolation: {mode: process, seconds: 2, passes: [faulty_pass]}\non_fault: skip\n"));
  INFO(ran.err);
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, contains("plugin-timed-out"));
  CHECK_THAT(ran.err, contains("took longer than 2 s, its limit"));
  CHECK(program_text(ran.output) ==
        program_text(run_model(folder, "cse", model, pipeline_of("  - cse\n", "")).output));
}

TEST_CASE("on_fault: stop ends the run, with nothing written") {
  const Folder folder;
  const Ran ran = run_model(folder, "stop", small_model(folder),
                            pipeline_of(faulty("how: segv"), "isolation: process\n"));
  INFO(ran.err);
  CHECK(ran.status == 3);
  CHECK_FALSE(fs::exists(ran.output));
  CHECK_THAT(ran.err, contains("error[plugin-crashed]: pass 'faulty_pass' crashed (SIG"));
  CHECK_THAT(ran.err, contains("faulty_pass.so"));
  CHECK_THAT(ran.err, contains("on_fault: skip"));
  CHECK_THAT(text_at(ran.report(), "error"), contains("plugin-crashed"));
}

TEST_CASE("on_fault: skip leaves out a pass that fails in this process, too") {
  const Folder folder;
  const fs::path model = small_model(folder);
  const Ran ran = run_model(folder, "skip", model,
                            pipeline_of(faulty("how: fail") + "  - cse\n", "on_fault: skip\n"));
  INFO(ran.err);
  CHECK(ran.status == 1);
  CHECK(text_at(ran.report().at("passes").at(0), "status") == "faulted");
  CHECK(program_text(ran.output) ==
        program_text(run_model(folder, "cse", model, pipeline_of("  - cse\n", "")).output));
}

TEST_CASE("what a plugin prints does not come between host and worker, nor into the results") {
  const Folder folder;
  const Ran ran = run_model(folder, "print", small_model(folder),
                            pipeline_of(faulty("how: print"), "isolation: process\n"));
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK_THAT(ran.err, contains("noise on standard output"));
  CHECK_THAT(ran.out, !contains("noise on standard output"));
}

TEST_CASE("a pass is not blamed for what another left behind in the worker") {
  const Folder folder;
  const std::string passes = "  - landmine_pass\n" + faulty("how: step_on_mine");
  const Ran ran =
      run_model(folder, "mine", small_model(folder), pipeline_of(passes, "isolation: process\n"));
  INFO(ran.err);
  CHECK(ran.status == 0);
  CHECK(text_at(ran.report().at("passes").at(1), "status") == "changed");
  CHECK_THAT(ran.err, contains("may have overwritten its memory: test.landmine_pass"));
}

TEST_CASE("in the host's own process the plugin is named before the end") {
  const Folder folder;
  const fs::path model = small_model(folder);
  const struct {
    const char *options, *says;
    int signal;  // 0: it exits
  } ways[] = {
      {"how: segv", "crashed (SIGSEGV)", SIGSEGV},
      {"how: overflow_stack", "crashed (SIGSEGV)", SIGSEGV},
      {"how: throw_through_c", "crashed (SIGABRT)", SIGABRT},
      {"how: exit", "ended the process", 0},
  };
  for (const auto& way : ways) {
    INFO(way.options);
    const Ran ran = run_model(folder, "inline", model, pipeline_of(faulty(way.options), ""));
    INFO(ran.err);
    CHECK_THAT(ran.err, contains(std::string("pass 'faulty_pass': transform ") + way.says));
    CHECK_THAT(ran.err, contains("faulty_pass.so"));
    CHECK_THAT(ran.err, contains("--isolation process"));
    CHECK_FALSE(fs::exists(ran.output));
    if (way.signal == 0) {
      CHECK(ran.status == 3);
    } else if (!kSanitized) {  // 128 + signal is how the shell in between says it
      CHECK((ran.status == 128 + way.signal || ran.status == 1000 + way.signal));
    }
  }
}
