#include "judge.hpp"

#include <cmath>
#include <sstream>

namespace {

// "[0, 3]" of a flat index.
std::string element_text(const fettle_datum& value, std::uint64_t element) {
  if (value.kind != FETTLE_DATUM_TENSOR) return "";
  const auto shape = fettle::TensorView(&value.tensor->dl_tensor).shape();
  std::string text;
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto size = static_cast<std::uint64_t>(shape[d]);
    text = std::to_string(element % size) + (text.empty() ? "" : ", ") + text;
    element /= size;
  }
  return "[" + text + "]";
}

}  // namespace

void Judge::add(const Comparison& comparison, const char* reference, const std::string& inputs,
                const Place& place, const fettle_datum& actual) {
  elements_ += comparison.elements;
  ignored_ += comparison.ignored;
  const bool first_failure = !comparison.passed && verdict_.judgement != Judgement::fail;
  const double excess = comparison.max_abs - comparison.allowed;
  const bool same_rank = comparison.passed == (verdict_.judgement != Judgement::fail);
  if (first_failure || (same_rank && (excess > worst_excess_ || verdict_.inputs.empty()))) {
    worst_excess_ = excess;
    verdict_.allowed = comparison.allowed;
    verdict_.output = place.output.value_or(0);
    verdict_.place = place.left_behind() ? place.whole() : "";
    verdict_.element = comparison.element;
    verdict_.reference = reference;
    verdict_.inputs = inputs;
    verdict_.rule = comparison.rule;
    if (!comparison.passed) describe(comparison, reference, place, actual);
  }
  verdict_.max_abs = std::fmax(verdict_.max_abs, comparison.max_abs);
  verdict_.max_rel = std::fmax(verdict_.max_rel, comparison.max_rel);
  if (!comparison.passed) verdict_.judgement = Judgement::fail;
}

void Judge::fail(std::string detail, const std::string& inputs, std::string place) {
  if (verdict_.judgement == Judgement::fail) return;
  verdict_.place = std::move(place);
  verdict_.judgement = Judgement::fail;
  verdict_.max_abs = verdict_.max_rel = std::numeric_limits<double>::infinity();
  verdict_.inputs = inputs;
  verdict_.detail = std::move(detail);
  verdict_.rule = "form";
}

void Judge::put_numbers(const fettle::Verdict& other) {
  const bool worse = verdict_.inputs.empty() || other.max_abs >= verdict_.max_abs ||
                     std::isinf(verdict_.max_abs);
  if (std::isinf(verdict_.max_abs)) verdict_.max_abs = verdict_.max_rel = 0;
  if (worse) {
    verdict_.allowed = other.allowed;
    verdict_.element = other.element;
    verdict_.inputs = other.inputs;
    verdict_.rule = other.rule;
  }
  verdict_.max_abs = std::fmax(verdict_.max_abs, other.max_abs);
  verdict_.max_rel = std::fmax(verdict_.max_rel, other.max_rel);
}

void Judge::explain(const std::string& why) {
  if (verdict_.detail.find(why) == std::string::npos) verdict_.detail += "; " + why;
}

void Judge::unable(std::string why) {
  unable_ = true;
  verdict_.judgement = Judgement::unable;
  verdict_.detail = std::move(why);
}

fettle::Verdict Judge::finish(std::uint64_t sets, std::size_t sizes, bool eager, bool original) {
  verdict_.comparisons = sets;
  if (unable_ || verdict_.judgement == Judgement::fail) return std::move(verdict_);
  verdict_.judgement = sets == 0 ? Judgement::unable : Judgement::pass;
  verdict_.reference = eager && original ? "eager outputs and original program"
                       : eager           ? "eager outputs"
                                         : "original program";
  if (sets == 0) verdict_.detail = "there are no inputs on which the original program runs";
  if (sizes != 0)
    verdict_.detail = "tried at " + std::to_string(sizes) + " draws of the dynamic sizes";
  if (ignored_ != 0)
    verdict_.detail += (verdict_.detail.empty() ? "" : "; ") + std::to_string(ignored_) + " of " + std::to_string(elements_) +
                      " elements " + ignored_why_ + ", and were not compared";
  return std::move(verdict_);
}

void Judge::describe(const Comparison& comparison, const char* reference, const Place& place,
                     const fettle_datum& actual) {
  std::ostringstream text;
  text.precision(9);
  if (!comparison.mismatch.empty()) {
    text << place.whole() << " has " << comparison.mismatch;
  } else {
    text << place.text << element_text(actual, comparison.element)
         << (place.left_behind() ? " after the run" : "") << " is " << comparison.actual << ", "
         << reference << " say" << (reference[0] == 'o' ? "s " : " ") << comparison.expected
         << "; " << comparison.failing << " of " << comparison.elements
         << " elements differ by more than allowed";
  }
  verdict_.detail = text.str();
}
