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
// compare.hpp says what equal means and lists the tolerances. Programs that draw random numbers get
// the same seed on both sides, and are not compared with eager outputs, whose seed nobody knows.
//
// A candidate that does not run where the original does, or gives another number, kind, dtype or
// shape of outputs, fails. An input set that the original itself refuses is skipped, and no set
// left is "unable". A verifier lives as long as its pipeline: the original's outputs are computed
// once for each set.
#include <cmath>
#include <fettle/fettle.hpp>
#include <limits>
#include <sstream>

#include "compare.hpp"
#include "reference.hpp"

namespace {

using Judgement = fettle::Verdict::Judgement;

// "[0, 3]" of a flat index.
std::string element_text(const fettle::Data& outputs, std::size_t output, std::uint64_t element) {
  if (!outputs.is_tensor(output)) return "";
  const auto shape = outputs.tensor(output).shape();
  std::string text;
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto size = static_cast<std::uint64_t>(shape[d]);
    text = std::to_string(element % size) + (text.empty() ? "" : ", ") + text;
    element /= size;
  }
  return "[" + text + "]";
}

// Collects comparisons into a verdict: the worst one is the one reported.
class Judge {
 public:
  void add(const Comparison& comparison, const char* reference, const std::string& inputs,
           std::size_t output, const fettle::Data& outputs, std::string_view output_name) {
    const bool first_failure = !comparison.passed && verdict_.judgement != Judgement::fail;
    const double excess = comparison.max_abs - comparison.allowed;
    const bool same_rank = comparison.passed == (verdict_.judgement != Judgement::fail);
    if (first_failure || (same_rank && (excess > worst_excess_ || verdict_.inputs.empty()))) {
      worst_excess_ = excess;
      verdict_.allowed = comparison.allowed;
      verdict_.output = output;
      verdict_.element = comparison.element;
      verdict_.reference = reference;
      verdict_.inputs = inputs;
      if (!comparison.passed) describe(comparison, reference, outputs, output_name);
    }
    verdict_.max_abs = std::fmax(verdict_.max_abs, comparison.max_abs);
    verdict_.max_rel = std::fmax(verdict_.max_rel, comparison.max_rel);
    if (!comparison.passed) verdict_.judgement = Judgement::fail;
  }

  void fail(std::string detail, const std::string& inputs) {
    if (verdict_.judgement == Judgement::fail) return;
    verdict_.judgement = Judgement::fail;
    verdict_.max_abs = verdict_.max_rel = std::numeric_limits<double>::infinity();
    verdict_.inputs = inputs;
    verdict_.detail = std::move(detail);
  }

  bool failed() const { return verdict_.judgement == Judgement::fail; }

  // Says more about a failure, once.
  void explain(const std::string& why) {
    if (verdict_.detail.find(why) == std::string::npos) verdict_.detail += "; " + why;
  }

  fettle::Verdict finish(std::uint64_t sets, bool eager, bool original) {
    verdict_.comparisons = sets;
    if (verdict_.judgement == Judgement::fail) return std::move(verdict_);
    verdict_.judgement = sets == 0 ? Judgement::unable : Judgement::pass;
    verdict_.reference = eager && original ? "eager outputs and original program"
                         : eager           ? "eager outputs"
                                           : "original program";
    if (sets == 0) verdict_.detail = "there are no inputs on which the original program runs";
    return std::move(verdict_);
  }

 private:
  void describe(const Comparison& comparison, const char* reference, const fettle::Data& outputs,
                std::string_view output_name) {
    std::ostringstream text;
    text.precision(9);
    text << "output " << verdict_.output;
    if (!output_name.empty()) text << " (" << output_name << ")";
    if (!comparison.mismatch.empty()) {
      text << " has " << comparison.mismatch;
    } else {
      text << element_text(outputs, verdict_.output, comparison.element) << " is "
           << comparison.actual << ", " << reference << " say" << (reference[0] == 'o' ? "s " : " ")
           << comparison.expected << "; " << comparison.failing << " of " << comparison.elements
           << " elements differ by more than allowed";
    }
    verdict_.detail = text.str();
  }

  fettle::Verdict verdict_;
  double worst_excess_ = -std::numeric_limits<double>::infinity();
};

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
    const fettle::Program& candidate = request.candidate;
    reference_.use(request.reference, static_cast<std::uint64_t>(random_sets_),
                   static_cast<std::uint64_t>(seed_));
    const bool exact = request.promise == fettle::Promise::exact && bitwise_;
    Judge judge;
    std::uint64_t compared = 0;
    bool eager = false, original = false;
    for (std::size_t s = 0; s < reference_.set_count(); ++s) {
      candidate.context().stop_if_cancelled();
      const InputSet& set = reference_.set(s);
      const bool against_eager = set.eager && !reference_.random();
      const fettle::Data* expected = nullptr;
      if (!against_eager || exact) expected = reference_.outputs(request.reference, s);
      if (expected == nullptr && !against_eager) continue;  // the original refuses these inputs
      const auto outputs = run(candidate, set.inputs);
      if (!outputs) {
        judge.fail("the program does not run on " + set.label, set.label);
        continue;
      }
      if (against_eager)
        compare_all(judge, *set.eager, *outputs, false, "eager outputs", set, candidate);
      if (against_eager && judge.failed() && differs_from_eager(request.reference, s))
        judge.explain("the program as exported differs from its eager model, before any pass");
      if (expected != nullptr)
        compare_all(judge, *expected, *outputs, exact, "original program", set, candidate);
      eager = eager || against_eager;
      original = original || expected != nullptr;
      ++compared;
    }
    return judge.finish(compared, eager, original);
  }

 private:
  std::optional<fettle::Data> run(const fettle::Program& program,
                                  const fettle::Data& inputs) const {
    if (inputs.size() != program.input_count()) return std::nullopt;
    return run_or_nothing(program, inputs, static_cast<std::uint64_t>(seed_));
  }

  bool differs_from_eager(const fettle::Program& original, std::size_t s) {
    const fettle::Data* outputs = reference_.outputs(original, s);
    Judge judge;
    const InputSet& set = reference_.set(s);
    if (outputs != nullptr)
      compare_all(judge, *set.eager, *outputs, false, "eager outputs", set, original);
    return judge.failed();
  }

  void compare_all(Judge& judge, const fettle::Data& expected, const fettle::Data& actual,
                   bool bitwise, const char* reference, const InputSet& set,
                   const fettle::Program& candidate) const {
    if (expected.size() != actual.size()) {
      judge.fail(
          std::to_string(actual.size()) + " outputs instead of " + std::to_string(expected.size()),
          set.label);
      return;
    }
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const bool tensors = expected.is_tensor(k) && actual.is_tensor(k);
      const Tolerance tolerance =
          this->tolerance(tensors ? expected.tensor(k).dtype() : fettle::Dtype::float64);
      const Comparison comparison =
          tensors ? compare(expected.tensor(k), actual.tensor(k), bitwise, tolerance)
                  : compare(expected[k], actual[k], bitwise, tolerance);
      judge.add(comparison, reference, set.label, k, actual,
                fettle::text(candidate.output(k).name));
    }
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
