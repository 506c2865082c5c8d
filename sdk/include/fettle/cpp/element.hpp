// Elements of tensors as numbers: decoding for verifiers, encoding for made-up inputs.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>

#include "fettle/cpp/tensor.hpp"

namespace fettle {
inline namespace sdk {

namespace detail __attribute__((visibility("hidden"))) {

  // Small floating formats: 1 sign bit, then exponent and mantissa; no infinities means that only
  // the all-ones pattern is NaN (e4m3fn).
  template <int kExponent, int kMantissa, bool kInfinities>
  double decode_minifloat(std::uint32_t bits) {
    constexpr int kBias = (1 << (kExponent - 1)) - 1;
    const std::uint32_t mantissa = bits & ((1u << kMantissa) - 1);
    const std::uint32_t exponent = (bits >> kMantissa) & ((1u << kExponent) - 1);
    const bool negative = (bits >> (kExponent + kMantissa) & 1u) != 0;
    const bool top = exponent == (1u << kExponent) - 1;
    double value;
    if (top && kInfinities)
      value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                            : std::numeric_limits<double>::quiet_NaN();
    else if (top && mantissa == (1u << kMantissa) - 1)
      value = std::numeric_limits<double>::quiet_NaN();
    else if (exponent == 0)
      value = std::ldexp(mantissa, 1 - kBias - kMantissa);
    else
      value =
          std::ldexp(mantissa + (1u << kMantissa), static_cast<int>(exponent) - kBias - kMantissa);
    return negative ? -value : value;
  }

  template <class T>
  T load(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

}  // namespace )

// An element as a double. Complex numbers: the real part; the imaginary one lies half an element
// further and is read as an element of component_dtype. Formats without a decoder give NaN
// (can_decode tells).
inline bool can_decode(Dtype dtype) {
  return dtype != Dtype::unknown && dtype != Dtype::float8_e4m3fnuz &&
         dtype != Dtype::float8_e5m2fnuz && dtype != Dtype::float8_e8m0fnu;
}
inline Dtype component_dtype(Dtype dtype) {
  switch (dtype) {
    case Dtype::complex32:
      return Dtype::float16;
    case Dtype::complex64:
      return Dtype::float32;
    case Dtype::complex128:
      return Dtype::float64;
    default:
      return dtype;
  }
}
inline double decode(Dtype dtype, const std::byte* at) {
  using detail::load;
  switch (component_dtype(dtype)) {
    case Dtype::float32:
      return load<float>(at);
    case Dtype::float64:
      return load<double>(at);
    case Dtype::float16:
      return detail::decode_minifloat<5, 10, true>(load<std::uint16_t>(at));
    case Dtype::bfloat16:
      return detail::decode_minifloat<8, 7, true>(load<std::uint16_t>(at));
    case Dtype::float8_e5m2:
      return detail::decode_minifloat<5, 2, true>(load<std::uint8_t>(at));
    case Dtype::float8_e4m3fn:
      return detail::decode_minifloat<4, 3, false>(load<std::uint8_t>(at));
    case Dtype::boolean:
      return load<std::uint8_t>(at) != 0 ? 1 : 0;
    case Dtype::uint8:
      return load<std::uint8_t>(at);
    case Dtype::uint16:
      return load<std::uint16_t>(at);
    case Dtype::uint32:
      return load<std::uint32_t>(at);
    case Dtype::uint64:
      return static_cast<double>(load<std::uint64_t>(at));
    case Dtype::int8:
      return load<std::int8_t>(at);
    case Dtype::int16:
      return load<std::int16_t>(at);
    case Dtype::int32:
      return load<std::int32_t>(at);
    case Dtype::int64:
      return static_cast<double>(load<std::int64_t>(at));
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

// An element of an integer dtype or bool; of uint64 the bits.
inline std::int64_t decode_integer(Dtype dtype, const std::byte* at) {
  if (dtype == Dtype::int64 || dtype == Dtype::uint64) return detail::load<std::int64_t>(at);
  return static_cast<std::int64_t>(decode(dtype, at));
}

namespace detail __attribute__((visibility("hidden"))) {

  // Rounds to nearest for float32 and float64, towards zero for the 16-bit formats. False: no
  // encoder.
  inline bool encode(Dtype dtype, double value, std::byte* at) {
    const auto put = [at](auto typed) { std::memcpy(at, &typed, sizeof typed); };
    switch (dtype) {
      case Dtype::float32:
        put(static_cast<float>(value));
        return true;
      case Dtype::float64:
        put(value);
        return true;
      case Dtype::bfloat16: {
        const auto single = static_cast<float>(value);
        std::uint32_t bits;
        std::memcpy(&bits, &single, sizeof bits);
        put(static_cast<std::uint16_t>(bits >> 16));
        return true;
      }
      case Dtype::float16: {
        const double magnitude = std::fmin(std::fabs(value), 65504.0);
        std::uint32_t bits = 0;
        int exponent = 0;
        if (magnitude >= 0x1p-14) {
          const double fraction = std::frexp(magnitude, &exponent);  // [0.5, 1)
          bits = static_cast<std::uint32_t>(exponent + 14) << 10 |
                 (static_cast<std::uint32_t>(std::ldexp(fraction, 11)) & 0x3ffu);
        } else {
          bits = static_cast<std::uint32_t>(std::ldexp(magnitude, 24));
        }
        put(static_cast<std::uint16_t>(bits | (value < 0 ? 0x8000u : 0u)));
        return true;
      }
      default:
        return false;
    }
  }

}  // namespace )
}  // namespace sdk
}  // namespace fettle
