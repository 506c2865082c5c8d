// The equivalence verifier: is each single rewrite right, wherever it stands?
//
// The host cuts every rewrite of the pass out of the program as a pair of small ones, before and after
// (fettle/cpp/rewrites.hpp), with the shapes it met. Both run on random inputs in place of the values
// upstream, and are compared by the rules of comparison/compare.hpp. A fault thus cannot hide under the
// rest of a large model, whose softmax or rounding would have swallowed it; and what is run is what was
// changed, not the model.
//
// A rewrite may rely on what lies upstream (that a value is never negative, say): where a pair differs,
// or refuses its inputs, more calls upstream are taken along, up to the program's inputs, and only a
// difference then is one. Rewrites that cannot be looked at by themselves are counted and said; if
// there are no others, the verdict is "unable". To be used beside `numeric`, which sees the whole.
#include <fettle/fettle.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "../comparison/compare.hpp"
#include "../comparison/judge.hpp"

namespace {

class Equivalence : public fettle::Verifier {
 public:
  static constexpr const char* name = "equivalence";
  static constexpr const char* summary =
      "Cuts out each rewrite of a pass and compares it before and after on random inputs.";
  static constexpr bool reads_rewrites = true;
  static constexpr std::uint32_t min_minor = 1;  // fettle.rewrites/1

  static void declare(fettle::Options<Equivalence>& options) {
    options.add("random_sets", &Equivalence::random_sets_, "random input sets for each rewrite")
        .range(1, 1000);
    options.add("seed", &Equivalence::seed_, "seed of the random inputs")
        .range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
    options.add("factor", &Equivalence::factor_, "how many times the original's noise is accepted")
        .range(1.0, 1e6);
    options.add("radius", &Equivalence::radius_, "calls upstream that are taken along at first")
        .range(0, 1000000);
  }

  fettle::Verdict verify(const fettle::VerifyRequest& request) override {
    Judge judge;
    if (request.rewrites == nullptr) {
      judge.unable("single rewrites are judged after each pass: verify: {after: each}");
      return judge.finish(0, 0, false, true);
    }
    const bool exact = request.promise == fettle::Promise::exact;
    std::uint64_t compared = 0, left_out = 0;
    for (std::uint64_t k = 0; k < request.rewrites->count() && !judge.failed(); ++k) {
      request.candidate.context().stop_if_cancelled();
      (judge_rewrite(judge, *request.rewrites, k, exact) ? compared : left_out) += 1;
    }
    if (compared == 0) {
      judge.unable("none of the " + std::to_string(left_out) +
                   " rewrites can be looked at by itself");
      return judge.finish(0, 0, false, true);
    }
    fettle::Verdict verdict = judge.finish(compared, 0, false, true);
    verdict.reference = "the same place before the rewrite";
    if (left_out != 0 && !judge.failed())
      verdict.detail += std::to_string(left_out) + " of " + std::to_string(compared + left_out) +
                        " rewrites cannot be looked at by themselves";
    return verdict;
  }

 private:
  // False: this rewrite cannot be judged by itself.
  bool judge_rewrite(Judge& judge, const fettle::Rewrites& rewrites, std::uint64_t k, bool exact) {
    for (std::uint64_t radius = static_cast<std::uint64_t>(radius_);; radius = 2 * radius + 1) {
      const std::unique_ptr<fettle::RewriteCut> cut = rewrites.cut(k, radius);
      if (!cut) return false;
      Judge attempt;
      const std::uint64_t sets = compare_cut(attempt, *cut, exact);
      if (sets != 0 && !attempt.failed()) {
        judge.put_numbers(attempt.finish(sets, 0, false, true));
        return true;
      }
      if (!cut->whole) continue;
      if (sets == 0) return false;
      const fettle_rewrite_info info = rewrites.info(k);
      fettle::Verdict verdict = attempt.finish(sets, 0, false, true);
      judge.fail("rewrite " + std::to_string(k + 1) + " (" + std::string(fettle::text(info.why)) +
                     ", at '" + std::string(fettle::text(info.root)) + "'): " + verdict.detail,
                 verdict.inputs);
      judge.put_numbers(verdict);
      return true;
    }
  }

  // How many input sets both sides were compared on.
  std::uint64_t compare_cut(Judge& judge, const fettle::RewriteCut& cut, bool exact) const {
    constexpr std::uint64_t kDraws[] = {2, 1, 3, 0};  // integers of both signs first
    std::uint64_t compared = 0;
    for (std::int64_t set = 0; set < random_sets_ && !judge.failed(); ++set) {
      for (const std::uint64_t attempt : kDraws) {
        if (!compare_on(judge, cut, set, attempt, exact)) continue;
        ++compared;
        break;
      }
    }
    return compared;
  }

  // False: the place as it was refuses these inputs, or nothing can be told from what it makes of them.
  bool compare_on(Judge& judge, const fettle::RewriteCut& cut, std::int64_t set,
                  std::uint64_t attempt, bool exact) const {
    std::optional<fettle::RandomSet> drawn;
    try {
      drawn = fettle::random_set(cut.before, static_cast<std::uint64_t>(seed_),
                                 static_cast<std::uint64_t>(set), attempt);
    } catch (const fettle::Failure& failure) {
      if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
      return false;
    }
    const auto before = run(cut.before, drawn->inputs, false);
    if (!before || !says_something(*before)) return false;
    const std::string label =
        "random set " + std::to_string(set) + " (seed " + std::to_string(seed_) + ")";
    const auto after = run(cut.after, drawn->inputs, false);
    if (!after) {
      judge.fail("it does not run any more on " + label, label);
      return true;
    }
    std::optional<fettle::Data> truth;
    bool asked = false;
    for (std::size_t k = 0; k < before->size(); ++k) {
      const fettle_datum &expected = (*before)[k], &actual = (*after)[k];
      Rule rule{.bitwise = exact || same_bits(expected, actual), .factor = factor_};
      if (expected.kind == FETTLE_DATUM_TENSOR)
        rule.tolerance = default_tolerance(fettle::TensorView(&expected.tensor->dl_tensor).dtype());
      if (!rule.bitwise && !std::exchange(asked, true)) truth = run(cut.before, drawn->inputs, true);
      if (truth) rule.truth = &(*truth)[k];
      judge.add(compare(expected, actual, rule), "original program", label,
                {"value " + std::to_string(k), std::size_t{0}}, actual);
    }
    return true;
  }

  // All NaN is equal to all NaN, whatever was computed.
  static bool says_something(const fettle::Data& values) {
    bool finite = false;
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!values.is_tensor(k)) return true;
      const fettle::TensorView tensor = values.tensor(k);
      const fettle::Dtype part = fettle::component_dtype(tensor.dtype());
      if (tensor.elements() == 0 || !fettle::is_floating(part) || !fettle::can_decode(part))
        return true;
      tensor.for_each_element([&](std::int64_t, const std::byte* at) {
        finite = finite || std::isfinite(fettle::decode(part, at));
      });
    }
    return finite || values.size() == 0;
  }

  std::optional<fettle::Data> run(const fettle::Program& program, const fettle::Data& inputs,
                                  bool float64) const {
    fettle::RunOptions options;
    options.seed = static_cast<std::uint64_t>(seed_);
    options.float64 = float64;
    options.uninitialized = 1;
    try {
      return program.run(inputs, options).outputs;
    } catch (const fettle::Failure& failure) {
      if (failure.status() == FETTLE_E_CANCELLED) throw;
      return std::nullopt;
    }
  }

  std::int64_t random_sets_ = 2, seed_ = 0, radius_ = 0;
  double factor_ = 16;
};

}  // namespace

FETTLE_PLUGIN("fettle.equivalence", "1.0.0", Equivalence)
