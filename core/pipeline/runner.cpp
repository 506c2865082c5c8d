#include "pipeline/runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/preservation.hpp"
#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "host/program_handle.hpp"
#include "host/rewrite_log.hpp"
#include "ops/facts.hpp"
#include "ops/registry.hpp"
#include "pipeline/measurement.hpp"
#include "pipeline/stopwatch.hpp"
#include "pipeline/verification.hpp"

namespace fettle {
namespace {

class Runner {
 public:
  Runner(Program& program, ResolvedPipeline& pipeline, const Device& device, RunObserver& observer,
         RunReport& report)
      : program_(program),
        pipeline_(pipeline),
        device_(device),
        observer_(observer),
        report_(report),
        original_(program.graph->clone()),
        analyses_(*program.graph),
        verification_(program, *original_, pipeline, device, observer) {
    wants_rewrites_ = pipeline.verify_after == VerifyAfter::each &&
                      std::ranges::any_of(pipeline.verifiers, [](const auto& verifier) {
                        return verifier->info().reads_rewrites;
                      });
  }

  void run() {
    report_.nodes_before = report_.nodes_after = graph().node_count();
    report_.device = to_string(device_);
    report_.reference = verification_.reference_kind();
    check_node_rules(pipeline_.backend_rules, graph());
    run_steps(pipeline_.steps, 0);
    if (pipeline_.verify_after == VerifyAfter::end) verify_all();
    report_.verified = every_change_passed();
    verify_backends();
    benchmark();
  }

 private:
  Graph& graph() { return *program_.graph; }

  // Not so when verification is off, or a verifier could not judge and the pipeline let that pass.
  bool every_change_passed() const {
    const auto passed = [](const std::vector<Verdict>& verdicts) {
      return std::ranges::any_of(verdicts,
                                 [](const Verdict& v) { return v.judgement == Judgement::pass; });
    };
    switch (pipeline_.verify_after) {
      case VerifyAfter::never:
        return false;
      case VerifyAfter::end:
        return !report_.changed || passed(report_.final_verification);
      case VerifyAfter::each:
        break;
    }
    return std::ranges::all_of(report_.passes, [&](const PassReport& pass) {
      return pass.status != PassStatus::changed || passed(pass.verification);
    });
  }

  // Whether any of them changed the graph.
  bool run_steps(std::vector<ResolvedStep>& steps, std::uint32_t round) {
    bool changed = false;
    for (ResolvedStep& step : steps) {
      if (auto* group = std::get_if<ResolvedRepeat>(&step.what)) {
        changed |= repeat(*group);
      } else {
        changed |= run_pass(std::get<ResolvedPass>(step.what), round);
      }
    }
    return changed;
  }

  bool repeat(ResolvedRepeat& group) {
    for (std::uint32_t round = 1; round <= group.limit; ++round) {
      if (!run_steps(group.steps, round)) return round > 1;
    }
    report_.notes.push_back(
        {Code::repeat_limit,
         fmt::format("a repeat group still changed the program in round {}, its limit",
                     group.limit),
         pipeline_.source,
         {},
         "raise 'limit' to let it settle",
         Severity::note});
    return true;
  }

  // The choke point. Returns whether the pass changed the graph; throws with the graph as it was.
  bool run_pass(ResolvedPass& step, std::uint32_t round) {
    Pass& pass = *step.pass;
    PassReport& record = begin(pass, round);
    record.isolated = step.isolated;
    if (step.dropped) return finish(record, PassStatus::dropped);
    observer_.stop_if_cancelled();
    observer_.before_pass(record.name, graph());
    const std::string text = pipeline_.check_passes ? print(graph()) : std::string();

    Journal journal(graph());
    journal.set_rewrite_limit(pipeline_.rewrite_limit);
    if (EditRecorder* edits = recorder()) {
      pass_begins_ = edits->bytes().size();
      journal.record_into(*edits);
    }
    Outcome outcome = observer_.outcome();
    try {
      record.status = attempt(pass, journal, outcome, record);
    } catch (...) {
      journal.rollback();
      keep(outcome, record);
      finish(record, PassStatus::failed);
      throw;
    }
    // Edits that cancelled out leave nothing behind, not even their order.
    if (record.status != PassStatus::changed) {
      journal.rollback();
      if (pipeline_.check_passes) require_unchanged(pass, record, text);
    }
    keep(outcome, record);
    const bool changed = finish(record, record.status);
    if (record.status == PassStatus::faulted) {
      step.dropped = true;
      report_.faulted = true;
    }
    if (record.status == PassStatus::rolled_back) {
      step.dropped = true;
      report_.check_failed = true;
      if (pipeline_.on_failure == OnFailure::stop) throw verification_.failure(record);
    }
    return changed;
  }

  PassStatus attempt(Pass& pass, Journal& journal, Outcome& outcome, PassReport& record) {
    try {
      const PassStatus status = apply(pass, journal, outcome, record);
      if (status != PassStatus::changed) return status;
    } catch (const Error& error) {
      observer_.stop_if_cancelled();
      const bool fault = code_blame(error.code()) == Blame::plugin;
      if (!fault || pipeline_.on_fault == OnFailure::stop) throw;
      return set_aside(error.diagnostic(), record);
    }
    return verify_pass(pass, journal, record) ? PassStatus::changed : PassStatus::rolled_back;
  }

  // Where a verifier looks at single rewrites, the run's edits are recorded; those of isolated passes
  // are anyway.
  EditRecorder* recorder() {
    if (pipeline_.isolation) return &pipeline_.isolation->edits();
    return wants_rewrites_ ? &edits_ : nullptr;
  }
  std::unique_ptr<RewriteLog> rewrite_log(const Journal& journal) {
    if (!wants_rewrites_) return nullptr;
    return std::make_unique<RewriteLog>(*original_, graph(), *recorder(), pass_begins_,
                                        journal.kept_rewrites(), device_);
  }

  // on_fault: skip. What the pass did wrong is told as a warning, and the run goes on without it.
  static PassStatus set_aside(Diagnostic fault, PassReport& record) {
    record.why = fault.what;
    fault.severity = Severity::warning;
    record.notes.push_back(std::move(fault));
    return PassStatus::faulted;
  }

  // Up to where the verifiers are asked: what goes wrong here is the pass' own doing.
  PassStatus apply(Pass& pass, Journal& journal, Outcome& outcome, PassReport& record) {
    if (!analyze(pass, outcome, record)) {
      if (pipeline_.check_passes) require_nothing_to_do(pass, journal, outcome, record);
      return PassStatus::not_applicable;
    }
    const OutputAliases aliases(graph(), *analyses_.aliasing());
    const std::shared_ptr<const InferredTypes> types = analyses_.types();
    Preservation preservation(analyses_, pass.info().preserves, pipeline_.check_passes);
    transform(pass, journal, outcome, record);
    observer_.stop_if_cancelled();
    if (!journal.changed()) {
      record.why = journal.rewrites() > 0 ? "its rewrites cancelled out" : "matched nothing";
      return PassStatus::unchanged;
    }
    account(journal, record);
    require_preserved(pass, preservation, journal.tally(), record);
    check_structure(pass, aliases, *types, outcome, record);
    if (pipeline_.check_passes && pass.info().idempotent) require_idempotent(pass, journal, record);
    return PassStatus::changed;
  }

  PassReport& begin(const Pass& pass, std::uint32_t round) {
    observer_.stage(pass.info().name);
    PassReport& record = report_.passes.emplace_back();
    record.name = pass.info().name;
    record.round = round;
    record.options = pass.options();
    record.promise = pass.info().promise.value_or(Promise::tolerant);
    record.nodes_before = graph().node_count();
    return record;
  }

  // False: the pass said that there is nothing to do.
  bool analyze(Pass& pass, Outcome& outcome, PassReport& record) {
    const Stopwatch watch;
    const std::optional<std::string> reason = pass.analyze(analyses_, outcome);
    record.seconds = watch.seconds();
    if (reason) record.why = *reason;
    return !reason;
  }

  void transform(Pass& pass, Journal& journal, Outcome& outcome, PassReport& record) {
    const Stopwatch watch;
    pass.transform(journal, analyses_, outcome);
    record.seconds += watch.seconds();
  }

  [[noreturn]] void refuse(Code code, const Pass& pass, const PassReport& record, std::string what,
                           std::string why) const {
    throw Error({.code = code,
                 .what = std::move(what),
                 .where = fmt::format("pass '{}' of plugin '{}'", record.name,
                                      pass.info().plugin_id),
                 .why = std::move(why),
                 .hint = "leave the pass out, and tell its author"});
  }

  void require_preserved(const Pass& pass, Preservation& preservation, const Journal::Tally& tally,
                         const PassReport& record) {
    const std::optional<Preservation::Lie> lie = preservation.settle(tally);
    if (!lie) return;
    refuse(Code::plugin_not_preserved, pass, record,
           fmt::format("pass '{}' changed the {} that it declares to preserve", record.name,
                       analysis_name(lie->analysis)),
           lie->difference);
  }

  // Checking: who says that there is nothing to do must find nothing to do.
  void require_nothing_to_do(Pass& pass, Journal& journal, Outcome& outcome,
                             const PassReport& record) {
    Outcome ignored;
    ignored.cancel = outcome.cancel;
    pass.transform(journal, analyses_, ignored);
    if (!journal.changed()) return;
    refuse(Code::plugin_not_unchanged, pass, record,
           fmt::format("pass '{}' said that there is nothing to do, and then changed the program",
                       record.name),
           fmt::format("its analyze answered '{}'; its transform made {} rewrites", record.why,
                       journal.rewrites()));
  }

  // Checking: who says that it does not change its own result is run on it.
  void require_idempotent(Pass& pass, Journal& journal, const PassReport& record) {
    const Journal::Mark settled = journal.mark();
    const std::string once = print(graph());
    Outcome ignored;
    pass.transform(journal, analyses_, ignored);
    const bool same = print(graph()) == once;
    journal.rollback(settled);
    if (same) return;
    refuse(Code::plugin_not_idempotent, pass, record,
           fmt::format("pass '{}' changed its own result when it ran again", record.name),
           "it declares that it is idempotent");
  }

  // Checking: what the journal did not see, nobody can undo.
  void require_unchanged(const Pass& pass, const PassReport& record, const std::string& before) {
    const std::string now = print(graph());
    if (now == before) return;
    const auto differs = std::ranges::mismatch(before, now).in2;
    const auto line = std::count(now.begin(), differs, '\n') + 1;
    refuse(Code::plugin_not_unchanged, pass, record,
           fmt::format("the program is not what it was before pass '{}', which changed nothing "
                       "that was recorded",
                       record.name),
           fmt::format("the program's text differs from line {} on: it wrote to memory that it was "
                       "only lent",
                       line));
  }

  void account(const Journal& journal, PassReport& record) {
    const Journal::Tally tally = journal.tally();
    record.rewrites = journal.rewrites();
    record.created = tally.created;
    record.erased = tally.erased;
    record.modified = tally.modified;
  }

  void check_structure(Pass& pass, const OutputAliases& aliases, const InferredTypes& types,
                       Outcome& outcome, PassReport& record) {
    const Stopwatch watch;
    try {
      check(graph());
      check_schemas(graph());
      aliases.check(graph(), *analyses_.aliasing());
      analyses_.types()->check_against(types);
      pass.verify(analyses_, outcome);
    } catch (const Error& error) {
      Diagnostic diagnostic = error.diagnostic();
      diagnostic.where =
          fmt::format("after pass '{}' of plugin '{}'{}{}", record.name, pass.info().plugin_id,
                      diagnostic.where.empty() ? "" : ": ", diagnostic.where);
      if (diagnostic.hint.empty()) diagnostic.hint = "leave the pass out, and tell its author";
      throw Error(std::move(diagnostic));
    }
    record.check_seconds = watch.seconds();
  }

  void keep(Outcome& outcome, PassReport& record) {
    std::ranges::move(outcome.notes, std::back_inserter(record.notes));
    record.statistics = std::move(outcome.statistics);
  }

  bool verify_pass(const Pass& pass, const Journal& journal, PassReport& record) {
    weakest_ = std::max(weakest_, record.promise);
    if (pipeline_.verify_after != VerifyAfter::each) return true;
    const Stopwatch watch;
    const std::unique_ptr<RewriteLog> rewrites = rewrite_log(journal);
    const bool accepted = verification_.verify(record.name, weakest_, graph(), record.verification,
                                               record.notes, rewrites.get());
    record.verify_seconds = watch.seconds();
    if (!accepted) {
      report_.refused_on = verification_.ran_on();
      weakest_ = kept_;
      return false;
    }
    kept_ = weakest_;
    if (pass.info().promise == Promise::changes_results) {
      verification_.move_reference(graph());
      weakest_ = kept_ = Promise::exact;
    }
    return true;
  }

  bool finish(PassReport& record, PassStatus status) {
    record.status = status;
    record.nodes_after = report_.nodes_after = graph().node_count();
    const bool changed = status == PassStatus::changed;
    report_.changed |= changed;
    observer_.after_pass(record, graph());
    return changed;
  }

  // verify: {after: end}: all passes together. On failure the program is the original again.
  void verify_all() {
    if (!report_.changed) return;
    PassReport whole;
    whole.name = "pipeline";
    const bool accepted =
        verification_.verify(whole.name, weakest_, graph(), whole.verification, report_.notes);
    report_.final_verification = whole.verification;
    if (accepted) return;
    program_.graph = original_->clone();
    report_.changed = false;
    report_.nodes_after = report_.nodes_before;
    report_.check_failed = true;
    if (pipeline_.on_failure == OnFailure::stop) throw verification_.failure(whole);
  }

  // What verified the passes ran on the backends, too; they are judged even if nothing changed.
  void verify_backends() {
    if (!pipeline_.backends || report_.changed || report_.check_failed ||
        pipeline_.verify_after == VerifyAfter::never) {
      return;
    }
    PassReport whole;
    whole.name = "backends";
    const bool accepted = verification_.verify(whole.name, Promise::tolerant, graph(),
                                               whole.verification, report_.notes);
    report_.final_verification = whole.verification;
    if (accepted) return;
    report_.check_failed = true;
    report_.verified = false;
    if (pipeline_.on_failure == OnFailure::stop) throw verification_.failure(whole);
  }

  void benchmark() {
    if (pipeline_.benchmarks.empty() && !pipeline_.backends) return;
    const ProgramHandle original("original", *original_, verification_.samples(), device_);
    const ProgramHandle optimized("optimized", graph(), verification_.samples(), device_,
                                  pipeline_.backends);
    if (const BackendUse* use = pipeline_.backends ? optimized.backend_use() : nullptr) {
      report_.backends = *use;
    }
    measure(pipeline_.benchmarks, {&original, &optimized}, observer_, report_.benchmarks);
  }

  Program& program_;
  ResolvedPipeline& pipeline_;
  Device device_;
  RunObserver& observer_;
  RunReport& report_;
  std::unique_ptr<Graph> original_;
  EditRecorder edits_;             // of the whole run, where wants_rewrites_ …
  bool wants_rewrites_ = false;    // … and passes are verified one by one
  std::size_t pass_begins_ = 0;    // where the pass at hand begins among the recorded edits
  AnalysisManager analyses_;  // of the program's graph, until it is put back as a whole
  Verification verification_;
  Promise weakest_ = Promise::exact;  // of all that was done to the reference so far …
  Promise kept_ = Promise::exact;     // … and of what was accepted
};

}  // namespace

void RunObserver::stop_if_cancelled() const {
  if (!cancelled()) return;
  throw Error({Code::interrupted,
               "stopped, as was asked",
               {},
               {},
               "nothing was written; run it again when you are ready"});
}

void run_pipeline(Program& program, ResolvedPipeline& pipeline, const Device& device,
                  RunObserver& observer, RunReport& report) {
  interruptible(observer, [&] { Runner(program, pipeline, device, observer, report).run(); });
}

}  // namespace fettle
