// The numeric verifier: does the candidate still compute what the original computed?
//
// It runs both on sets of inputs: the stored samples, a few random ones made like them, and edge sets
// (zeros, negative zeros, denormals, large numbers, infinities, NaN); all are seeded, and a label says
// how to make one again (see fettle/cpp/inputs.hpp). What it compares with:
//   - the original program's outputs, on every set. A pass that promises to be exact is held to equality
//     of bits (option `bitwise`), as the same kernels must have run. Any other by the noise floor: the
//     original is run in float64 too, and the candidate's distance from that may be `factor` times the
//     original's own. Where that cannot be had (random writes, operators without float64), and with
//     `policy: tolerance`, by the tolerance of the dtype;
//   - the eager model's outputs, stored when the program was captured, for the samples that have them:
//     within tolerance always, as the eager model may use other kernels than an exported program.
// comparison/compare.hpp has the rules and numbers, and the verdict says which decided.
//
// What a run leaves behind is compared like what it returns: buffers, parameters and user inputs that
// it changed, and gradients of joint programs. Where state is carried from call to call, a second call
// from what the original's first one left behind is compared, too: a pass may have taken a buffer for
// a constant. Before anything fails, the original is held against itself: one that gives other bits
// each time blames no pass, and the verdict is "unable".
//
// Edge sets are judged apart: `edge: fail` lets them fail anything, `report` (the default) only what
// promises to be exact, and says the rest in a warning.
//
// Memory that nobody initialized has the same contents in all runs. Elements in which the original
// differs over other contents depend on it: they are counted and said, and not compared. Programs that
// draw random numbers get the same seed on both sides, and are not compared with eager outputs, whose
// seed nobody knows.
//
// A candidate that does not run where the original does, or gives another number, kind, dtype or shape
// of outputs, fails. A random input set that the original itself refuses is replaced by another draw,
// any other is skipped, and no set left is "unable". Where sizes are dynamic, random sets have several,
// and the verdict says how many. A verifier lives as long as its pipeline: the original's outputs are
// computed once for each set.
#include <fettle/fettle.hpp>
#include <functional>
#include <limits>
#include <set>
#include <string>

#include "../comparison/compare.hpp"
#include "../comparison/judge.hpp"
#include "reference.hpp"

namespace {

class Numeric : public fettle::Verifier {
 public:
  static constexpr const char* name = "numeric";
  static constexpr const char* summary =
      "Runs the program on samples and random inputs and compares with the original.";

  static void declare(fettle::Options<Numeric>& options) {
    options.add("random_sets", &Numeric::random_sets_, "random input sets besides the samples")
        .range(0, 1000);
    options.add("seed", &Numeric::seed_, "seed of the random inputs and of torch's generator")
        .range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
    options.add("rtol", &Numeric::rtol_, "relative tolerance for all dtypes, which then decides; -1: by dtype")
        .range(-1.0, 1e6);
    options.add("atol", &Numeric::atol_, "absolute tolerance for all dtypes, which then decides; -1: by dtype")
        .range(-1.0, 1e6);
    options.add("policy", &Numeric::policy_,
                "what decides about passes that are not exact: the original's own noise, or tolerance")
        .choices({"noise_floor", "tolerance"});
    options.add("factor", &Numeric::factor_, "how many times the original's noise is accepted")
        .range(1.0, 1e6);
    options.add("edge", &Numeric::edge_, "inputs of zeros, infinities, NaN and the like")
        .choices({"off", "report", "fail"});
    options.add(
        "bitwise", &Numeric::bitwise_,
        "hold passes that promise to be exact to equality of bits with the original program");
  }

  fettle::Verdict verify(const fettle::VerifyRequest& request) override {
    reference_.use(request.reference, static_cast<std::uint64_t>(random_sets_),
                   static_cast<std::uint64_t>(seed_), edge_ != "off");
    const bool exact = request.promise == fettle::Promise::exact && bitwise_;
    Judge judge, edge_judge;
    const Candidate candidate(request.candidate);
    Tried tried, tried_edges;
    for (std::size_t s = 0; s < reference_.set_count(); ++s) {
      request.candidate.context().stop_if_cancelled();
      const bool edge = reference_.set(s).edge;
      try_set(request, candidate, s, exact, edge ? edge_judge : judge, edge ? tried_edges : tried);
      if ((edge ? edge_judge : judge).failed() && !reference_.stable(request.reference, s))
        return unstable(s);
    }
    if (edge_judge.failed() && !judge.failed() && (exact || edge_ == "fail"))
      return edge_judge.finish(tried.compared + tried_edges.compared, 0, false, true);
    fettle::Verdict verdict =
        judge.finish(tried.compared, tried.sizes.size(), tried.eager, tried.original);
    if (edge_judge.failed()) {
      const fettle::Verdict edges = edge_judge.finish(tried_edges.compared, 0, false, true);
      request.candidate.context().warning(
          "the program differs from the original on " + edges.inputs + ": " + edges.detail,
          "write numeric: {edge: fail} to refuse that, {edge: 'off'} not to look");
    }
    return verdict;
  }

 private:
  struct Candidate {
    explicit Candidate(const fettle::Program& p) : program(p), effects(p.effects()), initial(p) {}
    const fettle::Program& program;
    Effects effects;
    Initial initial;
  };
  // What was expected of a run, and what there was before it: the value of what a program leaves
  // alone.
  struct Wanted {
    const Effects& effects;
    const fettle::Data& values;
    const std::vector<Ignored>& ignored;
    std::function<std::optional<fettle::Data>(const fettle::Effect&)> before;
  };

  struct Tried {
    std::uint64_t compared = 0;
    std::set<fettle::SymbolValues> sizes;
    bool eager = false, original = false;
  };

  void try_set(const fettle::VerifyRequest& request, const Candidate& candidate, std::size_t s,
               bool exact, Judge& judge, Tried& tried) {
    const Answer& answer = reference_.answer(request.reference, s);
    const InputSet& set = reference_.set(s);
    const bool against_eager = set.eager && !reference_.random();
    if (!answer.first.run && !against_eager) return;  // the original refuses these inputs
    const std::optional<Run> run = this->run(candidate, set.inputs);
    if (!run) return judge.fail("the program does not run on " + set.label, set.label);
    if (against_eager) compare_with_eager(judge, candidate, *run, &answer, set);
    if (against_eager && judge.failed() && differs_from_eager(request.reference, s))
      judge.explain("the program as exported differs from its eager model, before any pass");
    if (answer.first.run)
      compare_with_original(judge, candidate, *run, answer,
                            {exact, &request.reference, s}, set);
    tried.eager = tried.eager || against_eager;
    tried.original = tried.original || answer.first.run;
    if (!set.sizes.empty()) tried.sizes.insert(set.sizes);
    ++tried.compared;
  }

  fettle::Verdict unstable(std::size_t s) const {
    Judge judge;
    judge.unable("the original program gives other results when it runs again on " +
                 reference_.set(s).label + ": no pass can be blamed for a difference");
    return judge.finish(0, 0, false, true);
  }

  // How a comparison with the original decides.
  struct How {
    bool exact = false;
    const fettle::Program* original = nullptr;
    std::size_t set = 0;
    bool second = false;  // the second call
  };

  // What the original says in float64 where the comparison could need it.
  const fettle_datum* truth(const How& how, bool effects, std::size_t k) {
    const bool given = rtol_ >= 0 || atol_ >= 0;  // who gives a tolerance means it
    if (how.exact || how.original == nullptr || given || policy_ != "noise_floor") return nullptr;
    const Truth& truth = reference_.truth(*how.original, how.set);
    const std::optional<Run>& run = how.second ? truth.second : truth.first;
    if (!run) return nullptr;
    const fettle::Data& values = effects ? run->effects : run->outputs;
    return k < values.size() ? &values[k] : nullptr;
  }

  std::optional<Run> run(const Candidate& candidate, const fettle::Data& inputs,
                         const fettle::Data* start = nullptr) const {
    if (inputs.size() != candidate.program.input_count()) return std::nullopt;
    return run_or_nothing(candidate.program, inputs, static_cast<std::uint64_t>(seed_), start);
  }

  void compare_with_eager(Judge& judge, const Candidate& candidate, const Run& run,
                          const Answer* answer, const InputSet& set) {
    static const std::vector<Ignored> kNone;
    compare_outputs(judge, candidate, *set.eager, run.outputs,
                    answer != nullptr ? answer->first.outputs : kNone, {}, "eager outputs",
                    set.label);
    if (!set.eager_effects) return;
    const Effects effects(set.eager_effects->effects);
    const auto before = [&](const fettle::Effect& effect) {
      return candidate.initial.value(effect, set.inputs);
    };
    compare_effects(judge, candidate, {effects, set.eager_effects->values, kNone, before},
                    run.effects, {}, "eager outputs", set.label);
  }

  void compare_with_original(Judge& judge, const Candidate& candidate, const Run& run,
                             const Answer& answer, How how, const InputSet& set) {
    const auto before = [&](const fettle::Effect& effect) {
      return candidate.initial.value(effect, set.inputs);
    };
    compare_run(judge, candidate, answer.first, before, run, how, set.label);
    if (!answer.second.run) return;
    // A second call, from what the original's first call left behind.
    const std::string label = set.label + ", second call";
    const fettle::Data& left = answer.first.run->effects;
    const fettle::Data start = reference_.effects().matched(left, candidate.effects);
    const std::optional<Run> again = this->run(candidate, set.inputs, &start);
    if (!again) return judge.fail("the program does not run on " + label, label);
    const auto left_before = [&](const fettle::Effect& effect) {
      const auto known = reference_.effects().find(effect);
      if (!known || !effect.is_state()) return before(effect);
      fettle::Data value(1);
      value.set(0, fettle::Tensor::copy_of(left.tensor(*known)));
      return std::optional(std::move(value));
    };
    how.second = true;
    compare_run(judge, candidate, answer.second, left_before, *again, how, label);
  }

  void compare_run(Judge& judge, const Candidate& candidate, const Expected& expected,
                   std::function<std::optional<fettle::Data>(const fettle::Effect&)> before,
                   const Run& run, const How& how, const std::string& label) {
    compare_outputs(judge, candidate, expected.run->outputs, run.outputs, expected.outputs, how,
                    "original program", label);
    compare_effects(
        judge, candidate,
        {reference_.effects(), expected.run->effects, expected.effects, std::move(before)},
        run.effects, how, "original program", label);
  }

  bool differs_from_eager(const fettle::Program& original, std::size_t s) {
    const Answer& answer = reference_.answer(original, s);
    Judge judge;
    if (answer.first.run)
      compare_with_eager(judge, Candidate(original), *answer.first.run, &answer, reference_.set(s));
    return judge.failed();
  }

  void compare_outputs(Judge& judge, const Candidate& candidate, const fettle::Data& expected,
                       const fettle::Data& actual, const std::vector<Ignored>& ignored,
                       const How& how, const char* reference, const std::string& label) {
    if (expected.size() != actual.size()) {
      judge.fail(
          std::to_string(actual.size()) + " outputs instead of " + std::to_string(expected.size()),
          label);
      return;
    }
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const std::string_view name = fettle::text(candidate.program.output(k).name);
      std::string text = "output " + std::to_string(k);
      if (!name.empty()) text += " (" + std::string(name) + ")";
      compare_one(judge, {text, k}, expected[k], actual[k],
                  k < ignored.size() ? ignored[k] : Ignored{}, {how, false, k}, reference, label);
    }
  }

  // What both change is compared; what one of them leaves alone must be as it was.
  void compare_effects(Judge& judge, const Candidate& candidate, const Wanted& wanted,
                       const fettle::Data& actual, const How& how, const char* reference,
                       const std::string& label) {
    for (std::size_t k = 0; k < wanted.effects.all().size(); ++k) {
      const fettle::Effect& effect = wanted.effects.all()[k];
      const Place place{effect.text(), std::nullopt};
      const auto ours = candidate.effects.find(effect);
      const std::optional<fettle::Data> before = ours ? std::nullopt : wanted.before(effect);
      if (!ours && !before) {
        judge.fail(place.whole() + " is missing", label, place.whole());
        continue;
      }
      compare_one(judge, place, wanted.values[k], ours ? actual[*ours] : (*before)[0],
                  k < wanted.ignored.size() ? wanted.ignored[k] : Ignored{}, {how, true, k}, reference,
                  label);
    }
    for (std::size_t k = 0; k < candidate.effects.all().size(); ++k) {
      const fettle::Effect& effect = candidate.effects.all()[k];
      if (effect.is_gradient() || wanted.effects.find(effect)) continue;
      if (const auto before = wanted.before(effect))
        compare_one(judge, {effect.text(), std::nullopt}, (*before)[0], actual[k], {},
                    {how, true, std::nullopt}, reference, label);
    }
  }

  // A comparison's way of deciding, and which value it is about; none: what was there before.
  struct Value {
    const How& how;
    bool effect;
    std::optional<std::size_t> index;
  };

  void compare_one(Judge& judge, const Place& place, const fettle_datum& expected,
                   const fettle_datum& actual, const Ignored& ignored, const Value& value,
                   const char* reference, const std::string& label) {
    const bool tensors =
        expected.kind == FETTLE_DATUM_TENSOR && actual.kind == FETTLE_DATUM_TENSOR;
    const fettle::Dtype dtype = tensors
                                    ? fettle::TensorView(&expected.tensor->dl_tensor).dtype()
                                    : fettle::Dtype::float64;
    Rule rule{.bitwise = value.how.exact, .tolerance = tolerance(dtype), .factor = factor_};
    // The common case first: a float64 run is costly, and equal bits need none.
    const bool same = !value.how.exact && value.how.original != nullptr && same_bits(expected, actual);
    if (same) rule.bitwise = true;
    if (!same && value.index) rule.truth = truth(value.how, value.effect, *value.index);
    judge.add(compare(expected, actual, rule, ignored), reference, label, place, actual);
  }

  Tolerance tolerance(fettle::Dtype dtype) const {
    Tolerance tolerance = default_tolerance(dtype);
    if (rtol_ >= 0) tolerance.rtol = rtol_;
    if (atol_ >= 0) tolerance.atol = atol_;
    return tolerance;
  }

  std::int64_t random_sets_ = 3, seed_ = 0;
  double rtol_ = -1, atol_ = -1, factor_ = 16;
  std::string policy_ = "noise_floor", edge_ = "report";
  bool bitwise_ = true;
  Reference reference_;
};

}  // namespace

FETTLE_PLUGIN("fettle.numeric", "1.0.0", Numeric)
