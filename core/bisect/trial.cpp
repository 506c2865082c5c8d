#include "bisect/trial.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/manager.hpp"
#include "bisect/trial_process.hpp"

namespace fettle {
namespace {

class Silent final : public RunObserver {
 public:
  explicit Silent(const std::atomic<bool>* cancel) : cancel_(cancel) {}
  const std::atomic<bool>* cancel() const override { return cancel_; }

 private:
  const std::atomic<bool>* cancel_;
};

bool offers(const ComponentInfo& info, std::string_view option, std::string_view range_begins) {
  const auto found = std::ranges::find(info.options, option, &OptionInfo::name);
  return found != info.options.end() && found->range_text.starts_with(range_begins);
}

void set_option(ComponentUse& use, const std::string& name, const std::string& text) {
  std::erase_if(use.options, [&](const Host::GivenOption& given) { return given.name == name; });
  use.options.push_back({name, text, "bisect"});
}

std::optional<PassFailure> run(const TrialSetup& setup, Program& program,
                               std::vector<std::string> worker, std::uint64_t limit) {
  Silent observer(setup.cancel);
  RunReport report;
  try {
    ResolvedPipeline resolved = resolve(setup.pipeline, setup.host, std::move(worker));
    resolved.rewrite_limit = limit;
    resolved.keep_inputs = true;
    run_pipeline(program, resolved, setup.device, observer, report);
  } catch (const Error& error) {
    if (error.code() == Code::interrupted) throw;
    return failure_of(error, report);
  }
  return std::nullopt;
}

std::optional<PassFailure> run_apart(const TrialSetup& setup, Program& program,
                                     std::uint64_t limit) {
  const std::filesystem::path file = setup.folder / "trial.pt2", text = setup.folder / "trial.yaml";
  write_program(program, file);
  write_report(text, to_yaml(resolve(setup.pipeline, setup.host)));
  Silent observer(setup.cancel);
  auto found = run_trial_process(setup.apart(file, text, limit), kTrialSeconds, observer);
  return found ? std::optional(std::move(found->failure)) : std::nullopt;
}

}  // namespace

bool PassFailure::deadly() const {
  return error.code == Code::plugin_crashed || error.code == Code::plugin_timed_out ||
         error.code == Code::plugin_exited || error.code == Code::plugin_out_of_memory;
}

bool as_wrong(const Verdict& a, const Verdict& b) {
  return a.rule == b.rule || (std::isfinite(a.max_abs) && std::isfinite(b.max_abs));
}

PassFailure failure_of(const Error& error, const RunReport& report) {
  PassFailure failure{error.diagnostic(), {}, 0, report.refused_on};
  if (report.passes.empty()) return failure;
  const PassReport& pass = report.passes.back();
  failure.rewrites = pass.rewrites;
  for (const Verdict& verdict : pass.verification) {
    if (verdict.judgement == Judgement::pass) continue;
    failure.verdict = verdict;
    break;
  }
  return failure;
}

std::optional<PassFailure> try_pass(const TrialSetup& setup, Program& program,
                                    std::uint64_t rewrite_limit) {
  if (setup.apart) return run_apart(setup, program, rewrite_limit);
  if (!setup.isolated) return run(setup, program, {}, rewrite_limit);
  // The worker reads the program that this process has: both from the file.
  const std::filesystem::path file = setup.folder / "trial.pt2";
  write_program(program, file);
  Program read = read_program(file);
  return run(setup, read, setup.worker(file), rewrite_limit);
}

void transform_here(const TrialSetup& setup, Journal& journal) {
  AnalysisManager analyses(journal.graph());
  Outcome outcome;
  outcome.cancel = setup.cancel;
  const ComponentUse& use = std::get<ComponentUse>(setup.pipeline.passes.front().what);
  const std::unique_ptr<Pass> pass = setup.host.create_pass(use.name, use.options);
  if (!pass->analyze(analyses, outcome)) pass->transform(journal, analyses, outcome);
}

void use_samples_alone(Pipeline& pipeline, const Host& host) {
  if (!pipeline.verifiers) return;
  for (ComponentUse& use : *pipeline.verifiers) {
    const ComponentInfo& info = host.component(ComponentKind::verifier, use.name);
    if (offers(info, "random_sets", "0..")) set_option(use, "random_sets", "0");
    if (offers(info, "edge", "off|")) set_option(use, "edge", "off");
  }
}

}  // namespace fettle
