// Expressions found by experiment: what a function of sizes computes, from its values at several
// probes, where it cannot be asked for symbols. Assignments of the symbols are spread over their
// ranges, the ends and numbers of interest included, where Min and Max show themselves.
//
// Only what agrees at every probe is answered: with at least five generic probes, or all values that
// the ranges allow. The simplest form comes first, and a quotient is answered only where it is the
// one quotient that agrees. Evidence, not proof: what rests on it says so.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "graph/size_algebra.hpp"

namespace fettle {

struct SizeProbe {
  SymbolValues values;
  bool generic = true;  // neither at an end of a range nor near a number of interest
};

// `composite`: sizes with many divisors instead of primes, for calls that refuse others.
std::vector<SizeProbe> size_probes(SizeAlgebra& algebra, const std::vector<std::string>& symbols,
                                   std::span<const std::int64_t> numbers, bool composite);

// Whether so many probes are evidence: see above.
bool enough_probes(SizeAlgebra& algebra, const std::vector<std::string>& symbols,
                   std::span<const SizeProbe> probes);

class SizeFit {
 public:
  // `known`: sizes that the result may be made of; `divisors`: what they may be divided by.
  SizeFit(SizeAlgebra& algebra, std::span<const SizeProbe> probes, Sizes known,
          std::vector<std::int64_t> divisors);

  // `values[k]` is what was seen at probe k.
  std::optional<Size> fit(const std::vector<std::int64_t>& values);
  // A size that was just found may be part of what is fitted next.
  void add_known(const Size& size);

 private:
  using Values = std::vector<std::int64_t>;
  struct Candidate {
    Size size;
    Values values;
  };
  std::optional<Values> values_of(const Size& size);
  void add_candidate(const Size& size);
  void add_quotient(const Size& size, const Size& divisor);
  std::optional<Size> linear(const Candidate& of, const Values& values);
  std::optional<Size> sum(const Values& values);
  std::optional<Size> quotient(const Candidate& of, const Values& values);
  std::optional<Size> extreme(const Candidate& of, const Values& values);
  bool agrees(const Size& size, const Values& values);

  SizeAlgebra& algebra_;
  std::span<const SizeProbe> probes_;
  Sizes factors_;                      // distinct symbolic sizes
  std::vector<Candidate> candidates_;  // them, and their products
  std::vector<std::int64_t> divisors_;
};

}  // namespace fettle
