// The gradient verifier: does the candidate still learn what the original learned?
//
// Both run forwards and backwards, by libtorch's autograd, on the stored samples and on random inputs
// made like them, from the same random cotangents of the floating outputs. Compared are the gradients
// with respect to floating user inputs and, unless a pass of the pipeline promises to be for inference
// only, parameters: equal bits, or within the noise floor (the original's gradients in float64), or
// tolerance, that of the coarsest dtype on the way: comparison/compare.hpp. Also of what promises to be exact: autograd adds up what flows back
// in an order that follows the order of calls, which is no part of the promise. Where terms cancel that may
// be far above any noise that one run shows; what promises to be exact must then be the same in float64.
//
// A pass may keep every output and lose a gradient: by detaching, by folding a parameter, by an
// operator that has no derivative (fused inference kernels). Where the original has a gradient and the
// candidate none, or no such leaf, that fails; no gradient and one of zeros are the same.
//
// "Unable", with the reason: the original has operators without a derivative, or cannot be run
// backwards, or nothing in it has a gradient; or the candidate has operators without a derivative,
// through which nothing can be said.
#include <cmath>
#include <cstdint>
#include <fettle/fettle.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../comparison/compare.hpp"
#include "../comparison/judge.hpp"
#include "../comparison/unsteady.hpp"

namespace {

std::string name_key(const fettle::Effect& leaf) {
  return std::to_string(leaf.kind) + " " + leaf.target;
}
// Parameters that are one memory are one leaf, named by the first; after a pass that may be another.
std::string memory_key(const fettle::Program& program, const fettle::Effect& leaf) {
  if (leaf.kind != FETTLE_EFFECT_PARAMETER_GRADIENT) return name_key(leaf);
  const fettle::Tensor weight = program.graph().constant(program.graph().value(leaf.value));
  if (!weight) return name_key(leaf);
  std::string text = "at " + std::to_string(reinterpret_cast<std::uintptr_t>(weight.view().data()));
  for (const std::int64_t size : weight.view().shape()) text += " " + std::to_string(size);
  return text;
}

bool is_parameter(const fettle::Effect& leaf) {
  return leaf.kind == FETTLE_EFFECT_PARAMETER_GRADIENT;
}

bool all_zero(const fettle_datum& datum) {
  bool zero = true;
  const fettle::TensorView tensor(&datum.tensor->dl_tensor);
  const fettle::Dtype part = fettle::component_dtype(tensor.dtype());
  const std::int64_t width = fettle::dlpack_type(part).bits / 8;
  tensor.for_each_element([&](std::int64_t, const std::byte* at) {
    for (std::int64_t offset = 0; offset < tensor.element_bytes(); offset += width)
      zero = zero && fettle::decode(part, at + offset) == 0;
  });
  return zero;
}

// Infinities and NaN. Whether terms of unlike signs, or a sum of them, meet an infinite derivative is a
// matter of the order again: they are not compared.
Ignored no_numbers(const fettle_datum& datum) {
  const fettle::TensorView tensor(&datum.tensor->dl_tensor);
  const fettle::Dtype part = fettle::component_dtype(tensor.dtype());
  const std::int64_t width = fettle::dlpack_type(part).bits / 8;
  Ignored ignored(static_cast<std::size_t>(tensor.elements()), false);
  if (!fettle::can_decode(part)) return ignored;
  tensor.for_each_element([&](std::int64_t i, const std::byte* at) {
    for (std::int64_t offset = 0; offset < tensor.element_bytes(); offset += width)
      if (!std::isfinite(fettle::decode(part, at + offset))) ignored[static_cast<std::size_t>(i)] = true;
  });
  return ignored;
}

struct InputSet {
  std::string label;
  fettle::Data inputs;
  fettle::Data cotangents;
  std::optional<fettle::BackwardResult> expected;
  std::optional<fettle::BackwardResult> truth;  // in float64
  bool truth_asked = false;
};

struct Candidate {
  const fettle::Program& program;
  bool exact;  // so its pass promises
  std::optional<fettle::BackwardResult> result;
  std::optional<fettle::BackwardResult> lifted = {};  // in float64
  bool lifted_asked = false;
};

class Gradient : public fettle::Verifier {
 public:
  static constexpr const char* name = "gradient";
  static constexpr const char* summary =
      "Runs the program backwards and compares gradients of inputs and parameters.";
  static constexpr std::uint32_t min_minor = 1;  // fettle.gradients/1

  static void declare(fettle::Options<Gradient>& options) {
    options.add("random_sets", &Gradient::random_sets_, "random input sets besides the samples")
        .range(0, 1000);
    options.add("seed", &Gradient::seed_, "seed of inputs, cotangents and torch's generator")
        .range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
    options.add("factor", &Gradient::factor_, "how many times the original's noise is accepted")
        .range(1.0, 1e6);
  }

  fettle::Verdict verify(const fettle::VerifyRequest& request) override {
    use(request.reference);
    if (!why_unable_.empty()) return unable(why_unable_);
    const std::vector<fettle::Effect> leaves = fettle::gradient_leaves(request.candidate);
    std::map<std::string, std::size_t> index;
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      index.emplace(name_key(leaves[k]), k);
      index.emplace(memory_key(request.candidate, leaves[k]), k);
    }
    const bool parameters = request.promise < fettle::Promise::inference_only;
    Judge judge;
    judge.ignores("are infinite or NaN in the original");
    std::uint64_t compared = 0;
    for (InputSet& set : sets_) {
      request.candidate.context().stop_if_cancelled();
      Candidate candidate{request.candidate, request.promise == fettle::Promise::exact,
                          run(request.candidate, set, false)};
      const std::optional<fettle::BackwardResult>& actual = candidate.result;
      if (!actual) {
        judge.fail("the program cannot be run backwards on " + set.label, set.label);
        continue;
      }
      if (!actual->no_derivative.empty())
        return unable("these operators of the program have no derivative: " +
                      actual->no_derivative);
      for (std::size_t k = 0; k < leaves_.size(); ++k) {
        if (is_parameter(leaves_[k]) && !parameters) continue;
        auto at = index.find(name_key(leaves_[k]));
        if (at == index.end()) at = index.find(memory_keys_[k]);
        compare_leaf(judge, request.reference, set, k, candidate,
                     at == index.end() ? std::nullopt : std::optional(at->second));
      }
      ++compared;
    }
    return judge.finish(compared, 0, false, true);
  }

 private:
  // Input sets and the original's gradients, unless they are there for this program already.
  void use(const fettle::Program& original) {
    if (program_ == original.id()) return;
    program_.reset();  // in case of a throw below
    sets_.clear();
    why_unable_.clear();
    random_writes_ = unsteady_calls(original.graph()).random_writes;
    leaves_ = fettle::gradient_leaves(original);
    memory_keys_.clear();
    for (const fettle::Effect& leaf : leaves_) memory_keys_.push_back(memory_key(original, leaf));
    for (std::size_t k = 0; k < original.sample_count(); ++k)
      add(original, "sample " + std::to_string(k), original.sample_inputs(k));
    for (std::int64_t k = 0; k < random_sets_; ++k) add_random(original, k);
    bool any = false;
    for (const InputSet& set : sets_)
      for (std::size_t k = 0; k < leaves_.size(); ++k)
        any = any || set.expected->gradients[k].kind == FETTLE_DATUM_TENSOR;
    if (why_unable_.empty() && sets_.empty())
      why_unable_ = "there are no inputs on which the original program runs";
    if (why_unable_.empty() && !any) why_unable_ = "no output of the original has a gradient";
    program_ = original.id();
  }

  void add_random(const fettle::Program& original, std::int64_t k) {
    constexpr std::uint64_t kDraws = 8;
    for (std::uint64_t attempt = 0; attempt < kDraws; ++attempt) {
      try {
        fettle::RandomSet drawn = fettle::random_set(original, static_cast<std::uint64_t>(seed_),
                                                     static_cast<std::uint64_t>(k), attempt);
        const std::string label =
            "random set " + std::to_string(k) + " (seed " + std::to_string(seed_) + ")";
        if (add(original, label, std::move(drawn.inputs))) return;
      } catch (const fettle::Failure& failure) {
        if (failure.status() != FETTLE_E_UNSUPPORTED) throw;
        return;  // inputs of a kind that cannot be made up
      }
    }
  }

  // Whether the original runs on these inputs.
  bool add(const fettle::Program& original, std::string label, fettle::Data inputs) {
    InputSet set;
    set.label = std::move(label);
    set.inputs = std::move(inputs);
    try {
      fettle::RunOptions options;
      options.seed = static_cast<std::uint64_t>(seed_);
      set.cotangents = cotangents_for(original.run(set.inputs, options).outputs);
    } catch (const fettle::Failure& failure) {
      if (failure.status() == FETTLE_E_CANCELLED) throw;
      return false;
    }
    set.expected = run(original, set, false);
    if (!set.expected) {
      why_unable_ = "libtorch cannot run the original backwards on " + set.label;
      return true;
    }
    if (!set.expected->no_derivative.empty())
      why_unable_ = "these operators of the original have no derivative: " +
                    set.expected->no_derivative;
    sets_.push_back(std::move(set));
    return true;
  }

  fettle::Data cotangents_for(const fettle::Data& outputs) const {
    fettle::Data cotangents(outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (!outputs.is_tensor(k)) continue;
      const fettle::TensorView output = outputs.tensor(k);
      const fettle::Dtype part = fettle::component_dtype(output.dtype());
      if (!fettle::is_floating(part) || !fettle::can_decode(part)) continue;
      fettle::Random random(static_cast<std::uint64_t>(seed_) + 977 * k);
      fettle::Tensor cotangent = fettle::Tensor::zeros(output.dtype(), output.shape());
      fettle::fill_normal(cotangent.view(), random);
      cotangents.set(k, std::move(cotangent));
    }
    return cotangents;
  }

  std::optional<fettle::BackwardResult> run(const fettle::Program& program, const InputSet& set,
                                            bool float64) const {
    if (set.inputs.size() != program.input_count()) return std::nullopt;
    fettle::BackwardOptions options;
    options.seed = static_cast<std::uint64_t>(seed_);
    options.float64 = float64;
    try {
      return fettle::run_backward(program, set.inputs, set.cotangents, options);
    } catch (const fettle::Failure& failure) {
      if (failure.status() == FETTLE_E_CANCELLED) throw;
      return std::nullopt;
    }
  }

  // `mine`: which leaf of the candidate it is; none: the candidate has no such.
  void compare_leaf(Judge& judge, const fettle::Program& original, InputSet& set, std::size_t k,
                    Candidate& candidate, std::optional<std::size_t> mine) {
    const fettle_datum* actual = mine ? &candidate.result->gradients[*mine] : nullptr;
    const Place place{leaves_[k].text(), std::nullopt};
    const fettle_datum& expected = set.expected->gradients[k];
    const bool theirs = expected.kind == FETTLE_DATUM_TENSOR && !all_zero(expected);
    const bool have = actual != nullptr && actual->kind == FETTLE_DATUM_TENSOR;
    if (!have) {
      if (theirs)
        judge.fail("the " + place.text + " is lost" +
                       (actual == nullptr ? ": the program takes it no longer" : ""),
                   set.label, place.text);
      return;
    }
    if (expected.kind != FETTLE_DATUM_TENSOR) {
      if (!all_zero(*actual))
        judge.fail("there is a " + place.text + ", which the original does not have", set.label,
                   place.text);
      return;
    }
    Rule rule{.bitwise = same_bits(expected, *actual), .factor = factor_};
    rule.tolerance = default_tolerance(fettle::TensorView(&expected.tensor->dl_tensor).dtype());
    if (!rule.bitwise) rule.truth = truth(original, set, k);
    if (!rule.bitwise && rule.truth == nullptr) rule.tolerance = widest_tolerance(original.graph());
    Comparison comparison = compare(expected, *actual, rule, no_numbers(expected));
    if (!comparison.passed && candidate.exact && rule.truth != nullptr)
      if (const fettle_datum* lifted = in_float64(candidate, set, *mine)) {
        comparison = compare(*rule.truth, *lifted, {.tolerance = default_tolerance(fettle::Dtype::float64)},
                             no_numbers(*rule.truth));
        comparison.rule = "float64";
      }
    judge.add(comparison, "original program", set.label, place, *actual);
  }

  const fettle_datum* in_float64(Candidate& candidate, const InputSet& set, std::size_t leaf) const {
    if (!std::exchange(candidate.lifted_asked, true)) candidate.lifted = run(candidate.program, set, true);
    return candidate.lifted ? &candidate.lifted->gradients[leaf] : nullptr;
  }

  const fettle_datum* truth(const fettle::Program& original, InputSet& set, std::size_t k) {
    if (!std::exchange(set.truth_asked, true) && !random_writes_) set.truth = run(original, set, true);
    return set.truth ? &set.truth->gradients[k] : nullptr;
  }

  static fettle::Verdict unable(const std::string& why) {
    Judge judge;
    judge.unable(why);
    return judge.finish(0, 0, false, true);
  }

  std::int64_t random_sets_ = 1, seed_ = 0;
  double factor_ = 16;
  std::optional<std::uint64_t> program_;
  std::vector<fettle::Effect> leaves_;
  std::vector<std::string> memory_keys_;
  std::vector<InputSet> sets_;
  std::string why_unable_;
  bool random_writes_ = false;  // others in float64
};

}  // namespace

FETTLE_PLUGIN("fettle.gradient", "1.0.0", Gradient)
