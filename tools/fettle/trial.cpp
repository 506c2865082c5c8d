#include "trial.hpp"

#include <algorithm>
#include <charconv>

#include "base/child_process.hpp"
#include "bisect/trial_process.hpp"
#include "common_options.hpp"
#include "pipelines.hpp"
#include "programs.hpp"

namespace fettle {
namespace {

constexpr const char* kRewrites = "rewrites";

int run(const Invocation& invocation, const Arguments& arguments) {
  const Host host(plugin_search(arguments, invocation.executable));
  Pipeline pipeline = read_pipeline(arguments, invocation.executable);
  pipeline.verify_after = VerifyAfter::each;
  pipeline.on_failure = pipeline.on_fault = OnFailure::stop;
  pipeline.benchmarks.clear();
  pipeline.isolation.reset();  // this process is what it costs
  Program program = load_program(arguments, arguments.text("MODEL.pt2"));
  ResolvedPipeline resolved = resolve(pipeline, host);
  const std::string limit = arguments.text(kRewrites);
  std::from_chars(limit.data(), limit.data() + limit.size(), resolved.rewrite_limit);
  serve_trial(kChildChannel, program, resolved, read_device(arguments));
  return 0;
}

}  // namespace

CommandSpec trial_command_spec() {
  return {.name = "trial",
          .summary = "run a pipeline for a bisection",
          .synopsis = {"trial MODEL.pt2"},
          .description = {"Started by 'fettle bisect' for trials that may take their process down; "
                          "tells on the socket that it is given."},
          .positionals = {{.name = "MODEL.pt2", .help = "The program to run the pipeline on."}},
          .options = with_program_options(
              {pipeline_option(),
               passes_option(),
               {.name = kRewrites, .value = "N", .help = "No more rewrites than so many."},
               set_option("dce.weights=false"),
               device_option(),
               plugin_dir_option()}),
          .run = run};
}

std::vector<std::string> command_line(const std::filesystem::path& executable,
                                      const CommandSpec& command, const Arguments& arguments,
                                      const std::vector<std::string>& more,
                                      const std::vector<std::string>& without,
                                      const std::string& model) {
  std::vector<std::string> line = {executable.string(), command.name};
  for (const auto& [name, text] : arguments.given(command.options)) {
    if (std::ranges::find(without, name) == without.end()) line.push_back("--" + name + "=" + text);
  }
  line.insert(line.end(), more.begin(), more.end());
  line.insert(line.end(), {"--", model});
  return line;
}

std::vector<std::string> trial_command(const std::filesystem::path& executable,
                                       const Arguments& arguments,
                                       const std::filesystem::path& program,
                                       const std::filesystem::path& pipeline,
                                       std::uint64_t rewrite_limit) {
  const CommandSpec trial = trial_command_spec();
  if (program.empty()) {
    return command_line(executable, trial, arguments, {}, {}, arguments.text("MODEL.pt2"));
  }
  // How to read the model says nothing of files that fettle wrote.
  std::vector<std::string> without = {"pipeline", "passes", "set"};
  for (const OptionSpec& option : with_program_options({})) without.push_back(option.name);
  return command_line(executable, trial, arguments,
                      {"--pipeline=" + pipeline.string(),
                       std::string("--") + kRewrites + "=" + std::to_string(rewrite_limit)},
                      without, program.string());
}

}  // namespace fettle
