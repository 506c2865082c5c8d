// Alias classes while calls are being merged: merging two calls makes one storage out of two, so
// their classes become one, with the flags of both. The host's snapshot does not follow; this does.
#pragma once

#include <fettle/fettle.hpp>
#include <numeric>
#include <vector>

class MergedClasses {
 public:
  explicit MergedClasses(const fettle::Graph& graph) : classes_(graph) {
    parent_.resize(classes_.count());
    std::iota(parent_.begin(), parent_.end(), 0u);
    flags_.reserve(parent_.size());
    for (std::uint32_t c = 0; c < classes_.count(); ++c) flags_.push_back(classes_.flags(c));
  }

  bool written(fettle::Value value) { return (flags_[find(value)] & FETTLE_CLASS_WRITTEN) != 0; }

  // Whether a and b may become one value: nothing is written, and no output comes to share storage
  // with an input, a weight or another output.
  bool may_merge(fettle::Value a, fettle::Value b) {
    const std::uint32_t first = flags_[find(a)], second = flags_[find(b)], both = first | second;
    if ((both & FETTLE_CLASS_WRITTEN) != 0) return false;
    if ((first & second & FETTLE_CLASS_RETURNED) != 0) return false;
    constexpr std::uint32_t kExposed = FETTLE_CLASS_INPUT | FETTLE_CLASS_RETURNED;
    const bool newly_exposed = (both & kExposed) == kExposed && (first & kExposed) != kExposed &&
                               (second & kExposed) != kExposed;
    return !newly_exposed;
  }

  void merge(fettle::Value a, fettle::Value b) {
    const std::uint32_t into = find(a), from = find(b);
    flags_[into] |= flags_[from];
    parent_[from] = into;
  }

 private:
  std::uint32_t find(fettle::Value value) {
    std::uint32_t c = classes_.of(value);
    while (parent_[c] != c) c = parent_[c] = parent_[parent_[c]];
    return c;
  }

  fettle::AliasClasses classes_;
  std::vector<std::uint32_t> parent_, flags_;
};
