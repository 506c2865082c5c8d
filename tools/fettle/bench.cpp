// fettle bench: programs measured side by side.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "bench_backends.hpp"
#include "benchmark_text.hpp"
#include "commands.hpp"
#include "common_options.hpp"
#include "crash_messages.hpp"
#include "interruption.hpp"
#include "numbers.hpp"
#include "pipeline/comparable.hpp"
#include "pipeline/measurement.hpp"
#include "programs.hpp"

namespace fettle {
namespace {

std::vector<std::unique_ptr<Benchmark>> read_benchmarks(const Arguments& arguments,
                                                        const Host& host) {
  Pipeline pipeline;
  pipeline.source = "--with";
  pipeline.verify_after = VerifyAfter::never;
  pipeline.benchmarks = read_components(arguments, {"latency", "memory"});
  apply_overrides(arguments, pipeline);
  return resolve(pipeline, host).benchmarks;
}

// The files' names; whole paths where two names are the same.
std::vector<std::string> short_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    names.push_back(std::filesystem::path(path).filename().string());
  }
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) == sorted.end() ? names : paths;
}

std::vector<Program> load_comparable(const Arguments& arguments,
                                     const std::vector<std::string>& paths,
                                     ProgressObserver& observer) {
  std::vector<Program> programs;
  for (const std::string& path : paths) {
    observer.stage("loading " + path);
    programs.push_back(load_program(arguments, path));
    check_comparable(paths[0], *programs[0].graph, path, *programs.back().graph);
  }
  return programs;
}

std::vector<BenchmarkReport> measure_all(const std::vector<Program>& programs,
                                         const std::vector<std::string>& names,
                                         const std::vector<std::unique_ptr<Benchmark>>& benchmarks,
                                         const Device& device, ProgressObserver& observer) {
  // All of them run on the inputs that are stored with the first.
  const auto samples = std::make_shared<const std::vector<LoadedSample>>(load_samples(programs[0]));
  std::vector<std::unique_ptr<ProgramHandle>> handles;
  std::vector<const ProgramHandle*> borrowed;
  for (std::size_t k = 0; k < programs.size(); ++k) {
    handles.push_back(
        std::make_unique<ProgramHandle>(names[k], *programs[k].graph, samples, device));
    borrowed.push_back(handles.back().get());
  }
  std::vector<BenchmarkReport> reports;
  interruptible(observer, [&] { measure(benchmarks, borrowed, observer, reports); });
  return reports;
}

int run(const Invocation& invocation, const Arguments& arguments) {
  if (arguments.has("backend")) return bench_backends(invocation, arguments);
  if (arguments.has("leaderboard")) {
    throw Error({Code::usage_bad_argument,
                 "--leaderboard is given, and no backend",
                 {},
                 "a leaderboard compares backends",
                 "fettle bench MODEL.pt2 --backend aten --backend reference --leaderboard FILE"});
  }
  const std::vector<std::string> paths = arguments.list("MODEL.pt2");
  const Device device = read_device(arguments);
  if (arguments.has("report-json")) check_report(arguments.text("report-json"));
  const Host host(plugin_search(arguments, invocation.executable));
  CrashMessages::know(host);
  const auto benchmarks = read_benchmarks(arguments, host);

  ProgressObserver observer;
  const std::vector<Program> programs = load_comparable(arguments, paths, observer);
  const std::vector<std::string> names = short_names(paths);
  const std::vector<BenchmarkReport> reports =
      measure_all(programs, names, benchmarks, device, observer);
  observer.clear();
  for (const Program& program : programs) std::cerr << warnings_text(program);
  for (const BenchmarkReport& report : reports) {
    for (const Diagnostic& note : report.notes) std::cerr << format(note);
  }
  std::cout << fmt::format("Measured on {}{}\n", to_string(device),
                           paths.size() > 1 ? "; ratio: to " + names[0] : "")
            << benchmark_text(reports, names);
  if (arguments.has("report-json")) {
    boost::json::object json{{"fettle_version", FETTLE_VERSION},
                             {"programs", boost::json::array(paths.begin(), paths.end())},
                             {"device", to_string(device)},
                             {"benchmarks", benchmarks_json(reports, paths)}};
    write_report(arguments.text("report-json"), pretty(json));
  }
  return 0;
}

}  // namespace

CommandSpec bench_command() {
  return {
      .name = "bench",
      .summary = "measure programs side by side",
      .synopsis = {"bench MODEL.pt2… [--with NAME]… [OPTION...]",
                   "bench MODEL.pt2 --backend NAME… [--leaderboard FILE.json] [OPTION...]"},
      .description =
          {"Measures the programs against the first of them. They take turns run by run, so that a "
           "machine that warms up or is disturbed hits all of them alike; all run on the inputs "
           "that "
           "are stored in the first. The programs must take the same inputs.",
           "Each value stands with its spread in brackets, and each ratio (program / first) with "
           "its "
           "confidence interval, if the benchmark measures one; what the spreads are stands below "
           "the "
           "table. An interval that holds 1 means that no difference was measured.",
           "With --backend, one program runs on several backends. What each computes is verified "
           "first; one that is wrong is listed as wrong and not measured, and the exit status is 1. "
           "'aten' is libtorch; 'fettle plugins list' has the others. Calls that a backend does not "
           "claim run on libtorch, and are listed below the table. Peak memory is given for 'aten' alone: "
           "what a backend allocates, fettle does not see."},
      .positionals = {{.name = "MODEL.pt2",
                       .help = "The programs; the first is the baseline.",
                       .repeatable = true}},
      .options = with_program_options({{.name = "with",
                                        .value = "NAME",
                                        .help = "A benchmark to run.",
                                        .otherwise = "latency and memory",
                                        .repeatable = true,
                                        .completes = Completes::benchmark},
                                       {.name = "backend",
                                        .value = "NAME",
                                        .help = "A backend to run the program on.",
                                        .repeatable = true,
                                        .completes = Completes::backend},
                                       {.name = "leaderboard",
                                        .value = "FILE.json",
                                        .help = "Append what the backends came to.",
                                        .completes = Completes::file},
                                       set_option("latency.runs=100"),
                                       report_json_option(),
                                       device_option(),
                                       plugin_dir_option()}),
      .examples = {{"fettle bench model.pt2 small.pt2", "What an optimization bought"},
                   {"fettle bench model.pt2 small.pt2 --with latency --set latency.runs=200 "
                    "--report-json r.json",
                    "Latency alone, with more runs, for a program to read"},
                   {"fettle bench model.pt2 --backend aten --backend reference --leaderboard l.json",
                    "Backends side by side"}},
      .see_also = {"verify", "run"},
      .run = run};
}

}  // namespace fettle
