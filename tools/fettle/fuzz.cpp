// fettle fuzz: passes against programs that nobody wrote.
#include "fuzz/fuzz.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <limits>

#include "base/child_process.hpp"
#include "commands.hpp"
#include "common_options.hpp"
#include "fuzz_worker.hpp"
#include "interruption.hpp"
#include "numbers.hpp"
#include "pipeline/stopwatch.hpp"
#include "scratch_folder.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

constexpr double kHang = 300;  // seconds for one program
constexpr double kBisect = 1800;

struct Tally {
  std::uint64_t programs = 0, calls = 0, refused = 0, rewrites = 0, verdicts = 0, unable = 0,
                findings = 0;
  std::string first_refused;

  void add(const FuzzTold& told) {
    ++programs;
    calls += told.counts.calls;
    rewrites += told.counts.rewrites;
    verdicts += told.counts.verdicts;
    unable += told.counts.unable;
    findings += !told.finding.empty();
    if (told.counts.refused.empty()) return;
    if (refused++ == 0) first_refused = told.counts.refused;
  }
  std::string text(double seconds) const {
    std::string out = fmt::format(
        "{} programs of {:.0f} calls in {}: {} rewrites, {} verdicts ({} without a judgement), {}\n",
        programs, programs ? static_cast<double>(calls) / static_cast<double>(programs) : 0.0,
        human_seconds(seconds), rewrites, verdicts, unable,
        findings == 1 ? "1 finding" : fmt::format("{} findings", findings));
    if (refused != 0) {
      out += fmt::format("{} of them do not run by themselves; the first: {}", refused, first_refused);
    }
    return out;
  }
};

class FuzzCommand {
 public:
  FuzzCommand(const Invocation& invocation, const Arguments& arguments)
      : invocation_(invocation),
        arguments_(arguments),
        host_(plugin_search(arguments, invocation.executable)),
        scratch_("fettle-fuzz"),
        setup_{host_, fuzzed_pipelines(invocation, arguments, host_), fuzzed_calls(arguments),
               scratch_.path(), observer_},
        folder_(arguments.text("output", "fuzz-findings")) {
    // What is wrong is told once, and not of every program.
    for (const FuzzedPipeline& each : setup_.pipelines) resolve(each.pipeline, host_);
    if (const std::string kept = arguments.text("keep-programs");
        !kept.empty() && !fs::is_directory(kept)) {
      throw Error({Code::usage_bad_argument, "there is no folder to keep programs in",
                   "--keep-programs " + kept, {}, "make it, or name another"});
    }
  }

  int run() {
    const Stopwatch watch;
    const std::uint64_t first = first_seed(arguments_);
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const auto programs =
        static_cast<std::uint64_t>(arguments_.whole_number("programs", kMost, 1, kMost));
    const auto seconds = static_cast<double>(
        arguments_.whole_number("seconds", arguments_.has("programs") ? kMost : 60, 1, kMost));
    std::cout << fmt::format("programs from seed {}\n", first) << std::flush;
    FuzzWorker worker(invocation_, arguments_, first);
    for (std::uint64_t k = 0; k < programs && watch.seconds() < seconds; ++k) {
      observer_.stage(
          fmt::format("program {}, seed {}; {} findings", k + 1, first + k, tally_.findings));
      const FuzzTold told = worker.next(kHang);
      observer_.stop_if_cancelled();
      tally_.add(told);
      if (told.finding.empty()) continue;
      tell(told, first + k);
      if (!arguments_.flag("keep-going")) break;
    }
    observer_.clear();
    std::cout << tally_.text(watch.seconds());
    return tally_.findings == 0 ? 0 : 1;
  }

 private:
  void tell(const FuzzTold& told, std::uint64_t seed) {
    observer_.clear();
    const FuzzedPipeline* pipeline = told.pipeline ? &setup_.pipelines[*told.pipeline] : nullptr;
    std::cout << fmt::format("seed {}, {}:\n{}", seed,
                             pipeline    ? pipeline->label
                             : told.died ? "the process that ran it"
                                         : "the program itself",
                             told.finding)
              << std::flush;
    const fs::path folder = folder_ / fmt::format("seed-{}", seed);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      throw Error({Code::report_unwritable, "the folder for findings cannot be made",
                   folder.string(), error.message(), "name another with -o"});
    }
    write_program(fuzzed_program(setup_, seed), folder / "program.pt2");
    std::cout << fmt::format("program: {}\nagain: fettle fuzz --seed={} --programs=1{}\n",
                             (folder / "program.pt2").string(), seed, again())
              << std::flush;
    // Of a process that died it is not known which pipeline it was at.
    if (told.died && setup_.pipelines.size() == 1) pipeline = &setup_.pipelines.front();
    if (pipeline) make_small(*pipeline, folder);
  }

  std::string again() const {
    std::string text;
    for (const auto& [name, given] : arguments_.given(fuzz_options())) {
      if (name != "seed") text += fmt::format(" --{}={}", name, given);
    }
    return text;
  }

  // `fettle bisect` as a process of its own, as what it runs may crash again; it says what it found.
  void make_small(const FuzzedPipeline& fuzzed, const fs::path& folder) {
    const fs::path pipeline = folder / "pipeline.yaml";
    write_report(pipeline, to_yaml(resolve(fuzzed.pipeline, host_)));
    std::vector<std::string> command = {invocation_.executable.string(), "bisect"};
    for (const auto& [name, text] : arguments_.given({plugin_dir_option()})) {
      command.push_back("--" + name + "=" + text);
    }
    command.insert(command.end(), {"--pipeline=" + pipeline.string(),
                                   "--output=" + (folder / "repro").string(), "--",
                                   (folder / "program.pt2").string()});
    ChildProcess child(command, {.output = STDOUT_FILENO, .errors = ChildProcess::kDropped, .own_group = false});
    ::close(child.socket());
    child.wait(kBisect);
  }

  const Invocation& invocation_;
  const Arguments& arguments_;
  const Host host_;
  const ScratchFolder scratch_;
  ProgressObserver observer_;
  const FuzzSetup setup_;
  const fs::path folder_;
  Tally tally_;
};

int run(const Invocation& invocation, const Arguments& arguments) {
  if (arguments.text("pipeline") == "-") {
    throw Error({Code::usage_bad_argument, "the pipeline cannot be read from standard input here",
                 "--pipeline -", "the process that runs the programs reads it, too", "name a file"});
  }
  return FuzzCommand(invocation, arguments).run();
}

std::vector<OptionSpec> with_limits(std::vector<OptionSpec> options) {
  const std::vector<OptionSpec> more = {
      {.name = "seconds",
       .value = "N",
       .help = "Stops after so many seconds.",
       .otherwise = "60, or without an end if --programs is given"},
      {.name = "programs", .value = "N", .help = "Stops after so many programs."},
      {.name = "keep-going", .help = "Goes on after a finding."},
      {.name = "output",
       .letter = "o",
       .value = "FOLDER",
       .help = "Where programs go that must not be.",
       .otherwise = "fuzz-findings",
       .completes = Completes::folder}};
  options.insert(options.begin() + 2, more.begin(), more.end());
  return options;
}

}  // namespace

CommandSpec fuzz_command() {
  return {
      .name = "fuzz",
      .summary = "try passes on random programs, and make what breaks small",
      .synopsis = {"fuzz [-p PIPELINE.yaml | --passes PASSES] [--seconds N | --programs N] "
                   "[OPTION...]"},
      .description =
          {"Makes programs of operators of all kinds (views, writes in place, broadcasting, mixed "
           "dtypes, random draws, empty and dynamic sizes, nested graphs), runs the pipeline on "
           "each, and holds the result to everything that a run promises: numbers on samples, "
           "random and edge inputs, gradients, structure, types, what passes claim of themselves, "
           "and that archives read back as they were written.",
           "Without a pipeline: every pass that is found, alone, and then the default pipeline. A "
           "pass of your own is among them with --plugin-dir. A pipeline file is verified as it "
           "says.",
           "What fails is written to FOLDER/seed-N: the program, and in repro what 'fettle bisect' "
           "makes of it. A program depends on its seed and on --calls alone; the next program's "
           "seed is one more. Programs run in a process of their own: one that crashes, or takes "
           "five minutes, is a finding."},
      .options = with_limits(fuzz_options()),
      .statuses = {{"0", "Nothing was found."},
                   {"1", "Something was; it is on standard output, and in FOLDER."},
                   {"130", "Interrupted by Ctrl-C."}},
      .examples = {{"fettle fuzz --passes my_pass --plugin-dir build --seconds 600",
                    "Ten minutes of random programs for a pass of your own"},
                   {"fettle fuzz --seed 17 --programs 1", "One program again"}},
      .see_also = {"bisect", "plugins", "verify"},
      .run = run};
}

}  // namespace fettle
