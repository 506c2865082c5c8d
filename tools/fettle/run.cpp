// fettle run: reads a program, runs a pipeline over it, writes the result and says what happened.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "destinations.hpp"
#include "graph/text.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/resolve.hpp"
#include "pipeline/runner.hpp"
#include "pipeline/stopwatch.hpp"
#include "program_facts.hpp"
#include "progress.hpp"
#include "run_text.hpp"
#include "runtime/executable.hpp"

namespace fettle {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kAbout =
    "Runs a pipeline of passes over a program exported from PyTorch, verifies after each pass that "
    "it\n"
    "still computes the same, measures what that bought, and writes a program that Python loads.\n"
    "Without -o nothing is written. Without -p the default pipeline is run "
    "(configs/default.yaml).\n";

// Shows progress, and prints the graph around the passes that --print-before and --print-after
// name.
class RunConsole : public RunObserver {
 public:
  RunConsole(std::vector<std::string> before, std::vector<std::string> after)
      : before_(std::move(before)), after_(std::move(after)), progress_(Progress::terminal()) {}

  void stage(std::string_view text) override { progress_.stage(text); }
  void clear() { progress_.clear(); }

  void before_pass(std::string_view name, const Graph& graph) override {
    if (names(before_, name)) show("before", name, graph);
  }

  void after_pass(const PassReport& pass, const Graph& graph) override {
    progress_.clear();
    const bool changed = pass.status == PassStatus::changed;
    if (names(after_, pass.name) || (changed && names(after_, "changed"))) {
      show("after", pass.name, graph);
    }
  }

 private:
  static bool names(const std::vector<std::string>& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
  }

  void show(std::string_view when, std::string_view name, const Graph& graph) {
    progress_.clear();
    std::cout << "# " << when << " " << name << "\n" << print(graph) << "\n";
  }

  std::vector<std::string> before_, after_;
  Progress progress_;
};

void declare(Arguments& arguments) {
  const auto text = [] { return po::value<std::string>(); };
  const auto texts = [] { return po::value<std::vector<std::string>>()->composing(); };
  arguments.positional("MODEL.pt2", true);
  // clang-format off
  arguments.options()
      ("pipeline,p", text()->value_name("FILE.yaml"), "the pipeline; default: configs/default.yaml")
      ("output,o", text()->value_name("OUT.pt2"), "where the result goes; without it nothing is written")
      ("report", text()->value_name("R.html"), "writes a report for people")
      ("report-json", text()->value_name("R.json"), "writes a report for programs")
      ("set", texts()->value_name("PASS.OPTION=VALUE"), "changes an option of the pipeline; repeatable")
      ("device", text()->value_name("DEVICE"), "where programs run: cpu (default), cuda, cuda:1, mps")
      ("plugin-dir", texts()->value_name("DIR"), "looks for plugins there first; repeatable")
      ("print-before", texts()->value_name("PASS"), "prints the graph before a pass; repeatable")
      ("print-after", texts()->value_name("PASS|changed"), "prints it after a pass, or after each that changed it");
  // clang-format on
}

// configs/default.yaml in the source tree or installed, as seen from the executable.
std::filesystem::path default_pipeline(const std::filesystem::path& executable) {
  const std::filesystem::path folder = executable.parent_path();
  for (const char* place : {"../configs", "../share/fettle/configs"}) {
    const std::filesystem::path path = (folder / place / "default.yaml").lexically_normal();
    if (std::filesystem::exists(path)) return path;
  }
  throw Error({Code::usage_bad_argument,
               "the default pipeline is not where it is installed",
               (folder / "../share/fettle/configs/default.yaml").lexically_normal().string(),
               {},
               "name a pipeline with -p"});
}

Pipeline read_pipeline(const Arguments& arguments, const std::filesystem::path& executable) {
  Pipeline pipeline =
      load_pipeline(arguments.has("pipeline") ? std::filesystem::path(arguments.text("pipeline"))
                                              : default_pipeline(executable));
  if (!pipeline.verifiers && pipeline.verify_after != VerifyAfter::never) {
    pipeline.verifiers = {{"numeric", {}, "verify (the default)"}};
  }
  for (const std::string& text : arguments.list("set")) apply_override(pipeline, text);
  return pipeline;
}

// A misspelled pass would print nothing, and say nothing.
void check_print_names(const Arguments& arguments, const Pipeline& pipeline) {
  for (const std::string option : {"print-before", "print-after"}) {
    for (const std::string& name : arguments.list(option)) {
      std::vector<std::string> known = pass_names(pipeline);
      if (option == "print-after") known.push_back("changed");
      if (std::ranges::find(known, name) != known.end()) continue;
      throw Error({Code::usage_bad_argument,
                   fmt::format("--{} names '{}', which the pipeline does not run", option, name),
                   pipeline.source,
                   {},
                   suggest(name, known)});
    }
  }
}

Device read_device(const Arguments& arguments) {
  const std::string text = arguments.text("device", "cpu");
  const std::optional<Device> device = device_from_string(text);
  std::string why;
  if (device && device_available(*device, &why)) return *device;
  throw Error({Code::usage_bad_argument, fmt::format("cannot run on the device '{}'", text),
               "--device", device ? why : "a device is cpu, cuda, cuda:N or mps",
               "leave --device out to run on cpu"});
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

struct Run {
  const Arguments& arguments;
  RunConsole& console;
  ResolvedPipeline& pipeline;
  Device device;
  RunReport& report;

  void execute() {
    const Stopwatch loading;
    console.stage("loading " + report.model);
    Program program = read_program(report.model);
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

}  // namespace

int run_command(const Invocation& invocation) {
  const Stopwatch watch;
  Arguments arguments("run MODEL.pt2 [-p PIPELINE.yaml] [-o OUT.pt2] [OPTION...]", kAbout);
  declare(arguments);
  if (!arguments.parse(invocation.arguments)) return 0;

  const Pipeline file = read_pipeline(arguments, invocation.executable);
  check_print_names(arguments, file);
  check_destinations(arguments);
  const Device device = read_device(arguments);
  const Host host(plugin_search(arguments, invocation.executable));
  ResolvedPipeline pipeline = resolve(file, host);

  RunReport report;
  report.fettle_version = FETTLE_VERSION;
  report.model = arguments.text("MODEL.pt2");
  report.output = arguments.text("output");
  report.pipeline = to_json(pipeline);
  report.pipeline_yaml = to_yaml(pipeline);
  report.pipeline_source = pipeline.source;
  report.plugins = pipeline.plugins;

  RunConsole console(arguments.list("print-before"), arguments.list("print-after"));
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
    throw;
  }
  report.seconds_total = watch.seconds();
  std::cerr << notes_text(report);
  std::cout << run_text(report);
  write_reports(arguments, report);
  return report.check_failed ? 1 : 0;
}

}  // namespace fettle
