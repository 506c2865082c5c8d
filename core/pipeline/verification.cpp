#include "pipeline/verification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fettle {

Verification::Verification(const Program& program, const Graph& original,
                           const ResolvedPipeline& pipeline, const Device& device,
                           RunObserver& observer)
    : program_(program),
      original_(original),
      pipeline_(pipeline),
      device_(device),
      observer_(observer) {}

std::string Verification::reference_kind() const {
  const auto has_outputs = [](const Sample& sample) { return !sample.outputs.empty(); };
  if (std::ranges::none_of(program_.samples, has_outputs)) return "loaded program";
  return program_.outputs_from + " outputs";
}

// Verifiers are given stored outputs as the eager model's; the report says whose they are.
void Verification::name_reference(Verdict& verdict) const {
  constexpr std::string_view kEager = "eager outputs";
  const std::string outputs = program_.outputs_from + " outputs";
  for (std::string* text : {&verdict.reference, &verdict.detail}) {
    for (std::size_t at = text->find(kEager); at != std::string::npos;
         at = text->find(kEager, at + outputs.size())) {
      text->replace(at, kEager.size(), outputs);
    }
  }
}

Verification::Samples Verification::samples() {
  if (!samples_) {
    samples_ = std::make_shared<const std::vector<LoadedSample>>(load_samples(program_));
  }
  return samples_;
}

const ProgramHandle& Verification::reference() {
  if (!reference_.handle) {
    reference_.handle = std::make_unique<ProgramHandle>("original", original_, samples(), device_);
  }
  return *reference_.handle;
}

bool Verification::verify(std::string_view subject, Promise promise, const Graph& graph,
                          std::vector<Verdict>& verdicts, std::vector<Diagnostic>& notes,
                          const RewriteLog* rewrites) {
  const ProgramHandle candidate("optimized", graph, samples(), device_, pipeline_.backends);
  if (pipeline_.keep_inputs) candidate.keep_inputs();
  // A backend computes with other kernels: no bit is promised, whatever the passes promise.
  if (pipeline_.backends && promise == Promise::exact) promise = Promise::tolerant;
  backend_use_.reset();
  if (const BackendUse* use = pipeline_.backends ? candidate.backend_use() : nullptr) {
    backend_use_ = *use;
    std::ranges::copy(candidate.backend_notes(), std::back_inserter(notes));
  }
  bool accepted = true;
  for (const auto& verifier : pipeline_.verifiers) {
    observer_.stage(fmt::format("verifying {} with {}", subject, verifier->info().name));
    observer_.stop_if_cancelled();
    Outcome outcome = observer_.outcome();
    Verdict& verdict =
        verdicts.emplace_back(verifier->verify(subject, promise, reference(), candidate, outcome,
                                               verifier->info().reads_rewrites ? rewrites : nullptr));
    name_reference(verdict);
    std::ranges::move(outcome.notes, std::back_inserter(notes));
    if (accepts(promise, verdict)) continue;
    accepted = false;
    judge_reference(*verifier, notes);
  }
  ran_on_ = candidate.kept_inputs();
  return accepted;
}

// Verifiers judge by the promise; a pass that changes results is judged by the pipeline's budget.
bool Verification::accepts(Promise promise, Verdict& verdict) const {
  if (verdict.judgement == Judgement::unable) return !pipeline_.unable_is_failure;
  if (promise != Promise::changes_results) return verdict.judgement == Judgement::pass;
  // Comparisons with NaN are false: an error that is not a number is within no budget.
  const ErrorBudget& budget = *pipeline_.accept;
  const bool within = verdict.comparisons > 0 &&
                      (!budget.max_abs || verdict.max_abs <= *budget.max_abs) &&
                      (!budget.max_rel || verdict.max_rel <= *budget.max_rel);
  verdict.judgement = within ? Judgement::pass : Judgement::fail;
  if (budget.max_abs) verdict.allowed = *budget.max_abs;
  return within;
}

// A pass is not to blame when the program as loaded already differs from the eager model.
void Verification::judge_reference(Verifier& verifier, std::vector<Diagnostic>& notes) {
  if (reference_.owned) return;
  observer_.stage(fmt::format("verifying the original with {}", verifier.info().name));
  Outcome ignored = observer_.outcome();
  Verdict verdict =
      verifier.verify("original program", Promise::tolerant, reference(), reference(), ignored);
  name_reference(verdict);
  if (verdict.judgement == Judgement::pass) return;
  notes.push_back({Code::reference_disagrees,
                   fmt::format("{} refuses the original program, too", verdict.verifier),
                   program_.root, verdict.detail,
                   "the pass may be innocent: look at the verifier's tolerances, and at how the "
                   "outputs were captured",
                   Severity::warning});
}

void Verification::move_reference(const Graph& graph) {
  auto samples = std::make_shared<std::vector<LoadedSample>>(*this->samples());
  for (LoadedSample& sample : *samples) sample.eager_outputs.clear();
  Reference next;
  next.owned = graph.clone();
  next.handle =
      std::make_unique<ProgramHandle>("reference", *next.owned, std::move(samples), device_);
  reference_ = std::move(next);
}

std::string place_of(const Verdict& verdict) {
  return verdict.place.empty() ? fmt::format("output {}", verdict.output) : verdict.place;
}

Error Verification::failure(const PassReport& record) const {
  const auto refused = std::ranges::find_if(
      record.verification, [](const Verdict& v) { return v.judgement != Judgement::pass; });
  const Verdict verdict = refused == record.verification.end() ? Verdict{} : *refused;
  const bool unable = verdict.judgement == Judgement::unable;
  Diagnostic diagnostic{Code::verification_failed, {}};
  diagnostic.what =
      unable ? fmt::format("{} cannot judge what '{}' did", verdict.verifier, record.name)
             : fmt::format("'{}' changed what the model computes, says {}", record.name,
                           verdict.verifier);
  if (record.rewrites != 0) {
    diagnostic.what +=
        fmt::format(" ({} rewrite{})", record.rewrites, record.rewrites == 1 ? "" : "s");
  }
  if (!unable) {
    diagnostic.where =
        fmt::format("{}, element {}{}{}", place_of(verdict), verdict.element,
                    verdict.inputs.empty() ? "" : ", on ", verdict.inputs);
    diagnostic.why =
        fmt::format("largest absolute error {:.3g}, relative {:.3g}; allowed there {:.3g}{}",
                    verdict.max_abs, verdict.max_rel, verdict.allowed,
                    verdict.rule.empty() ? "" : " by the rule '" + verdict.rule + "'");
  }
  if (!verdict.detail.empty()) {
    diagnostic.why += (diagnostic.why.empty() ? "" : "; ") + verdict.detail;
  }
  diagnostic.hint =
      "leave it out of the pipeline, or write 'on_failure: skip' to go on without it; nothing was "
      "written";
  return Error(std::move(diagnostic));
}

}  // namespace fettle
