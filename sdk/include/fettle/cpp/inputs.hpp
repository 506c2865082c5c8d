// Input sets to run a program on: the stored samples, and seeded random ones made like them.
//
// A random set keeps what a sample says about valid inputs: integers stay within the sample's
// smallest and largest (so that they remain valid indices), floats get its mean and spread,
// booleans are drawn, and what is no tensor is taken over. The numbers depend on the seed alone, on
// every machine alike.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "fettle/cpp/element.hpp"
#include "fettle/cpp/program.hpp"

namespace fettle {
inline namespace sdk {

// splitmix64: a small generator with reproducible streams.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  double normal() {                                                         // Box-Muller
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

namespace detail __attribute__((visibility("hidden"))) {

  struct Spread {  // of a sample's elements
    double mean = 0, deviation = 1;
    std::int64_t low = 0, high = 1;
  };

  inline Spread spread_of(TensorView sample) {
    Spread spread;
    const Dtype dtype = sample.dtype();
    double sum = 0, squares = 0;
    std::int64_t finite = 0;
    spread.low = std::numeric_limits<std::int64_t>::max();
    spread.high = std::numeric_limits<std::int64_t>::min();
    const bool floating = is_floating(dtype) || is_complex(dtype);
    sample.for_each_element([&](std::int64_t, const std::byte* at) {
      if (floating) {
        const double x = decode(dtype, at);
        if (!std::isfinite(x)) return;
        sum += x, squares += x * x, ++finite;
      } else {
        const std::int64_t x = decode_integer(dtype, at);
        spread.low = x < spread.low ? x : spread.low;
        spread.high = x > spread.high ? x : spread.high;
      }
    });
    if (spread.low > spread.high) spread.low = spread.high = 0;
    if (finite > 0) {
      spread.mean = sum / static_cast<double>(finite);
      const double variance = squares / static_cast<double>(finite) - spread.mean * spread.mean;
      spread.deviation = variance > 0 ? std::sqrt(variance) : 0;
    }
    return spread;
  }

  inline void put_integer(Dtype dtype, std::int64_t value, std::byte * at) {
    const std::size_t width =
        dlpack_type(dtype).bits / 8u;  // little-endian, as everywhere torch runs
    std::memcpy(at, &value, width);
  }

  // A tensor like the sample, strides included, with drawn elements.
  inline Tensor random_like(TensorView sample, Random & random) {
    const Dtype dtype = sample.dtype(), part = component_dtype(dtype);
    Tensor tensor = Tensor::copy_of(sample);
    const Spread spread = spread_of(sample);
    const std::int64_t part_bytes = dlpack_type(part).bits / 8;
    const auto range =
        static_cast<std::uint64_t>(spread.high) - static_cast<std::uint64_t>(spread.low) + 1;
    tensor.view().for_each_element([&](std::int64_t, const std::byte* element) {
      auto* at = const_cast<std::byte*>(element);  // this tensor is ours
      if (dtype == Dtype::boolean) {
        *at = static_cast<std::byte>(random.next() & 1u);
      } else if (is_floating(part)) {
        for (std::int64_t offset = 0; offset < sample.element_bytes(); offset += part_bytes)
          if (!encode(part, spread.mean + spread.deviation * random.normal(), at + offset))
            throw Failure(FETTLE_E_UNSUPPORTED,
                          std::string("no random ") + dtype_name(dtype) + " inputs can be made",
                          false);
      } else {
        const std::uint64_t offset = range == 0 ? random.next() : random.next() % range;
        put_integer(dtype, static_cast<std::uint64_t>(spread.low) + offset, at);
      }
    });
    return tensor;
  }

  // A tensor of the recorded type to draw from, for programs without samples.
  inline std::optional<Tensor> stand_in(const Type& type) {
    if (!type.is_tensor() || dtype_name(type.dtype()) == std::string_view("unknown"))
      return std::nullopt;
    std::vector<std::int64_t> shape;
    for (const fettle_dim& dim : type.sizes()) {
      if (dim.expression.size != 0 && dim.has_hint == 0) return std::nullopt;
      shape.push_back(dim.value);
    }
    return Tensor::zeros(type.dtype(), shape);
  }

}  // namespace )

// Random inputs like the program's sample number `set` (modulo their count). Without samples: from
// the recorded types; floats are standard normal then, and integers zero.
inline Data random_inputs(const Program& program, std::uint64_t seed, std::uint64_t set) {
  const std::size_t samples = program.sample_count();
  Data inputs(program.input_count());
  if (samples != 0) inputs = program.sample_inputs(set % samples);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    Random random(seed * 0x2545f4914f6cdd1dull + set * 0x9e3779b97f4a7c15ull + k);
    random.next();
    if (samples != 0) {
      if (inputs.is_tensor(k)) inputs.set(k, detail::random_like(inputs.tensor(k), random));
      continue;
    }
    std::optional<Tensor> stand_in = detail::stand_in(program.type(program.input(k).type));
    if (!stand_in)
      throw Failure(FETTLE_E_UNSUPPORTED,
                    "input " + std::to_string(k) +
                        " has no sample, and its type does not say enough to make one up",
                    false);
    const Dtype dtype = stand_in->view().dtype();
    if (is_floating(dtype)) {
      const std::int64_t width = stand_in->view().element_bytes();
      for (std::int64_t i = 0; i < stand_in->view().elements(); ++i)
        if (!detail::encode(dtype, random.normal(), stand_in->data() + i * width)) break;
    }
    inputs.set(k, std::move(*stand_in));
  }
  return inputs;
}

// What a benchmark runs a program on: its first sample, or made-up inputs where there is none.
inline Data representative_inputs(const Program& program) {
  return program.sample_count() != 0 ? program.sample_inputs(0) : random_inputs(program, 0, 0);
}

}  // namespace sdk
}  // namespace fettle
