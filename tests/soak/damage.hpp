// Damage at random, each a function of the generator alone: the same seed damages alike.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../archive/small_archive.hpp"

namespace fettle::soak {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}
template <class Range>
const auto& one_of(Random& random, const Range& range) {
  return range[below(random, std::size(range))];
}

// Some bytes changed, lost, repeated or replaced by one of `tokens`.
void damage_text(Random& random, std::string& text, const std::vector<std::string_view>& tokens);

// An archive of these records with its bytes, zip headers, records or JSON damaged.
std::string damaged_archive(Random& random, test::Records records);

}  // namespace fettle::soak
