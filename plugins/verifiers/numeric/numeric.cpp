// The numeric verifier: does the candidate still compute what the original computed?
//
// It runs both on sets of inputs: the stored samples, and a few random ones made like them (seeded;
// see fettle/cpp/inputs.hpp). What it compares with:
//   - the eager model's outputs, stored when the program was captured, for the samples that have
//   them;
//     within tolerance always, as the eager model may use other kernels than an exported program;
//   - the original program's outputs otherwise, and besides for every set when the pass promises to
//   be
//     exact: then bit for bit (option `bitwise`), as the same kernels must have run.
// What a run leaves behind is compared like what it returns: buffers, parameters and user inputs
// that it changed, and gradients. Where state is carried from call to call, a second call from what
// the original's first one left behind is compared, too: a pass may have taken a buffer for a
// constant.
//
// Memory that nobody initialized has the same contents in all runs. Elements in which the original
// differs over other contents depend on it: they are counted and said, and not compared.
//
// compare.hpp says what equal means and lists the tolerances. Programs that draw random numbers get
// the same seed on both sides, and are not compared with eager outputs, whose seed nobody knows.
//
// A candidate that does not run where the original does, or gives another number, kind, dtype or
// shape of outputs, fails. A random input set that the original itself refuses is replaced by
// another draw, a sample is skipped, and no set left is "unable". Where sizes are dynamic, random
// sets have several, and the verdict says how many. A verifier lives as long as its pipeline: the original's outputs are computed
// once for each set.
#include <fettle/fettle.hpp>
#include <functional>
#include <limits>
#include <set>

#include "compare.hpp"
#include "judge.hpp"
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
    options.add("rtol", &Numeric::rtol_, "relative tolerance for all dtypes; -1: by dtype")
        .range(-1.0, 1e6);
    options.add("atol", &Numeric::atol_, "absolute tolerance for all dtypes; -1: by dtype")
        .range(-1.0, 1e6);
    options.add(
        "bitwise", &Numeric::bitwise_,
        "hold passes that promise to be exact to equality of bits with the original program");
  }

  fettle::Verdict verify(const fettle::VerifyRequest& request) override {
    reference_.use(request.reference, static_cast<std::uint64_t>(random_sets_),
                   static_cast<std::uint64_t>(seed_));
    const bool exact = request.promise == fettle::Promise::exact && bitwise_;
    Judge judge;
    const Candidate candidate(request.candidate);
    std::uint64_t compared = 0;
    std::set<fettle::SymbolValues> sizes;
    bool eager = false, original = false;
    for (std::size_t s = 0; s < reference_.set_count(); ++s) {
      request.candidate.context().stop_if_cancelled();
      const InputSet& set = reference_.set(s);
      const bool against_eager = set.eager && !reference_.random();
      const Answer* answer = nullptr;
      if (!against_eager || exact || reference_.needs_original()) {
        answer = &reference_.answer(request.reference, s);
        if (!answer->first.run) {
          if (!against_eager) continue;  // the original refuses these inputs
          answer = nullptr;
        }
      }
      const std::optional<Run> run = this->run(candidate, set.inputs);
      if (!run) {
        judge.fail("the program does not run on " + set.label, set.label);
        continue;
      }
      if (against_eager) compare_with_eager(judge, candidate, *run, answer, set);
      if (against_eager && judge.failed() && differs_from_eager(request.reference, s))
        judge.explain("the program as exported differs from its eager model, before any pass");
      if (answer != nullptr) compare_with_original(judge, candidate, *run, *answer, exact, set);
      eager = eager || against_eager;
      original = original || answer != nullptr;
      if (!set.sizes.empty()) sizes.insert(set.sizes);
      ++compared;
    }
    return judge.finish(compared, sizes.size(), eager, original);
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

  std::optional<Run> run(const Candidate& candidate, const fettle::Data& inputs,
                         const fettle::Data* start = nullptr) const {
    if (inputs.size() != candidate.program.input_count()) return std::nullopt;
    return run_or_nothing(candidate.program, inputs, static_cast<std::uint64_t>(seed_), start);
  }

  void compare_with_eager(Judge& judge, const Candidate& candidate, const Run& run,
                          const Answer* answer, const InputSet& set) const {
    static const std::vector<Ignored> kNone;
    compare_outputs(judge, candidate, *set.eager, run.outputs,
                    answer != nullptr ? answer->first.outputs : kNone, false, "eager outputs",
                    set.label);
    if (!set.eager_effects) return;
    const Effects effects(set.eager_effects->effects);
    const auto before = [&](const fettle::Effect& effect) {
      return candidate.initial.value(effect, set.inputs);
    };
    compare_effects(judge, candidate, {effects, set.eager_effects->values, kNone, before},
                    run.effects, false, "eager outputs", set.label);
  }

  void compare_with_original(Judge& judge, const Candidate& candidate, const Run& run,
                             const Answer& answer, bool exact, const InputSet& set) const {
    const auto before = [&](const fettle::Effect& effect) {
      return candidate.initial.value(effect, set.inputs);
    };
    compare_run(judge, candidate, answer.first, before, run, exact, set.label);
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
    compare_run(judge, candidate, answer.second, left_before, *again, exact, label);
  }

  void compare_run(Judge& judge, const Candidate& candidate, const Expected& expected,
                   std::function<std::optional<fettle::Data>(const fettle::Effect&)> before,
                   const Run& run, bool exact, const std::string& label) const {
    compare_outputs(judge, candidate, expected.run->outputs, run.outputs, expected.outputs, exact,
                    "original program", label);
    compare_effects(
        judge, candidate,
        {reference_.effects(), expected.run->effects, expected.effects, std::move(before)},
        run.effects, exact, "original program", label);
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
                       bool bitwise, const char* reference, const std::string& label) const {
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
                  k < ignored.size() ? ignored[k] : Ignored{}, bitwise, reference, label);
    }
  }

  // What both change is compared; what one of them leaves alone must be as it was.
  void compare_effects(Judge& judge, const Candidate& candidate, const Wanted& wanted,
                       const fettle::Data& actual, bool bitwise, const char* reference,
                       const std::string& label) const {
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
                  k < wanted.ignored.size() ? wanted.ignored[k] : Ignored{}, bitwise, reference,
                  label);
    }
    for (std::size_t k = 0; k < candidate.effects.all().size(); ++k) {
      const fettle::Effect& effect = candidate.effects.all()[k];
      if (effect.is_gradient() || wanted.effects.find(effect)) continue;
      if (const auto before = wanted.before(effect))
        compare_one(judge, {effect.text(), std::nullopt}, (*before)[0], actual[k], {}, bitwise,
                    reference, label);
    }
  }

  void compare_one(Judge& judge, const Place& place, const fettle_datum& expected,
                   const fettle_datum& actual, const Ignored& ignored, bool bitwise,
                   const char* reference, const std::string& label) const {
    const bool tensors =
        expected.kind == FETTLE_DATUM_TENSOR && actual.kind == FETTLE_DATUM_TENSOR;
    const fettle::Dtype dtype = tensors
                                    ? fettle::TensorView(&expected.tensor->dl_tensor).dtype()
                                    : fettle::Dtype::float64;
    judge.add(compare(expected, actual, bitwise, tolerance(dtype), ignored), reference, label,
              place, actual);
  }

  Tolerance tolerance(fettle::Dtype dtype) const {
    Tolerance tolerance = default_tolerance(dtype);
    if (rtol_ >= 0) tolerance.rtol = rtol_;
    if (atol_ >= 0) tolerance.atol = atol_;
    return tolerance;
  }

  std::int64_t random_sets_ = 3, seed_ = 0;
  double rtol_ = -1, atol_ = -1;
  bool bitwise_ = true;
  Reference reference_;
};

}  // namespace

FETTLE_PLUGIN("fettle.numeric", "1.0.0", Numeric)
