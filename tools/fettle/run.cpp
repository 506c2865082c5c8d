// fettle run: reads a program, runs a pipeline over it, writes the result and says what happened.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <iostream>

#include "commands.hpp"
#include "common_options.hpp"
#include "crash_messages.hpp"
#include "destinations.hpp"
#include "pipelines.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/resolve.hpp"
#include "pipeline/runner.hpp"
#include "pipeline/stopwatch.hpp"
#include "programs.hpp"
#include "run_console.hpp"
#include "run_text.hpp"
#include "worker.hpp"

namespace fettle {
namespace {

// A misspelled pass would print nothing, and say nothing.
void check_pass_names(const Arguments& arguments, const Pipeline& pipeline) {
  const auto check = [&](const std::string& option, const std::string& name,
                         const std::vector<std::string>& others) {
    std::vector<std::string> known = pass_names(pipeline);
    known.insert(known.end(), others.begin(), others.end());
    if (std::ranges::find(known, name) != known.end()) return;
    throw Error({Code::usage_bad_argument,
                 fmt::format("--{} names '{}', which the pipeline does not run", option, name),
                 pipeline.source,
                 {},
                 suggest(name, known)});
  };
  for (const std::string& name : arguments.list("print-before")) {
    check("print-before", name, {"all"});
  }
  for (const std::string& name : arguments.list("print-after")) {
    check("print-after", name, {"all", "changed"});
  }
  if (arguments.has("stop-after")) check("stop-after", arguments.text("stop-after"), {});
}

// Limits that the file gives stay; its list of passes does not: the option is about all of them.
void override_isolation(const Arguments& arguments, Pipeline& pipeline) {
  if (arguments.choice("isolation") == "none") return pipeline.isolation.reset();
  if (!pipeline.isolation) pipeline.isolation.emplace();
  pipeline.isolation->passes.reset();
}

Pipeline pipeline_to_run(const Arguments& arguments, const std::filesystem::path& executable) {
  Pipeline pipeline = read_pipeline(arguments, executable);
  if (arguments.has("isolation")) override_isolation(arguments, pipeline);
  check_pass_names(arguments, pipeline);
  if (arguments.has("stop-after")) stop_after(pipeline, arguments.text("stop-after"));
  return pipeline;
}

Record pipeline_record(const RunReport& report) {
  const boost::json::object document{{"fettle_version", report.fettle_version},
                                     {"pipeline", report.pipeline},
                                     {"plugins", plugins_json(report.plugins)}};
  const std::string text = pretty(document);
  return {"fettle/pipeline.json", make_storage(text.data(), text.size())};
}

void write_reports(const Arguments& arguments, const RunReport& report) {
  if (arguments.has("report")) write_report(arguments.text("report"), to_html(report));
  if (arguments.has("report-json")) {
    write_report(arguments.text("report-json"), pretty(to_json(report)));
  }
}

std::string quoted(const std::string& word) {
  const bool plain = word.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/=,:@+") ==
                     std::string::npos;
  if (plain && !word.empty()) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// The same run, looked into.
[[noreturn]] void refer_to_bisect(const Error& error, const Arguments& arguments) {
  std::string line = "fettle bisect " + quoted(arguments.text("MODEL.pt2"));
  for (const auto& [name, text] : arguments.given(bisect_command().options)) {
    if (name != "output") line += " --" + name + " " + quoted(text);
  }
  Diagnostic diagnostic = error.diagnostic();
  diagnostic.hint = "find the rewrite that does it: " + line + "; or " + diagnostic.hint;
  throw Error(std::move(diagnostic));
}

struct Run {
  const Arguments& arguments;
  RunConsole& console;
  ResolvedPipeline& pipeline;
  Device device;
  RunReport& report;

  void execute() {
    const Stopwatch loading;
    console.stage("loading " + report.model);
    Program program = load_program(arguments, report.model);
    console.loaded(*program.graph);
    report.load_seconds = loading.seconds();
    report.notes = program.warnings;
    run_pipeline(program, pipeline, device, console, report);
    report.python = python_lines(program, report.output.empty() ? report.model : report.output);
    if (!report.output.empty()) save(program);
    console.clear();
  }

  void save(const Program& program) {
    const Stopwatch saving;
    console.stage("writing " + report.output);
    write_program(program, report.output, {pipeline_record(report)});
    report.save_seconds = saving.seconds();
  }
};

int run(const Invocation& invocation, const Arguments& arguments) {
  const Stopwatch watch;
  const Pipeline file = pipeline_to_run(arguments, invocation.executable);
  check_destinations(arguments);
  const Device device = read_device(arguments);
  const Host host(plugin_search(arguments, invocation.executable));
  CrashMessages::know(host);
  ResolvedPipeline pipeline =
      resolve(file, host, worker_command(invocation.executable, arguments));
  pipeline.check_passes = arguments.flag("check-passes");

  RunReport report;
  report.fettle_version = FETTLE_VERSION;
  report.model = arguments.text("MODEL.pt2");
  report.output = arguments.text("output");
  report.pipeline = to_json(pipeline);
  report.pipeline_yaml = to_yaml(pipeline);
  report.pipeline_source = pipeline.source;
  report.plugins = pipeline.plugins;

  Printing printing{
      arguments.list("print-before"), arguments.list("print-after"), arguments.flag("verbose"), {}};
  if (arguments.has("ir-dir")) printing.ir_dir = arguments.text("ir-dir");
  RunConsole console(std::move(printing));
  try {
    Run{arguments, console, pipeline, device, report}.execute();
  } catch (const Error& error) {
    console.clear();
    report.error = error.what();
    report.verified = false;
    report.output.clear();
    report.seconds_total = watch.seconds();
    if (!report.passes.empty()) std::cout << run_text(report);
    try {
      write_reports(arguments, report);
    } catch (const Error& unwritable) {  // must not hide why the run stopped
      std::cerr << unwritable.what();
    }
    if (error.code() == Code::verification_failed) refer_to_bisect(error, arguments);
    throw;
  }
  report.seconds_total = watch.seconds();
  std::cerr << notes_text(report);
  std::cout << run_text(report);
  try {
    write_reports(arguments, report);
  } catch (const Error& unwritable) {
    if (report.output.empty()) throw;
    Diagnostic diagnostic = unwritable.diagnostic();
    diagnostic.why += fmt::format("; the output '{}' is whole", report.output);
    throw Error(std::move(diagnostic));
  }
  return report.check_failed || report.faulted ? 1 : 0;
}

}  // namespace

CommandSpec run_command() {
  return {
      .name = "run",
      .summary = "optimize a program by a pipeline of passes, verify and measure it",
      .synopsis = {"run MODEL.pt2 [-p PIPELINE.yaml] [-o OUT.pt2] [OPTION...]"},
      .description =
          {"Reads a program that torch.export.save wrote, runs a pipeline of passes over it, "
           "checks "
           "after each pass that it still computes the same, measures what that bought, and writes "
           "a "
           "program that Python loads. A pass whose result is refused leaves no trace: the graph "
           "is as "
           "it was before it.",
           "Without -p the default pipeline is run; without -o nothing is written. OUT.pt2 appears "
           "whole or not at all, and may be MODEL.pt2 itself. Ctrl-C stops at the next safe point, "
           "with nothing written; a second one ends fettle at once.",
           "On standard output: what each pass did, how it was verified, what was measured, and "
           "the "
           "Python lines that load the result."},
      .positionals = {{.name = "MODEL.pt2", .help = "The program to optimize."}},
      .options = with_program_options(
          {pipeline_option(),
           passes_option(),
           {.name = "output",
            .letter = "o",
            .value = "OUT.pt2",
            .help = "Where the result goes.",
            .otherwise = "nothing is written",
            .completes = Completes::file},
           {.name = "report",
            .value = "R.html",
            .help = "Writes a report for people.",
            .completes = Completes::file},
           report_json_option(),
           set_option("constant_folding.max_bytes=4096"),
           {.name = "isolation",
            .value = "MODE",
            .help = "Where passes run, whatever the pipeline says. 'process' means a process of "
                    "their own: a pass that crashes or hangs there costs its own result alone. "
                    "Limits, and what happens then, are the pipeline's 'isolation' and 'on_fault'.",
            .otherwise = "as the pipeline says, which by default is none",
            .choices = {"none", "process"},
            .completes = Completes::choice},
           {.name = "stop-after",
            .value = "PASS",
            .help = "Leaves out what comes after the first run of this pass; in a repeat group, "
                    "that of "
                    "its first round.",
            .completes = Completes::pass},
           {.name = "verbose",
            .letter = "v",
            .help =
                "Prints a line for each pass when it is done, with its times, on standard error."},
           {.name = "check-passes",
            .help = "For authors of passes: holds each pass to what it claims. Analyses that it "
                    "declares to preserve are computed again, a pass that finds nothing to do is "
                    "run nevertheless, and the program must be the same, unless it changed."},
           {.name = "print-before",
            .value = "PASS|all",
            .help = "Prints the graph before a pass, on standard error.",
            .repeatable = true,
            .completes = Completes::pass},
           {.name = "print-after",
            .value = "PASS|all|changed",
            .help =
                "Prints the graph after a pass, on standard error. 'changed' means after each that "
                "changed it.",
            .repeatable = true,
            .completes = Completes::pass},
           {.name = "ir-dir",
            .value = "DIR",
            .help =
                "Writes the graph's text after each change into this folder. It must be empty or "
                "new, and gets 00-original.txt, 01-cse.txt, and what changed as 01-cse.diff.",
            .completes = Completes::folder},
           device_option(),
           plugin_dir_option()}),
      .statuses = {{"0", "Done; if verification is on, every change that was kept passed it."},
                   {"1",
                    "A verifier refused a pass, or with 'on_fault: skip' one broke its contract. "
                    "With 'skip' the rest was written."},
                   {"130", "Interrupted by Ctrl-C; nothing was written."}},
      .examples = {{"fettle run model.pt2 -o small.pt2 --report report.html",
                    "Optimize by the default pipeline, with a report"},
                   {"fettle run model.pt2 --passes cse,dce --print-after changed",
                    "Look at what two passes do"},
                   {"fettle run model.pt2 --ir-dir steps -v",
                    "Keep every step, with its difference"},
                   {"fettle run model.pt2 -o model.pt2 -p pipeline.yaml --set dce.weights=false",
                    "Optimize in place by a pipeline of one's own, with an option changed"}},
      .see_also = {"diff", "verify", "bench", "plugins"},
      .run = run};
}

}  // namespace fettle
