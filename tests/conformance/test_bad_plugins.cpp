// Each check of `fettle plugins check` is failed by a plugin that was made to, and by that alone
// where the checks can be told apart; good plugins fail none. Checks run in children of the
// executable under test, as from the command line.
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "../pipeline/process.hpp"
#include "bad_plugins.hpp"
#include "catch.hpp"
#include "conformance/conformance.hpp"

namespace fettle::conformance {
namespace {

Report check_file(const Case& plugin) {
  Settings settings;
  settings.file = fs::canonical(plugin.file);
  settings.seed = 1;
  settings.only = plugin.only;
  settings.verifier = "numeric";
  settings.verifier_folder = FETTLE_SHIPPED_PLUGINS;
  const ChildCommand child{FETTLE_EXECUTABLE, {"plugins-check-child"}};
  return check_plugin(settings, child, std::chrono::seconds(plugin.limit));
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

// Two at a time: each waits for a child.
void require_failed(const Cases& cases) {
  std::vector<Report> reports(cases.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t k = next++; k < cases.size(); k = next++) reports[k] = check_file(cases[k]);
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
  require_failed(bad_libraries());
}

TEST_CASE("what the host refuses to load fails a check by name") {
  require_failed(refused_by_the_host());
}

TEST_CASE("a file that others can change, or that is not whole, is not run") {
  const test::Folder folder;
  const Cases files = not_to_be_run(folder.path());
  for (const Case& spoiled : files) fs::copy_file(bad("keeps_all_rules"), spoiled.file);
  fs::permissions(files[0].file, fs::perms::others_write, fs::perm_options::add);
  fs::resize_file(files[1].file, fs::file_size(files[1].file) / 2);
  require_failed(files);
  CHECK(check_file(files[1]).count(Result::pass) == 2);  // trusted-file, and nothing threw
}

TEST_CASE("a component whose options are not as declared") {
  require_failed(bad_options());
}

TEST_CASE("a component that takes its host for granted") {
  require_failed(bad_guests());
}

TEST_CASE("a pass that does not get through a program") {
  require_failed(overwhelmed_passes());
}

TEST_CASE("a pass that does not do what it says") {
  require_failed(lying_passes());
}

TEST_CASE("verifiers, benchmarks, analyses and backends that say the wrong thing") {
  require_failed(bad_judges());
}

TEST_CASE("an exception that crosses the boundary is told once, whatever check met it") {
  require_failed(throwing_plugins());
}

TEST_CASE("a crash, a hang and an exit are results, and say what happened") {
  const Report hang = check_file({bad("cancellation_spins"), {}, "cancellation", 5});
  CHECK_THAT(finding_of(hang, "cancellation").text, test::contains("did not come back within 5 s"));

  const Report abort = check_file({bad("nested_program_aborts"), {}, "nested-program"});
  CHECK_THAT(finding_of(abort, "nested-program").text, test::contains("SIGABRT"));

  const Report exit = check_file({bad("one_node_exits"), {}, "one-node-program"});
  CHECK_THAT(finding_of(exit, "one-node-program").text,
             test::contains("ended the process with exit status 0"));
}

// With the host's own deleters the second call is a free of what is free: it may crash any check.
TEST_CASE("a tensor that is released twice") {
  const Report report = check_file({bad("tensor_released_twice"), {}, "tensors-released"});
  INFO(text_of(report));
  CHECK(failed_checks(report) == Names{"tensors-released"});
  CHECK_THAT(finding_of(report, "tensors-released").text, test::contains("released twice"));
}

TEST_CASE("plugins that keep all rules") {
  require_failed(good_plugins());
}

TEST_CASE("every plugin that ships passes all checks") {
  Cases shipped;
  for (const auto& entry : fs::directory_iterator(FETTLE_SHIPPED_PLUGINS)) {
    if (entry.path().extension() == ".so") shipped.push_back({entry.path(), {}});
  }
  CHECK(shipped.size() >= 7);
  require_failed(shipped);
}

// A check that no plugin fails may hold plugins to nothing.
TEST_CASE("every check has a bad plugin that fails it and no other") {
  std::set<std::string, std::less<>> failed_alone;
  for (const Cases& cases :
       {bad_libraries(), refused_by_the_host(), not_to_be_run({}), bad_options(), bad_guests(),
        overwhelmed_passes(), lying_passes(), bad_judges(), throwing_plugins()}) {
    for (const Case& plugin : cases) {
      if (plugin.failed.size() == 1) failed_alone.insert(plugin.failed.front());
    }
  }
  for (const std::string_view check : check_names()) {
    INFO(check);
    CHECK(failed_alone.contains(check));
  }
  CHECK(failed_alone.size() == check_names().size());
}

}  // namespace fettle::conformance
