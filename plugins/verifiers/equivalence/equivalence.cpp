// The equivalence verifier: is each single rewrite right, wherever it stands?
//
// The host cuts every rewrite of the pass out of the program as a pair of small ones, before and
// after (fettle/cpp/rewrites.hpp), with the shapes it met. Both run on random inputs in place of
// the values upstream, and are compared by the rules of comparison/compare.hpp. A fault thus cannot
// hide under the rest of a large model, whose softmax or rounding would have swallowed it; and what
// is run is what was changed, not the model.
//
// The floating inputs of one set are normal, of the next spread over six orders of magnitude, of
// the third small integers, of the fourth around 1000: a bound that nothing near one reaches, an
// overflow, a tie and a cancellation show. Edge sets (infinities, NaN …) are judged as numeric
// judges them: `edge: fail` lets them fail anything, `report` (the default) only what promises to
// be exact, and says the rest in a warning.
//
// A rewrite may rely on what lies upstream (that a value is never negative, say): where a pair
// differs, or refuses its inputs, more calls upstream are taken along, up to the program's inputs,
// and only a difference then is one. Rewrites that cannot be looked at by themselves are counted
// and said; if there are no others, the verdict is "unable". To be used beside `numeric`, which
// sees the whole.
#include <fettle/fettle.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../comparison/compare.hpp"
#include "../comparison/judge.hpp"

namespace {

struct InputSet {
  std::string label;
  // By attempt: several draws of the same kind, in case a place refuses one.
  std::function<std::optional<fettle::RandomSet>(const fettle::Program&, std::uint64_t)> draw;
};

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
    options.add("edge", &Equivalence::edge_, "inputs of zeros, infinities, NaN and the like")
        .choices({"off", "report", "fail"});
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
    const bool strict = exact || edge_ == "fail";
    const std::vector<InputSet> edges = edge_ == "off" ? std::vector<InputSet>{} : edge_sets();
    std::vector<InputSet> sets = random_sets();
    if (strict) sets.insert(sets.end(), edges.begin(), edges.end());
    std::uint64_t compared = 0, left_out = 0;
    std::vector<fettle::Verdict> warnings;
    for (std::uint64_t k = 0; k < request.rewrites->count() && !judge.failed(); ++k) {
      request.candidate.context().stop_if_cancelled();
      Place place{*request.rewrites, k, exact, static_cast<std::uint64_t>(radius_)};
      const std::optional<fettle::Verdict> verdict = settle(place, sets);
      (verdict ? compared : left_out) += 1;
      if (!verdict) continue;
      if (failed(*verdict)) judge.fail(verdict->detail, verdict->inputs);
      judge.put_numbers(*verdict);
      if (strict || edges.empty() || failed(*verdict)) continue;
      if (auto edge = settle(place, edges); edge && failed(*edge)) warnings.push_back(*edge);
    }
    if (compared == 0) {
      judge.unable("none of the " + std::to_string(left_out) +
                   " rewrites can be looked at by itself");
      return judge.finish(0, 0, false, true);
    }
    if (!judge.failed()) warn(request.candidate.context(), warnings);
    fettle::Verdict verdict = judge.finish(compared, 0, false, true);
    verdict.reference = "the same place before the rewrite";
    if (left_out != 0 && !judge.failed())
      verdict.detail += std::to_string(left_out) + " of " + std::to_string(compared + left_out) +
                        " rewrites cannot be looked at by themselves";
    return verdict;
  }

 private:
  struct Place {
    const fettle::Rewrites& rewrites;
    std::uint64_t k;
    bool exact;
    std::uint64_t radius;  // grows
  };

  static bool failed(const fettle::Verdict& verdict) {
    return verdict.judgement == fettle::Verdict::Judgement::fail;
  }

  static void warn(const fettle::Context& context, const std::vector<fettle::Verdict>& warnings) {
    if (warnings.empty()) return;
    context.warning(std::to_string(warnings.size()) +
                        (warnings.size() == 1 ? " rewrite differs" : " rewrites differ") +
                        " from what was there before on edge sets; the first on " +
                        warnings[0].inputs + ": " + warnings[0].detail,
                    "write equivalence: {edge: fail} to refuse that, {edge: 'off'} not to look");
  }

  std::string seeded(const std::string& label) const {
    return label + " (seed " + std::to_string(seed_) + ")";
  }
  std::vector<InputSet> random_sets() const {
    std::vector<InputSet> sets;
    for (std::int64_t k = 0; k < random_sets_; ++k) {
      const auto set = static_cast<std::uint64_t>(k);
      const fettle::Spread spread = fettle::kSpreads[set % std::size(fettle::kSpreads)];
      std::string label = "random set " + std::to_string(k);
      if (spread != fettle::Spread::drawn) label += std::string(", ") + spread_name(spread);
      const auto draw = [this, set, spread](const auto& program, std::uint64_t attempt) {
        const auto seed = static_cast<std::uint64_t>(seed_);
        return std::optional(fettle::spread_set(program, seed, set, attempt, spread));
      };
      sets.push_back({seeded(label), draw});
    }
    return sets;
  }
  std::vector<InputSet> edge_sets() const {
    std::vector<InputSet> sets;
    for (const fettle::EdgeKind kind : fettle::kEdgeKinds) {
      const auto draw = [this, kind](const auto& program, std::uint64_t attempt) {
        return fettle::edge_set(program, static_cast<std::uint64_t>(seed_), kind, attempt);
      };
      sets.push_back({seeded(std::string("edge set: ") + fettle::edge_name(kind)), draw});
    }
    return sets;
  }

  // Takes calls upstream along until both sides agree, or there are no more. Nothing: this rewrite
  // cannot be judged by itself.
  std::optional<fettle::Verdict> settle(Place& place, const std::vector<InputSet>& sets) const {
    for (;; place.radius = 2 * place.radius + 1) {
      const std::unique_ptr<fettle::RewriteCut> cut = place.rewrites.cut(place.k, place.radius);
      if (!cut) return std::nullopt;
      Judge attempt;
      const std::uint64_t compared = compare_cut(attempt, *cut, sets, place.exact);
      if (compared != 0 && !attempt.failed()) return attempt.finish(compared, 0, false, true);
      if (!cut->whole) continue;
      if (compared == 0) return std::nullopt;
      const fettle_rewrite_info info = place.rewrites.info(place.k);
      fettle::Verdict verdict = attempt.finish(compared, 0, false, true);
      verdict.detail = "rewrite " + std::to_string(place.k + 1) + " (" +
                       std::string(fettle::text(info.why)) + ", at '" +
                       std::string(fettle::text(info.root)) + "'): " + verdict.detail;
      return verdict;
    }
  }

  // How many input sets both sides were compared on.
  std::uint64_t compare_cut(Judge& judge, const fettle::RewriteCut& cut,
                            const std::vector<InputSet>& sets, bool exact) const {
    constexpr std::uint64_t kDraws[] = {2, 1, 3, 0};  // integers of both signs first
    const bool draws = draws_numbers(cut.before.graph());
    std::uint64_t compared = 0;
    for (std::size_t k = 0; k < sets.size() && !judge.failed(); ++k) {
      for (const std::uint64_t attempt : kDraws) {
        if (!compare_on(judge, cut, sets[k], attempt, exact, draws)) continue;
        ++compared;
        break;
      }
    }
    return compared;
  }

  // A float64 run draws others.
  static bool draws_numbers(const fettle::Graph& graph) {
    const fettle_columns columns = graph.columns();
    for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
      if (columns.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION &&
          graph.node(columns.nodes[i]).facts().random())
        return true;
    return false;
  }

  // False: the place as it was refuses these inputs, or nothing can be told from what it makes of
  // them.
  bool compare_on(Judge& judge, const fettle::RewriteCut& cut, const InputSet& set,
                  std::uint64_t attempt, bool exact, bool draws) const {
    std::optional<fettle::RandomSet> drawn;
    try {
      drawn = set.draw(cut.before, attempt);
    } catch (const fettle::Failure& failure) {
      if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
    }
    if (!drawn) return false;
    const auto before = run(cut.before, drawn->inputs, false);
    if (!before || !says_something(*before)) return false;
    const auto after = run(cut.after, drawn->inputs, false);
    if (!after) {
      judge.fail("it does not run any more on " + set.label, set.label);
      return true;
    }
    std::optional<fettle::Data> truth;
    bool asked = draws;
    for (std::size_t k = 0; k < before->size(); ++k) {
      const fettle_datum &expected = (*before)[k], &actual = (*after)[k];
      Rule rule{.bitwise = exact || same_bits(expected, actual), .factor = factor_};
      if (expected.kind == FETTLE_DATUM_TENSOR)
        rule.tolerance = default_tolerance(fettle::TensorView(&expected.tensor->dl_tensor).dtype());
      if (!rule.bitwise && !std::exchange(asked, true))
        truth = run(cut.before, drawn->inputs, true);
      if (truth) rule.truth = &(*truth)[k];
      judge.add(compare(expected, actual, rule), "original program", set.label,
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

  std::int64_t random_sets_ = 4, seed_ = 0, radius_ = 0;
  double factor_ = 16;
  std::string edge_ = "report";
};

}  // namespace

FETTLE_PLUGIN("fettle.equivalence", "1.0.0", Equivalence)
