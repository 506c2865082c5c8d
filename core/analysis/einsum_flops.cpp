#include "analysis/einsum_flops.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace fettle {
namespace {

// A label's letter; dimensions under an ellipsis are negative, counted from the right.
using Label = int;
using Sized = std::map<Label, std::int64_t>;  // of one operand; those of size 1 are left out

// The labels of one term. `rank`: of the operand; negative for the output, whose ellipsis covers
// `ellipsis` dimensions. Nothing if the text is no term.
std::optional<std::vector<Label>> labels(std::string_view term, std::int64_t rank,
                                         std::int64_t ellipsis) {
  std::vector<Label> found;
  const auto letters = std::ranges::count_if(term, [](unsigned char c) { return std::isalpha(c); });
  for (std::size_t at = 0; at < term.size(); ++at) {
    if (std::isalpha(static_cast<unsigned char>(term[at]))) {
      found.push_back(term[at]);
    } else if (term.substr(at).starts_with("...")) {
      const std::int64_t covered = rank < 0 ? ellipsis : rank - letters;
      for (std::int64_t d = covered; d > 0; --d) found.push_back(static_cast<Label>(-d));
      at += 2;
    } else if (term[at] != ' ') {
      return std::nullopt;
    }
  }
  if (rank >= 0 && static_cast<std::int64_t>(found.size()) != rank) return std::nullopt;
  return found;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> terms;
  for (std::size_t from = 0;;) {
    const std::size_t comma = text.find(',', from);
    terms.push_back(text.substr(from, comma - from));
    if (comma == text.npos) return terms;
    from = comma + 1;
  }
}

struct Equation {
  std::vector<Sized> operands;
  std::set<Label> wanted;  // by the output
};

std::optional<Equation> read(std::string_view text,
                             const std::vector<std::vector<std::int64_t>>& operands) {
  const std::size_t arrow = text.find("->");
  const std::vector<std::string_view> terms = split(text.substr(0, arrow));
  if (terms.size() != operands.size()) return std::nullopt;
  Equation out;
  std::map<Label, int> seen;
  std::int64_t ellipsis = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto found = labels(terms[i], static_cast<std::int64_t>(operands[i].size()), 0);
    if (!found) return std::nullopt;
    Sized& sized = out.operands.emplace_back();
    for (std::size_t d = 0; d < found->size(); ++d) {
      const Label label = (*found)[d];
      ++seen[label];
      ellipsis = std::max<std::int64_t>(ellipsis, -label);
      if (operands[i][d] != 1) sized[label] = operands[i][d];
    }
  }
  if (arrow != text.npos) {
    const auto found = labels(text.substr(arrow + 2), -1, ellipsis);
    if (!found) return std::nullopt;
    out.wanted.insert(found->begin(), found->end());
  } else {
    for (const auto& [label, count] : seen)
      if (count == 1 || label < 0) out.wanted.insert(label);
  }
  return out;
}

// Multiplies the two into `a`.
Count multiply(Sized& a, const Sized& b, const std::set<Label>& wanted) {
  Count all = 2;
  bool contracts = false;
  Sized result;
  for (const auto& [label, size] : a) {
    const bool both = b.contains(label);
    if (!wanted.contains(label) && !both) continue;  // summed before
    all = all * size;
    if (wanted.contains(label)) {
      result[label] = size;
    } else {
      contracts = true;
    }
  }
  for (const auto& [label, size] : b) {
    if (a.contains(label) || !wanted.contains(label)) continue;
    all = all * size;
    result[label] = size;
  }
  a = std::move(result);
  return contracts ? all : Count(0);
}

}  // namespace

Count einsum_flops(std::string_view equation,
                   const std::vector<std::vector<std::int64_t>>& operands) {
  std::optional<Equation> read_equation = read(equation, operands);
  if (!read_equation || operands.empty()) return Count::unknown();
  std::vector<Sized>& terms = read_equation->operands;
  Count all = 0;
  for (std::size_t i = 1; i < terms.size(); ++i) {
    std::set<Label> wanted = read_equation->wanted;
    for (std::size_t later = i + 1; later < terms.size(); ++later)
      for (const auto& [label, size] : terms[later]) wanted.insert(label);
    all = all + multiply(terms[0], terms[i], wanted);
  }
  return all;
}

}  // namespace fettle
