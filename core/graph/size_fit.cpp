#include "graph/size_fit.hpp"

#include <algorithm>
#include <array>

namespace fettle {
namespace {

constexpr std::array<std::int64_t, 16> kPrimes = {13, 29, 17,  43, 23,  61,  37,  83,
                                                  53, 97, 109, 71, 127, 151, 139, 163};
constexpr std::array<std::int64_t, 12> kComposites = {24, 48, 36,  72,  60,  12,
                                                      96, 84, 120, 144, 240, 108};
constexpr std::int64_t kLargest = 1 << 20;  // of an unbounded range
constexpr std::size_t kGeneric = 12, kEnough = 5, kMostEdges = 16, kMostCandidates = 200;

struct Range {
  std::int64_t low, high;
  bool contains(std::int64_t value) const { return low <= value && value <= high; }
};

// As torch.export reasons: sizes of 0 and 1, whose strides nobody minds, are no evidence.
Range range_of(SizeAlgebra& algebra, const std::string& symbol) {
  const Interval range = algebra.range(symbol);
  const std::int64_t high = range.high.value_or(kLargest);
  return {std::max(range.low.value_or(0), std::min<std::int64_t>(2, high)), high};
}

std::vector<std::int64_t> generic_values(const Range& range, bool composite) {
  std::vector<std::int64_t> values;
  const auto take = [&](std::span<const std::int64_t> from) {
    for (const std::int64_t value : from) {
      if (range.contains(value)) values.push_back(value);
    }
  };
  if (composite)
    take(kComposites);
  else
    take(kPrimes);
  for (std::int64_t v = range.low; values.size() < 8 && v <= range.high && v < range.low + 64;
       ++v) {
    if (std::ranges::find(values, v) == values.end()) values.push_back(v);
  }
  return values;
}

std::vector<std::int64_t> edge_values(const Range& range, std::span<const std::int64_t> numbers) {
  std::vector<std::int64_t> values;
  const auto add = [&](std::int64_t value) {
    if (range.contains(value) && std::ranges::find(values, value) == values.end() &&
        values.size() < kMostEdges) {
      values.push_back(value);
    }
  };
  for (std::int64_t i = 0; i < 4; ++i) add(range.low + i);
  if (range.high < kLargest) add(range.high);
  for (const std::int64_t number : numbers) {
    for (const std::int64_t near : {number - 1, number, number + 1}) add(near);
  }
  return values;
}

}  // namespace

std::vector<SizeProbe> size_probes(SizeAlgebra& algebra, const std::vector<std::string>& symbols,
                                   std::span<const std::int64_t> numbers, bool composite) {
  std::vector<SizeProbe> probes;
  const auto add = [&](SizeProbe probe) {
    const auto same = [&](const SizeProbe& other) { return other.values == probe.values; };
    if (std::ranges::none_of(probes, same)) probes.push_back(std::move(probe));
  };
  std::vector<std::vector<std::int64_t>> pools;
  for (const std::string& symbol : symbols) {
    pools.push_back(generic_values(range_of(algebra, symbol), composite));
    if (pools.back().empty()) return {};
  }
  const auto generic = [&](std::size_t turn) {
    SizeProbe probe;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      // Every symbol walks its values from another place, and after each round at another distance.
      const std::size_t at = turn + i * 3 + i * (turn / pools[i].size());
      probe.values[symbols[i]] = pools[i][at % pools[i].size()];
    }
    return probe;
  };
  for (std::size_t turn = 0; turn < kGeneric * std::max<std::size_t>(1, symbols.size()); ++turn) {
    add(generic(turn));
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    std::size_t turn = i;
    for (const std::int64_t value : edge_values(range_of(algebra, symbols[i]), numbers)) {
      SizeProbe probe = generic(turn++);
      probe.values[symbols[i]] = value;
      probe.generic = false;
      add(std::move(probe));
    }
  }
  return probes;
}

bool enough_probes(SizeAlgebra& algebra, const std::vector<std::string>& symbols,
                   std::span<const SizeProbe> probes) {
  const auto generic = std::ranges::count_if(probes, &SizeProbe::generic);
  if (generic >= static_cast<std::ptrdiff_t>(kEnough)) return true;
  std::size_t all = 1;
  for (const std::string& symbol : symbols) {
    const Range range = range_of(algebra, symbol);
    if (range.high - range.low >= static_cast<std::int64_t>(kEnough)) return false;
    all *= static_cast<std::size_t>(std::max<std::int64_t>(0, range.high - range.low + 1));
    if (all > probes.size()) return false;
  }
  return all == probes.size();  // the probes are distinct
}

SizeFit::SizeFit(SizeAlgebra& algebra, std::span<const SizeProbe> probes, Sizes known,
                 std::vector<std::int64_t> divisors)
    : algebra_(algebra), probes_(probes), divisors_(std::move(divisors)) {
  for (const Size& size : known) add_known(size);
}

std::optional<SizeFit::Values> SizeFit::values_of(const Size& size) {
  Values values;
  for (const SizeProbe& probe : probes_) {
    const auto value = algebra_.evaluate(size, probe.values);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

void SizeFit::add_candidate(const Size& size) {
  if (candidates_.size() >= kMostCandidates) return;
  for (const Candidate& candidate : candidates_) {
    if (candidate.size == size) return;
  }
  if (auto values = values_of(size)) candidates_.push_back({size, std::move(*values)});
}

// What divides exactly is a size that a reshape may bring back.
void SizeFit::add_quotient(const Size& size, const Size& divisor) {
  const Size part = algebra_.floordiv(size, divisor);
  if (part.symbolic() && algebra_.mul(part, divisor) == size) add_candidate(part);
}

void SizeFit::add_known(const Size& size) {
  if (!size.symbolic() || std::ranges::find(factors_, size) != factors_.end()) return;
  try {
    add_candidate(size);
    for (const std::int64_t divisor : divisors_) add_quotient(size, divisor);
    for (const Size& other : factors_) {
      add_quotient(size, other);
      add_quotient(other, size);
    }
    const std::size_t known = candidates_.size();
    for (std::size_t i = 0; i < known; ++i) {
      add_candidate(algebra_.mul(candidates_[i].size, size));
    }
  } catch (const SizeError&) {  // too large: fewer candidates
  }
  factors_.push_back(size);
}

bool SizeFit::agrees(const Size& size, const Values& values) {
  const auto computed = values_of(size);
  return computed && *computed == values;
}

std::optional<Size> SizeFit::fit(const Values& values) {
  if (std::ranges::all_of(values, [&](std::int64_t v) { return v == values[0]; })) return values[0];
  for (const Candidate& candidate : candidates_) {
    if (candidate.values == values) return candidate.size;
  }
  for (const Candidate& candidate : candidates_) {
    if (const auto found = linear(candidate, values)) return found;
  }
  if (const auto found = sum(values)) return found;
  for (const Candidate& candidate : candidates_) {
    if (const auto found = extreme(candidate, values)) return found;
  }
  for (const Candidate& candidate : candidates_) {
    if (const auto found = quotient(candidate, values)) return found;
  }
  return std::nullopt;
}

// values = a * of + b, a and b whole.
std::optional<Size> SizeFit::linear(const Candidate& of, const Values& values) {
  std::size_t other = 1;
  while (other < values.size() && of.values[other] == of.values[0]) ++other;
  if (other == values.size()) return std::nullopt;
  const std::int64_t run = of.values[other] - of.values[0], rise = values[other] - values[0];
  if (rise == 0 || rise % run != 0) return std::nullopt;
  const std::int64_t a = rise / run, b = values[0] - a * of.values[0];
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (values[k] != a * of.values[k] + b) return std::nullopt;
  }
  return algebra_.add(algebra_.mul(of.size, a), b);
}

// values = one + another + b.
std::optional<Size> SizeFit::sum(const Values& values) {
  for (const Candidate& one : candidates_) {
    Values rest = values;
    for (std::size_t k = 0; k < rest.size(); ++k) rest[k] -= one.values[k];
    for (const Candidate& other : candidates_) {
      if (const auto found = linear(other, rest)) return algebra_.add(one.size, *found);
    }
  }
  return std::nullopt;
}

// values = (of + b) // c; b must be the only one that fits.
std::optional<Size> SizeFit::quotient(const Candidate& of, const Values& values) {
  for (const std::int64_t c : divisors_) {
    if (c < 2) continue;
    std::int64_t low = INT64_MIN, high = INT64_MAX;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::int64_t b = values[k] * c - of.values[k];
      low = std::max(low, b);
      high = std::min(high, b + c - 1);
    }
    if (low != high) continue;
    const Size found = algebra_.floordiv(algebra_.add(of.size, low), c);
    if (agrees(found, values)) return found;
  }
  return std::nullopt;
}

// values = Min(of, c) or Max(of, c), where both sides occur.
std::optional<Size> SizeFit::extreme(const Candidate& of, const Values& values) {
  const auto [least, most] = std::ranges::minmax(values);
  for (const Size& found : {algebra_.min(of.size, most), algebra_.max(of.size, least)}) {
    if (found.symbolic() && found != of.size && agrees(found, values)) return found;
  }
  return std::nullopt;
}

}  // namespace fettle
