// Comparisons added up to a verdict: the worst one is the one reported, a failure before any that
// passed.
#pragma once

#include <fettle/fettle.hpp>
#include <limits>
#include <optional>
#include <string>

#include "compare.hpp"

// Something that a run gives: an output, or what it left in a buffer.
struct Place {
  std::string text;  // "output 0 (add)", "buffer 'count'"
  std::optional<std::size_t> output;
  bool left_behind() const { return !output; }
  std::string whole() const { return text + (left_behind() ? " after the run" : ""); }
};

class Judge {
 public:
  void add(const Comparison& comparison, const char* reference, const std::string& inputs,
           const Place& place, const fettle_datum& actual);
  // Nothing failed as far as anybody could see, and nobody could see enough.
  void unable(std::string why);
  // What cannot be put as a comparison.
  void fail(std::string detail, const std::string& inputs, std::string place = {});
  // Why elements were ignored, for people.
  void ignores(std::string why) { ignored_why_ = std::move(why); }
  bool failed() const { return verdict_.judgement == Judgement::fail; }
  // The worst of another verdict's numbers.
  void put_numbers(const fettle::Verdict& other);
  // Says more about a failure, once.
  void explain(const std::string& why);
  // `sizes`: how many different dynamic sizes the random sets had.
  fettle::Verdict finish(std::uint64_t sets, std::size_t sizes, bool eager, bool original);

 private:
  using Judgement = fettle::Verdict::Judgement;
  void describe(const Comparison& comparison, const char* reference, const Place& place,
                const fettle_datum& actual);

  fettle::Verdict verdict_;
  std::uint64_t elements_ = 0, ignored_ = 0;
  std::string ignored_why_ = "depend on memory that nobody initialized";
  bool unable_ = false;
  double worst_excess_ = -std::numeric_limits<double>::infinity();
};
