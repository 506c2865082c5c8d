#include "bisect/bisect.hpp"

#include <fmt/format.h>

#include "archive/standalone_program.hpp"
#include "bisect/held_tensors.hpp"
#include "bisect/reproducer.hpp"
#include "host/program_handle.hpp"

namespace fettle {
namespace {

class Bisection {
 public:
  Bisection(const BisectSetup& setup, Program& program)
      : setup_(setup),
        program_(program),
        trial_{setup.host, setup.pipeline, setup.device, setup.observer.cancel(), setup.worker,
               setup.scratch, false, setup.apart} {}

  BisectResult run(const std::vector<std::string>& worker) {
    if (!find_pass(worker)) return std::move(result_);
    prepare_trial();
    std::unique_ptr<Graph> given = program_.graph->clone();
    result_.calls_before = call_count(*given);
    std::optional<PassFailure> alone = try_once(program_);
    program_.graph = given->clone();
    if (!alone || !alone->same_as(result_.pass.failure)) return std::move(result_);
    result_.alone = true;
    find_rewrite(*alone);
    program_.graph = given->clone();
    make_small(*given, *alone);
    return std::move(result_);
  }

 private:
  bool find_pass(const std::vector<std::string>& worker) {
    std::optional<GuiltyPass> found = setup_.apart ? find_apart() : find_here(worker);
    result_.failed = found.has_value();
    if (found) result_.pass = std::move(*found);
    return result_.failed;
  }

  std::optional<GuiltyPass> find_apart() {
    return find_pass_apart(program_, setup_.pipeline, trial_, setup_.observer);
  }

  std::optional<GuiltyPass> find_here(const std::vector<std::string>& worker) {
    Pipeline whole = setup_.pipeline;
    // A pass that crashes would take the search with it.
    if (!whole.isolation) whole.isolation.emplace();
    whole.isolation->passes.reset();
    ResolvedPipeline resolved = resolve(whole, setup_.host, worker);
    return fettle::find_pass(program_, resolved, setup_.device, setup_.observer);
  }

  // The pass as a pipeline of its own.
  void prepare_trial() {
    trial_.isolated = setup_.apart || result_.pass.failure.deadly();
    Pipeline& alone = trial_.pipeline;
    alone.name = "repro";
    alone.source = "bisect";
    alone.passes = {{result_.pass.pass}};
    alone.verify_after = VerifyAfter::each;
    alone.on_failure = alone.on_fault = OnFailure::stop;
    alone.benchmarks.clear();
    if (trial_.isolated && !setup_.apart) {
      if (!alone.isolation) alone.isolation.emplace();
      alone.isolation->passes.reset();
    } else {
      alone.isolation.reset();
    }
  }

  std::optional<PassFailure> try_once(Program& program) {
    ++result_.trials;
    return try_pass(trial_, program);
  }

  void find_rewrite(const PassFailure& failure) {
    setup_.observer.stage(fmt::format("looking for the rewrite of '{}'", result_.pass.pass.name));
    result_.rewrite =
        fettle::find_rewrite(trial_, program_, failure, [&] { ++result_.trials; });
  }

  void make_small(const Graph& given, const PassFailure& failure) {
    std::vector<NodeId> around;
    if (result_.rewrite.number != 0 && !trial_.isolated) {
      around = touched_nodes(trial_, given, result_.rewrite);
    }
    use_samples_alone(trial_.pipeline, setup_.host);
    for (auto& [label, inputs] : input_sets(failure)) {
      FrozenProgram program{given.clone(), inputs};
      Verdict verdict = failure.verdict;
      const auto fails = [&](const FrozenProgram& smaller, Alike alike) {
        const std::optional<PassFailure> found = failure_on(smaller);
        if (!found || !found->same_as(failure)) return false;
        if (alike == Alike::fault_and_error) return as_wrong(found->verdict, verdict);
        verdict = found->verdict;
        return true;
      };
      const auto told = [&](std::size_t calls) {
        setup_.observer.stage(
            fmt::format("making the program small: {} of {} calls", calls, result_.calls_before));
      };
      // A program that updates buffers cannot stand alone as a whole: it is cut out at once.
      if (plain(given) && !fails(program, Alike::fault)) continue;
      const std::size_t most_trials = trial_.isolated ? 60 : 1000;  // seconds each, or milliseconds
      FrozenProgram small =
          shrink(std::move(program), around, {setup_.device, fails, told, most_trials});
      std::optional<PassFailure> last = failure_on(small);
      if (!last || !last->same_as(failure)) continue;
      result_.small = std::move(*last);
      result_.shrunk = true;
      result_.inputs = label;
      result_.calls = call_count(*small.graph);
      for (const HeldTensor& held : held_tensors(small)) {
        result_.elements += element_count(tensor_of(small, held).type()).value_or(0);
      }
      write(std::move(small));
      return;
    }
  }

  // A program whose graph can stand alone as it is.
  static bool plain(const Graph& graph) {
    for (const OutputSpec& spec : graph.node(graph.output_node()).output_specs) {
      if (spec.kind != OutputKind::user_output) return false;
    }
    return true;
  }

  // Those of the failing run; then the stored samples.
  std::vector<std::pair<std::string, std::vector<RunValue>>> input_sets(const PassFailure& failure) {
    std::vector<std::pair<std::string, std::vector<RunValue>>> sets;
    for (std::size_t k = 0; k < failure.ran_on.size(); ++k) {
      sets.emplace_back(fmt::format("run {} of the verifier", k + 1), failure.ran_on[k]);
    }
    const std::vector<LoadedSample> samples = load_samples(program_);
    for (std::size_t k = 0; k < samples.size(); ++k) {
      sets.emplace_back(fmt::format("sample {}", k), samples[k].inputs);
    }
    return sets;
  }

  std::optional<PassFailure> failure_on(const FrozenProgram& frozen) {
    setup_.observer.stop_if_cancelled();
    Program program = standalone_program(frozen.graph->clone(), frozen.inputs);
    return try_once(program);
  }

  void write(FrozenProgram small) {
    Program program = standalone_program(std::move(small.graph), small.inputs);
    Reproducer repro{std::move(program), std::move(small.inputs), trial_, result_, setup_.model,
                     setup_.plugin_dirs};
    write_reproducer(repro, setup_.folder);
  }

  const BisectSetup& setup_;
  Program& program_;
  TrialSetup trial_;
  BisectResult result_;
};

}  // namespace

BisectResult bisect(const BisectSetup& setup, Program& program) {
  return Bisection(setup, program).run(setup.worker({}));
}

}  // namespace fettle
