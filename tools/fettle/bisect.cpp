// fettle bisect: which pass, which rewrite, and a small program that shows it.
#include "bisect.hpp"

#include <fmt/format.h>
#include <iostream>

#include "bisect/bisect.hpp"
#include "commands.hpp"
#include "common_options.hpp"
#include "crash_messages.hpp"
#include "interruption.hpp"
#include "pipelines.hpp"
#include "programs.hpp"
#include "scratch_folder.hpp"
#include "trial.hpp"
#include "worker.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

fs::path make_folder(const Arguments& arguments) {
  const fs::path folder = arguments.text("output", "repro");
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, error) || !fs::is_empty(folder, error)) {
    throw Error({Code::usage_bad_argument, "the reproducer needs a folder of its own",
                 folder.string(), error ? error.message() : "it is not a folder, or not empty",
                 "name one that does not exist yet with -o"});
  }
  return fs::absolute(folder).lexically_normal();
}

// The options that tell how to read the model say nothing of files that fettle wrote.
std::vector<std::string> worker_on(const std::vector<std::string>& command, const fs::path& file) {
  if (file.empty()) return command;
  std::vector<std::string> out;
  for (const std::string& word : command) {
    if (!word.starts_with("--") || word == "--" || word.starts_with("--plugin-dir=")) {
      out.push_back(word);
    }
  }
  out.back() = file.string();
  return out;
}

std::string pass_text(const BisectResult& result) {
  const GuiltyPass& pass = result.pass;
  std::string out = format(pass.failure.error);
  out += fmt::format("pass '{}' is to blame, the {}. that ran{}\n", pass.pass.name, pass.step + 1,
                     pass.round ? fmt::format(", in round {} of its group", pass.round) : "");
  if (!result.alone) {
    return out +
           "but it passes when it runs alone on the same program: its failure depends on what ran "
           "before it in the same process, or comes and goes\n";
  }
  const GuiltyRewrite& rewrite = result.rewrite;
  if (rewrite.number == 0) return out + "it fails before it rewrites anything\n";
  return out + fmt::format("rewrite {}{} decides{}\n", rewrite.number,
                           rewrite.of ? fmt::format(" of {}", rewrite.of) : "",
                           rewrite.root.empty()
                               ? ""
                               : fmt::format(": at '{}', {}", rewrite.root, rewrite.why));
}

std::string reproducer_text(const BisectResult& result, const std::string& folder,
                            const std::string& plugin_dirs) {
  if (!result.alone) return "";
  if (!result.shrunk) {
    return "no smaller program could be made that fails in the same way on the inputs of the run\n";
  }
  return fmt::format(
      "reproducer: {0}, {1} of {2} calls, {6} in inputs and weights, inputs frozen from "
      "{3}, {4} trials\n"
      "  fettle run {0}/repro.pt2 -p {0}/pipeline.yaml{5}\n",
      folder, result.calls, result.calls_before, result.inputs, result.trials, plugin_dirs,
      result.elements == 1 ? "1 element" : fmt::format("{} elements", result.elements));
}

constexpr const char* kScratch = "scratch";

// What this process becomes if it crashes.
void start_anew_if_it_crashes(const Invocation& invocation, const Arguments& arguments,
                              const ResolvedPipeline& pipeline, const fs::path& scratch) {
  const fs::path file = scratch / "whole.yaml";  // standard input cannot be read again
  write_report(file, to_yaml(pipeline));
  CrashMessages::restart_with(
      command_line(invocation.executable, bisect_apart_command_spec(), arguments,
                   {"--pipeline=" + file.string(), "--scratch=" + scratch.string()},
                   {"pipeline", "passes", "set", kScratch}, arguments.text("MODEL.pt2")),
      "note: this process crashed: the search begins anew, with each trial in a process of its "
      "own\n");
}

int search(const Invocation& invocation, const Arguments& arguments, bool apart) {
  const Pipeline pipeline = read_pipeline(arguments, invocation.executable);
  const Device device = read_device(arguments);
  const Host host(plugin_search(arguments, invocation.executable));
  CrashMessages::know(host);
  const fs::path folder = make_folder(arguments);
  const ScratchFolder scratch("fettle-bisect", apart ? arguments.text(kScratch) : "");
  ProgressObserver observer;
  const std::string model = arguments.text("MODEL.pt2");
  observer.stage("loading " + model);
  Program program = load_program(arguments, model);
  const std::vector<std::string> worker = worker_command(invocation.executable, arguments);
  std::vector<std::string> plugin_dirs;
  std::string plugin_options;
  for (const std::string& dir : arguments.list("plugin-dir")) {
    plugin_dirs.push_back(fs::absolute(dir).lexically_normal().string());
    plugin_options += " --plugin-dir " + dir;
  }
  BisectSetup setup{host, pipeline, device, observer, folder, scratch.path(),
                    [&](const fs::path& file) { return worker_on(worker, file); }, plugin_dirs,
                    model};
  if (apart) {
    setup.apart = [&](const fs::path& file, const fs::path& text, std::uint64_t limit) {
      return trial_command(invocation.executable, arguments, file, text, limit);
    };
  } else {
    start_anew_if_it_crashes(invocation, arguments, resolve(pipeline, host, worker),
                             scratch.path());
  }
  BisectResult result;
  try {
    result = bisect(setup, program);
  } catch (...) {
    CrashMessages::restart_with({}, {});
    std::error_code ignored;
    fs::remove(folder, ignored);  // if nothing is in it
    throw;
  }
  CrashMessages::restart_with({}, {});
  observer.clear();
  std::cerr << warnings_text(program);
  if (!result.shrunk) {
    std::error_code ignored;
    fs::remove(folder, ignored);
  }
  if (!result.failed) {
    std::cout << "The pipeline passes: there is nothing to look for.\n";
    return 0;
  }
  std::cout << pass_text(result)
            << reproducer_text(result, arguments.text("output", "repro"), plugin_options);
  return 1;
}

int run(const Invocation& invocation, const Arguments& arguments) {
  return search(invocation, arguments, false);
}
int run_apart(const Invocation& invocation, const Arguments& arguments) {
  return search(invocation, arguments, true);
}

}  // namespace

CommandSpec bisect_apart_command_spec() {
  CommandSpec spec = bisect_command();
  spec.name = "bisect-apart";
  spec.options.push_back({.name = kScratch, .value = "DIR", .help = "What the crashed one left."});
  spec.run = run_apart;
  return spec;
}

CommandSpec bisect_command() {
  return {
      .name = "bisect",
      .summary = "find the pass and the rewrite that break a program, and a small one that shows it",
      .synopsis = {"bisect MODEL.pt2 [-p PIPELINE.yaml] [-o REPRO_DIR] [OPTION...]"},
      .description =
          {"Runs the pipeline with verification after each pass until one is refused, crashes or "
           "hangs; then that pass alone, stopped after fewer and fewer rewrites, until one is left "
           "that decides; then cuts out the program around that rewrite and takes away what is not "
           "needed for it to fail in the same way, on the inputs of the failing run; then makes sizes "
           "and values smaller.",
           "REPRO_DIR gets repro.pt2 with the inputs in it, pipeline.yaml, and README.md with the "
           "program before and after and the command that shows the failure. It must not exist, or "
           "be empty.",
           "Passes run in a process of their own until one is found, and one that crashes or hangs "
           "all along: that takes a second or two for each trial. Where libtorch or a verifier "
           "crashes on what a pass made, the search begins anew with each trial in a process of "
           "its own."},
      .positionals = {{.name = "MODEL.pt2", .help = "The program on which the pipeline fails."}},
      .options = with_program_options(
          {pipeline_option(), passes_option(),
           {.name = "output",
            .letter = "o",
            .value = "REPRO_DIR",
            .help = "The folder to write.",
            .otherwise = "repro",
            .completes = Completes::folder},
           set_option("dce.weights=false"), device_option(), plugin_dir_option()}),
      .statuses = {{"0", "The pipeline passes."},
                   {"1", "It does not; what was found out is on standard output."},
                   {"130", "Interrupted by Ctrl-C."}},
      .examples = {{"fettle bisect model.pt2 -p pipeline.yaml -o repro",
                    "Find out what 'fettle run model.pt2 -p pipeline.yaml' was refused for"}},
      .see_also = {"run", "diff", "verify"},
      .run = run};
}

}  // namespace fettle
