// Each check of `fettle plugins check` is failed by a plugin that was made to, and by that alone
// where the checks can be told apart; good plugins fail none. Checks run in children of the
// executable under test, as from the command line.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "catch.hpp"
#include "conformance/conformance.hpp"

namespace fettle::conformance {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

Report check_file(const fs::path& file, const std::string& only = {}, int limit = 60) {
  Settings settings;
  settings.file = fs::canonical(file);
  settings.seed = 1;
  settings.only = only;
  settings.verifier = "numeric";
  settings.verifier_folder = FETTLE_SHIPPED_PLUGINS;
  const ChildCommand child{FETTLE_EXECUTABLE, {"plugins-check-child"}};
  return check_plugin(settings, child, std::chrono::seconds(limit));
}

fs::path bad(const std::string& name) {
  return fs::path(FETTLE_BAD_PLUGINS) / (name + ".so");
}
fs::path test_plugin(const std::string& name) {
  return fs::path(FETTLE_TEST_PLUGINS) / (name + ".so");
}

Names failed_checks(const Report& report) {
  Names names;
  for (const Line& line : report.lines) {
    if (line.finding.result == Result::fail) names.push_back(line.check);
  }
  return names;
}

std::string text_of(const Report& report) {
  std::string text;
  for (const Line& line : report.lines) {
    text += std::string(result_name(line.finding.result)) + "  " + line.check + " [" +
            line.component + "] " + line.finding.text + "\n";
  }
  return text;
}

struct Case {
  fs::path file;
  Names failed;  // all of its checks that fail
};

// Two at a time: each waits for a child.
void require_failed(const std::vector<Case>& cases) {
  std::vector<Report> reports(cases.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t k = next++; k < cases.size(); k = next++)
      reports[k] = check_file(cases[k].file);
  };
  std::thread other(work);
  work();
  other.join();
  for (std::size_t k = 0; k < cases.size(); ++k) {
    INFO(cases[k].file.string() << "\n" << text_of(reports[k]));
    CHECK(failed_checks(reports[k]) == cases[k].failed);
  }
}

const Finding& finding_of(const Report& report, const std::string& check) {
  for (const Line& line : report.lines) {
    if (line.check == check) return line.finding;
  }
  FAIL("no line of " << check);
  throw std::logic_error("unreachable");
}

}  // namespace

TEST_CASE("a library that is no good plugin fails the check that says why") {
  require_failed({
      {bad("extra_symbol"), {"one-exported-symbol"}},
      {bad("unresolved_symbol"), {"resolves-now"}},
      {bad("entry_changes_pointer"), {"entry-pure"}},
      {bad("entry_changes_bytes"), {"entry-pure"}},
      {bad("entry_slow"), {"entry-fast"}},
      {bad("undocumented"), {"documented"}},
      {bad("unknown_interface"), {"unknown-interface"}},
      {bad("second_init_fails"), {"init-and-fini-twice"}},
  });
}

TEST_CASE("what the host refuses to load fails a check by name") {
  require_failed({
      {test_plugin("no_symbol"), {"exports-entry"}},
      {test_plugin("symbol_of_version_2"), {"exports-entry"}},
      {test_plugin("null_descriptor"), {"descriptor"}},
      {test_plugin("other_major"), {"abi-version"}},
      {test_plugin("needs_newer"), {"abi-version"}},
      {test_plugin("small_size"), {"descriptor"}},
      {test_plugin("two_of_one_name"), {"descriptor"}},
      {test_plugin("bad_promise"), {"descriptor"}},
      {test_plugin("option_default"), {"descriptor"}},
      {test_plugin("no_interface"), {"one-interface"}},
      {test_plugin("two_kinds"), {"one-interface"}},
      {test_plugin("init_fails"), {"init-and-fini-twice"}},
  });
}

TEST_CASE("a file that others can change, or that is not whole, is not run") {
  const fs::path folder =
      fs::temp_directory_path() / ("fettle-check-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  const fs::path file = folder / "plugin.so";
  fs::copy_file(bad("keeps_all_rules"), file);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  CHECK(failed_checks(check_file(file)) == Names{"trusted-file"});
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  fs::resize_file(file, fs::file_size(file) / 2);
  const Report cut = check_file(file);
  CHECK(failed_checks(cut) == Names{"whole-library"});
  CHECK(cut.count(Result::pass) == 2);  // trusted-file, and nothing threw
  fs::remove_all(folder);
}

TEST_CASE("a component whose options are not as declared") {
  require_failed({
      {bad("default_refused"), {"options-default"}},
      {bad("bound_refused"), {"options-allowed"}},
      {bad("out_of_range_crashes"), {"options-out-of-range"}},
  });
}

TEST_CASE("a component that takes its host for granted") {
  require_failed({
      {bad("absent_extension_crashes"), {"absent-extensions"}},
      {bad("absent_extension_silent"), {"absent-extensions"}},
      {bad("old_host_overrun"), {"old-host"}},
      {bad("newer_host_refused"), {"newer-host"}},
      {bad("writes_behind_its_struct"), {"newer-host"}},
      {bad("failure_ignored"), {"failing-calls"}},
      {bad("tensor_leak"), {"tensors-released"}},
  });
}

TEST_CASE("a pass that does not get through a program") {
  require_failed({
      {bad("empty_program_refused"), {"empty-program"}},
      {bad("one_node_exits"), {"one-node-program"}},
      {bad("nested_program_aborts"), {"nested-program"}},
      {bad("random_program_refused"), {"random-programs"}},
      {bad("large_program_crashes"), {"large-program"}},
  });
}

TEST_CASE("a pass that does not do what it says") {
  require_failed({
      {bad("unchanged_is_a_lie"), {"unchanged-means-identical"}},
      {bad("other_edits_each_time"), {"same-edits"}},
      {bad("limit_is_error"), {"rewrite-limit"}},
      {bad("not_idempotent"), {"idempotent"}},
      {bad("preserves_wrongly"), {"preserved-analyses"}},
      {bad("numerics_wrong"), {"numerics"}},
  });
}

TEST_CASE("verifiers and benchmarks that say the wrong thing") {
  require_failed({
      {bad("never_passes"), {"accepts-the-same"}},
      {bad("always_passes"), {"refuses-the-wrong"}},
      // A verifier and a benchmark in one library, each wrong.
      {test_plugin("nonsense_answers"), {"refuses-the-wrong", "measures-each-program"}},
  });
}

TEST_CASE("an exception that crosses the boundary is told once, whatever check met it") {
  require_failed({
      {test_plugin("throwing"), {"exceptions-kept-inside"}},
      {test_plugin("throws_in_init"), {"exceptions-kept-inside"}},
  });
}

TEST_CASE("a crash, a hang and an exit are results, and say what happened") {
  const Report hang = check_file(bad("cancellation_spins"), "cancellation", 5);
  CHECK(finding_of(hang, "cancellation").result == Result::fail);
  CHECK_THAT(finding_of(hang, "cancellation").text,
             test::contains("did not come back within 5 s"));

  const Report abort = check_file(bad("nested_program_aborts"), "nested-program");
  CHECK_THAT(finding_of(abort, "nested-program").text, test::contains("SIGABRT"));

  const Report exit = check_file(bad("one_node_exits"), "one-node-program");
  CHECK_THAT(finding_of(exit, "one-node-program").text,
             test::contains("ended the process with exit status 0"));
}

TEST_CASE("a backend is held against libtorch") {
  const fs::path folder = FETTLE_BACKEND_PLUGINS;
  const Report right = check_file(folder / "relu_add.so", "agrees-with-libtorch");
  INFO(text_of(right));
  CHECK(finding_of(right, "agrees-with-libtorch").result == Result::pass);
  const Report wrong = check_file(folder / "wrong_values.so", "agrees-with-libtorch");
  CHECK(finding_of(wrong, "agrees-with-libtorch").result == Result::fail);
}

// With the host's own deleters the second call is a free of what is free: it may crash any check.
TEST_CASE("a tensor that is released twice") {
  const Report report = check_file(bad("tensor_released_twice"), "tensors-released");
  INFO(text_of(report));
  CHECK(failed_checks(report) == Names{"tensors-released"});
  CHECK_THAT(finding_of(report, "tensors-released").text, test::contains("released twice"));
}

TEST_CASE("plugins that keep all rules") {
  require_failed({
      {bad("keeps_all_rules"), {}},
      {bad("judges_rightly"), {}},
      {test_plugin("c_relu_idempotent"), {}},
      {test_plugin("checksum"), {}},
      {test_plugin("count_nodes"), {}},
      {test_plugin("well_behaved"), {}},
  });
}

TEST_CASE("every plugin that ships passes all checks") {
  std::vector<Case> shipped;
  for (const auto& entry : fs::directory_iterator(FETTLE_SHIPPED_PLUGINS)) {
    if (entry.path().extension() == ".so") shipped.push_back({entry.path(), {}});
  }
  CHECK(shipped.size() >= 7);
  require_failed(shipped);
}

}  // namespace fettle::conformance
