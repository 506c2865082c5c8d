#include "fuzz_worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <limits>
#include <random>

#include "base/child_process.hpp"
#include "common_options.hpp"
#include "conformance/process.hpp"
#include "interruption.hpp"
#include "pipelines.hpp"
#include "scratch_folder.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

// Inputs of all kinds decide, unless the pipeline names its own verifiers.
std::vector<ComponentUse> strict_verifiers() {
  return {{"numeric", {{"edge", "fail", "fuzz"}, {"random_sets", "2", "fuzz"}}, "fuzz"},
          {"gradient", {}, "fuzz"}};
}

void make_strict(Pipeline& pipeline) {
  pipeline.benchmarks.clear();
  pipeline.on_failure = pipeline.on_fault = OnFailure::stop;
  pipeline.isolation.reset();
  // Random programs have integers and writes that gradients say nothing about.
  pipeline.unable_is_failure = false;
}

json::object to_json(const FuzzOutcome& outcome, const FuzzSetup& setup) {
  json::object line{{"calls", outcome.calls},       {"refused", outcome.refused},
                    {"rewrites", outcome.rewrites}, {"verdicts", outcome.verdicts},
                    {"unable", outcome.unable}};
  if (!outcome.finding) return line;
  line["finding"] = format(outcome.finding->error);
  if (outcome.finding->pipeline) {
    line["pipeline"] = outcome.finding->pipeline - setup.pipelines.data();
  }
  return line;
}

FuzzTold from_json(const json::object& line) {
  FuzzTold told;
  told.counts.calls = line.at("calls").to_number<std::size_t>();
  told.counts.refused = line.at("refused").as_string();
  told.counts.rewrites = line.at("rewrites").to_number<std::uint64_t>();
  told.counts.verdicts = line.at("verdicts").to_number<std::uint64_t>();
  told.counts.unable = line.at("unable").to_number<std::uint64_t>();
  if (const auto* finding = line.if_contains("finding")) told.finding = finding->as_string();
  if (const auto* pipeline = line.if_contains("pipeline")) {
    told.pipeline = pipeline->to_number<std::size_t>();
  }
  return told;
}

void send(const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = ::write(kChildChannel, text.data() + sent, text.size() - sent);
    if (n <= 0) ::_exit(0);  // the parent is gone
    sent += static_cast<std::size_t>(n);
  }
}

int run(const Invocation& invocation, const Arguments& arguments) {
  const Host host(plugin_search(arguments, invocation.executable));
  const ScratchFolder scratch("fettle-fuzz");
  ProgressObserver observer;
  const FuzzSetup setup{host, fuzzed_pipelines(invocation, arguments, host), fuzzed_calls(arguments),
                        scratch.path(), observer, arguments.text("keep-programs")};
  for (std::uint64_t seed = first_seed(arguments);; ++seed) {
    send(json::serialize(to_json(fuzz_one(setup, seed), setup)) + "\n");
  }
}

}  // namespace

std::vector<OptionSpec> fuzz_options() {
  OptionSpec pipeline = pipeline_option(), passes = passes_option();
  pipeline.help = "The pipeline to try, verified as it says.";
  pipeline.otherwise = "every pass that is found, alone, and configs/default.yaml";
  passes.help = "The pipeline to try on one line, as in 'cse,my_pass{limit=4}'. Verified with numeric, where "
                "edge inputs decide, too, and with gradient.";
  return {std::move(pipeline),
          std::move(passes),
          {.name = "seed",
           .value = "N",
           .help = "The seed of the first program.",
           .otherwise = "a random one, which is printed"},
          {.name = "calls",
           .value = "N",
           .help = "How many calls a program has, at least.",
           .otherwise = "24"},
          {.name = "keep-programs",
           .value = "DIR",
           .help = "Writes each program that passes to DIR/SEED.pt2, and what the last pipeline makes "
                   "of it to DIR/SEED.optimized.pt2. The folder must exist.",
           .completes = Completes::folder},
          set_option("dce.weights=false"),
          plugin_dir_option()};
}

std::vector<FuzzedPipeline> fuzzed_pipelines(const Invocation& invocation,
                                             const Arguments& arguments, const Host& host) {
  std::vector<FuzzedPipeline> fuzzed;
  const bool named = arguments.has("pipeline") || arguments.has("passes");
  Pipeline whole = read_pipeline(arguments, invocation.executable);
  if (!arguments.has("pipeline")) whole.verifiers = strict_verifiers();
  if (!named) {
    for (const std::string& name : host.names(ComponentKind::pass)) {
      // One that changes results needs to be told by how much.
      if (host.component(ComponentKind::pass, name).promise == Promise::changes_results) continue;
      Pipeline alone;
      alone.name = name;
      alone.source = "fuzz";
      alone.passes = {{ComponentUse{name, {}, "fuzz"}}};
      alone.verifiers = strict_verifiers();
      fuzzed.push_back({name, std::move(alone)});
    }
  }
  fuzzed.push_back({named ? "the pipeline" : "the default pipeline", std::move(whole)});
  for (FuzzedPipeline& each : fuzzed) make_strict(each.pipeline);
  return fuzzed;
}

std::uint32_t fuzzed_calls(const Arguments& arguments) {
  return static_cast<std::uint32_t>(arguments.whole_number("calls", 24, 1, 10'000));
}

std::uint64_t first_seed(const Arguments& arguments) {
  if (!arguments.has("seed")) return std::random_device{}();
  return static_cast<std::uint64_t>(
      arguments.whole_number("seed", 0, 0, std::numeric_limits<std::int64_t>::max()));
}

CommandSpec fuzz_worker_command_spec() {
  return {.name = "fuzz-worker",
          .summary = "run random programs for 'fettle fuzz'",
          .synopsis = {"fuzz-worker [OPTION...]"},
          .description = {"Started by 'fettle fuzz'; answers on the socket that it is given."},
          .options = fuzz_options(),
          .run = run};
}

FuzzWorker::FuzzWorker(const Invocation& invocation, const Arguments& arguments, std::uint64_t seed)
    : command_{invocation.executable.string(), "fuzz-worker"}, seed_(seed) {
  for (const auto& [name, text] : arguments.given(fuzz_options())) {
    if (name != "seed") command_.push_back("--" + name + "=" + text);
  }
}
FuzzWorker::~FuzzWorker() = default;

FuzzTold FuzzWorker::next(double seconds) {
  const auto until =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(seconds));
  if (!process_) {
    std::vector<std::string> command = command_;
    command.push_back(fmt::format("--seed={}", seed_));
    process_ = std::make_unique<conformance::Process>(command);
  }
  ++seed_;
  if (const std::optional<std::string> line = process_->line(until)) {
    return from_json(json::parse(*line).as_object());
  }
  FuzzTold told;
  told.finding = process_->ending() + "\n";
  told.died = true;
  process_.reset();
  return told;
}

}  // namespace fettle
