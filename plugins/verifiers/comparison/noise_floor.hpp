// One element held against the noise that the original's dtype makes, and what else compare.cpp
// shares with that.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "compare.hpp"

// The elements in row-major order without gaps; copied only where they are not.
class Dense {
 public:
  explicit Dense(fettle::TensorView tensor) {
    if (tensor.elements() == 0) return;
    if (tensor.contiguous()) {
      data_ = tensor.data();
      return;
    }
    const auto width = static_cast<std::size_t>(tensor.element_bytes());
    copy_.resize(static_cast<std::size_t>(tensor.bytes()));
    tensor.for_each_element([&](std::int64_t i, const std::byte* at) {
      std::memcpy(copy_.data() + static_cast<std::size_t>(i) * width, at, width);
    });
    data_ = copy_.data();
  }
  const std::byte* data() const { return data_; }

 private:
  const std::byte* data_ = nullptr;
  std::vector<std::byte> copy_;
};

// The error of one element, and what is allowed there. An infinite error never passes.
struct ElementError {
  double error = 0, allowed = 0;
  bool passed = true;
};

// What is no number, or an infinity, must be that on both sides; else nothing.
inline std::optional<ElementError> special_error(double expected, double actual) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::isnan(expected) || std::isnan(actual)) {
    const bool both = std::isnan(expected) && std::isnan(actual);
    return ElementError{both ? 0 : kInfinity, 0, both};
  }
  if (std::isinf(expected) || std::isinf(actual)) {
    const bool same = expected == actual;
    return ElementError{same ? 0 : kInfinity, 0, same};
  }
  return std::nullopt;
}

// What the original says in float64, and how far it is from that in its own dtype.
class NoiseFloor {
 public:
  // Not usable: another shape, no floating numbers, float64 all the way (there is no noise then), or a
  // float64 run that went another way (what it says is then about another computation).
  NoiseFloor(const Rule& rule, fettle::TensorView original);

  bool usable() const { return usable_; }
  // Of finite numbers. Nothing where float64 overflows and the original does not: its own rounding, of a
  // divisor say, is what kept it finite.
  std::optional<ElementError> error(std::uint64_t i, double original, double actual) const;

 private:
  double at(std::uint64_t i) const;
  bool measure(fettle::TensorView original, fettle::Dtype part);

  double factor_, epsilon_ = 0, rms_ = 0;
  bool usable_ = false;
  std::optional<Dense> dense_;
};
