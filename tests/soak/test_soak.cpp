// What the soak says of a case: hung, blocked, crashed, left a file, or nothing at all.
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

#include "case.hpp"
#include "catch.hpp"
#include "workers.hpp"

using namespace fettle;
using namespace fettle::soak;
using namespace fettle::test;
namespace fs = std::filesystem;

namespace {

volatile bool forever = true;
void spin() {
  while (forever) {
  }
}
void spin_for(double processor_seconds) {
  const std::clock_t begin = std::clock();
  while (static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < processor_seconds) {
  }
}

struct Lost {
  std::uint64_t number;
  std::string why;
};
struct Run {
  Summary summary;
  std::vector<Lost> lost;
};

// So many cases of `body`, from 0.
Run run(Plan plan, std::uint64_t cases, const std::function<void(std::uint64_t)>& body) {
  plan.cases = cases;
  Run run;
  run.summary = run_cases(plan, {.run =
                                     [&](std::uint64_t number) {
                                       body(number);
                                       return Told{"done", false};
                                     },
                                 .lost =
                                     [&](std::uint64_t number, const std::string& why) {
                                       run.lost.push_back({number, why});
                                     }});
  return run;
}

// A run of fettle on a sound program, in a folder where `prepare` wrote what it needs.
class SoundCase {
 public:
  SoundCase() { prepare(corpus_, folder_.path()); }
  fs::path path(std::string_view name) const { return folder_.path() / name; }
  Outcome run(std::vector<std::string> more, std::string bytes = {}) const {
    Case which;
    which.bytes = bytes.empty() ? test::zip(corpus_.programs.front()).bytes : bytes;
    which.command = {"run", "case.pt2", "-p", "sound0.yaml"};
    which.command.insert(which.command.end(), more.begin(), more.end());
    return run_case(which, folder_.path(), FETTLE_EXECUTABLE);
  }
  const TempFolder& folder() const { return folder_; }

 private:
  Corpus corpus_ = make_corpus({});
  TempFolder folder_;
};

}  // namespace

TEST_CASE("a case that uses up its processor time hangs, on whichever thread") {
  const bool second_thread = GENERATE(false, true);
  const Run run = ::run({.hang = 0.2}, 3, [&](std::uint64_t number) {
    if (number != 1) return;
    if (second_thread) std::thread(spin).join();
    spin();
  });
  CHECK(run.summary.done == 3);
  CHECK(run.summary.findings == 1);
  REQUIRE(run.lost.size() == 1);
  CHECK(run.lost[0].number == 1);
  CHECK_THAT(run.lost[0].why, contains("hang") && contains("processor time"));
}

TEST_CASE("a case that takes longer on the clock than it may take of the processor does not hang") {
  const Run run = ::run({.hang = 0.2}, 2, [](std::uint64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  });
  CHECK(run.summary.done == 2);
  CHECK(run.lost.empty());
}

TEST_CASE("each case has the processor time for itself") {
  const Run run = ::run({.hang = 0.4}, 6, [](std::uint64_t) { spin_for(0.1); });
  CHECK(run.summary.done == 6);
  CHECK(run.lost.empty());
}

TEST_CASE("a case that waits for what never comes is blocked, which is not called a hang") {
  const Run run = ::run({.hang = 100, .blocked = 0.3}, 1, [](std::uint64_t) {
    for (;;) ::pause();
  });
  CHECK(run.summary.done == 1);
  REQUIRE(run.lost.size() == 1);
  CHECK(run.lost[0].number == 0);
  CHECK_THAT(run.lost[0].why, contains("blocked") && contains("waits for something"));
}

TEST_CASE("a crash is named by its case, and the cases after it are run by another process") {
  const Run run = ::run({.workers = 2}, 8, [](std::uint64_t number) {
    if (number == 2) ::raise(SIGKILL);
    if (number == 5) ::_exit(3);
  });
  CHECK(run.summary.done == 8);
  CHECK(run.summary.findings == 2);
  CHECK(run.summary.codes == std::map<std::string, std::uint64_t>{{"done", 6}});
  REQUIRE(run.lost.size() == 2);
  const Lost& killed = run.lost[run.lost[0].number == 2 ? 0 : 1];
  const Lost& left = run.lost[run.lost[0].number == 2 ? 1 : 0];
  CHECK(killed.number == 2);
  CHECK_THAT(killed.why, contains("crash: signal 9"));
  CHECK(left.number == 5);
  CHECK_THAT(left.why, contains("crash: exit status 3"));
}

TEST_CASE("a worker's folder is where it works and keeps temporary files, and goes with it") {
  const TempFolder folder;
  ::run({.batch = 2}, 4, [&](std::uint64_t number) {
    folder.write(std::to_string(number), fs::current_path().string());
    folder.write(std::to_string(number) + "t", fs::temp_directory_path().string());
    if (number == 3) ::raise(SIGKILL);
  });
  REQUIRE(folder.file_count() == 8);
  const auto told = [&](const char* name) { return read_file(folder.path() / name); };
  CHECK(told("0") == told("0t"));
  CHECK(told("0") == told("1"));
  CHECK(told("0") != told("2"));
  for (const char* name : {"0", "2", "3"}) {
    REQUIRE_FALSE(told(name).empty());
    CHECK_FALSE(fs::exists(told(name)));
  }
}

TEST_CASE("a case that ends well leaves its folder as it was") {
  const SoundCase sound;
  const std::size_t files = sound.folder().file_count();
  const Outcome outcome = sound.run({"-o", "out.pt2"});
  CHECK(outcome.code == "done");
  CHECK(outcome.finding == "");
  CHECK(sound.run({"-o", "out.pt2"}, "no archive").code == "archive-not-zip");
  CHECK(sound.folder().file_count() == files);
}

TEST_CASE("a file besides the output is found and removed, whatever its name") {
  const SoundCase sound;
  const char* const name =
      GENERATE("report.json", ".out.pt2.0123abcd.tmp", "sound.json", "sound9.yaml");
  const Outcome outcome = sound.run({"--report-json", sound.path(name)});
  CHECK(outcome.code == "done");
  CHECK(outcome.finding == std::string("left over: ") + name);
  CHECK_FALSE(fs::exists(sound.path(name)));
}

TEST_CASE("a file that was there and is changed is found") {
  const SoundCase sound;
  CHECK(sound.run({"--report-json", sound.path("sound1.yaml")}).finding == "changed: sound1.yaml");
}

TEST_CASE("an output after an error is found, and one that cannot be read") {
  const SoundCase sound;
  sound.folder().write("out.pt2", zip(small_program()).bytes);
  CHECK(sound.run({"-o", "out.pt2"}, "no archive").finding == "an error left an output");
  CHECK_FALSE(fs::exists(sound.path("out.pt2")));
  CHECK_THAT(sound.run({"--report-json", sound.path("out.pt2")}).finding,
             contains("the output cannot be read"));
}
