// The input sets, and what the original program answers on them: computed once, remembered for all
// verifications of a pipeline (keyed by the program's id, which is never reused).
#pragma once

#include <fettle/fettle.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../comparison/unsteady.hpp"
#include "answer.hpp"
#include "../comparison/compare.hpp"

struct InputSet {
  std::string label;  // "sample 0", "random set 2 (seed 0, s77=5)", "edge set: NaN (seed 0)"
  fettle::Data inputs;
  std::optional<fettle::Data> eager;  // the eager model's outputs
  std::optional<fettle::EagerEffects> eager_effects;
  std::optional<std::uint64_t> random;  // the number of a random set
  fettle::SymbolValues sizes;           // the dynamic sizes that it drew
  bool edge = false;                    // made of numbers that formulas go wrong on
};

// One run of the original, and which elements depend on memory that nobody initialized: those in
// which runs over different contents differ.
struct Expected {
  std::optional<Run> run;
  std::vector<Ignored> outputs, effects;
};
struct Answer {
  Expected first;
  Expected second;  // a second call, from what the first left; absent in programs without state
};

// The same in float64; absent where the original does not run in it, or draws random numbers, which
// are others then.
struct Truth {
  std::optional<Run> first, second;
};

class Reference {
 public:
  // Makes the input sets, unless they are there for this program already.
  void use(const fettle::Program& original, std::uint64_t random_sets, std::uint64_t seed,
           bool edge_sets);

  std::size_t set_count() const { return sets_.size(); }
  const InputSet& set(std::size_t k) const { return sets_[k]; }
  bool random() const { return unsteady_.random; }  // the program draws random numbers
  // The original is to be run even where the eager model's answers are stored: for a second call,
  // or to find out what depends on memory that nobody initialized.
  bool needs_original() const { return unsteady_.uninitialized || effects_->carry_state(); }
  const Effects& effects() const { return *effects_; }

  // The original's answer on a set; its first run is absent if it does not run on it. A random set that it
  // refuses is replaced by another draw, a few times.
  const Answer& answer(const fettle::Program& original, std::size_t set);
  // After answer. Runs when first asked: where all bits agree nobody asks.
  const Truth& truth(const fettle::Program& original, std::size_t set);
  // Whether the original answers the same again on this set, in every bit.
  bool stable(const fettle::Program& original, std::size_t set);

 private:
  Expected run(const fettle::Program& original, const InputSet& set, const Expected* before) const;
  static InputSet draw(const fettle::Program& original, std::uint64_t seed, std::uint64_t set,
                       std::uint64_t attempt);
  void add_edge_sets(const fettle::Program& original);
  void tell_what_is_ignored(const fettle::Program& original, const Answer& answer);

  std::optional<std::uint64_t> program_;
  std::uint64_t seed_ = 0;
  Unsteady unsteady_;
  bool told_ = false;
  std::optional<Effects> effects_;
  std::vector<InputSet> sets_;
  std::vector<std::optional<Answer>> answers_;
  std::vector<std::optional<Truth>> truths_;
};
