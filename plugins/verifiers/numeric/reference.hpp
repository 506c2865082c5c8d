// The input sets, and what the original program answers on them: computed once, remembered for all
// verifications of a pipeline (keyed by the program's id, which is never reused).
#pragma once

#include <fettle/fettle.hpp>
#include <optional>
#include <string>
#include <vector>

struct InputSet {
  std::string label;  // "sample 0", "random set 2 (seed 0)"
  fettle::Data inputs;
  std::optional<fettle::Data> eager;  // the eager model's outputs
};

class Reference {
 public:
  // Makes the input sets, unless they are there for this program already.
  void use(const fettle::Program& original, std::uint64_t random_sets, std::uint64_t seed);

  std::size_t set_count() const { return sets_.size(); }
  const InputSet& set(std::size_t k) const { return sets_[k]; }
  bool random() const { return random_; }  // the program draws random numbers

  // The original's outputs on a set; null if it does not run on it.
  const fettle::Data* outputs(const fettle::Program& original, std::size_t set);

 private:
  struct Answer {
    bool asked = false;
    std::optional<fettle::Data> outputs;
  };
  std::optional<std::uint64_t> program_;
  std::uint64_t seed_ = 0;
  bool random_ = false;
  std::vector<InputSet> sets_;
  std::vector<Answer> answers_;
};

// The outputs, or nothing if the program fails on these inputs. Cancellation is passed on.
std::optional<fettle::Data> run_or_nothing(const fettle::Program& program,
                                           const fettle::Data& inputs, std::uint64_t seed);
