// Input sets to run a program on: the stored samples, and seeded random ones made like them.
//
// A random set keeps what a sample says about valid inputs: integers stay within the sample's
// smallest and largest (so that they remain valid indices), floats get its mean and spread,
// booleans are drawn, and what is no tensor is taken over. The numbers depend on the seed alone, on
// every machine alike.
//
// Dynamic sizes are drawn, too: set 0 has the smallest that the program was exported for, set 1 the
// largest whose tensors stay within a budget, others lie between. Sizes that share a symbol agree,
// and ranges and guards hold. A program may refuse a draw all the same, on data that nobody could
// know; draw again with another `attempt`.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>

#include "fettle/cpp/element.hpp"
#include "fettle/cpp/program.hpp"
#include "fettle/cpp/shapes.hpp"

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

  struct Distribution {  // of a sample's elements
    double mean = 0, deviation = 1;
    std::int64_t low = 0, high = 1;
  };

  inline Distribution distribution_of(TensorView sample) {
    Distribution spread;
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

  // Fills a tensor of ours with elements drawn as the sample's are spread. `below`: integers stay
  // below it where the sample's smallest does.
  inline void fill(TensorView tensor, const Distribution& spread, std::int64_t below, Random& random) {
    const Dtype dtype = tensor.dtype(), part = component_dtype(dtype);
    const std::int64_t part_bytes = dlpack_type(part).bits / 8;
    const std::int64_t high = spread.low < below ? std::min(spread.high, below - 1) : spread.high;
    const auto range =
        static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(spread.low) + 1;
    tensor.for_each_element([&](std::int64_t, const std::byte* element) {
      auto* at = const_cast<std::byte*>(element);
      if (dtype == Dtype::boolean) {
        *at = static_cast<std::byte>(random.next() & 1u);
      } else if (is_floating(part)) {
        for (std::int64_t offset = 0; offset < tensor.element_bytes(); offset += part_bytes)
          if (!encode(part, spread.mean + spread.deviation * random.normal(), at + offset))
            throw Failure(FETTLE_E_UNSUPPORTED,
                          std::string("no random ") + dtype_name(dtype) + " inputs can be made",
                          false);
      } else {
        const std::uint64_t offset = range == 0 ? random.next() : random.next() % range;
        put_integer(dtype, static_cast<std::int64_t>(static_cast<std::uint64_t>(spread.low) + offset),
                    at);
      }
    });
  }

  // The type's sizes under these values; nothing where they do not determine them.
  inline std::optional<std::vector<std::int64_t>> shape_of(const Type& type, const Shapes& shapes,
                                                           const SymbolValues& values) {
    std::vector<std::int64_t> shape;
    for (const fettle_dim& dim : type.sizes()) {
      const std::optional<std::int64_t> size = shapes.size(dim, values);
      if (!size) return std::nullopt;
      shape.push_back(*size);
    }
    return shape;
  }

  // Values that symbols can take in a draw: from the smallest of the export to the largest whose
  // tensors take no more than a few times what they took there.
  struct SizeLimits {
    SymbolValues low, high, hint;
  };
  inline SizeLimits limits_of(const Shapes& shapes) {
    constexpr std::int64_t kBudget = std::int64_t{16} << 20, kTimes = 4, kAtLeast = 16;
    SizeLimits limits;
    for (const Dynamic& symbol : shapes.symbols()) {
      const std::int64_t low = std::max<std::int64_t>(symbol.low.value_or(1), 0);
      const std::int64_t hint = symbol.hint.value_or(low);
      const std::int64_t far = hint > (std::int64_t{1} << 40) ? hint : kTimes * hint;
      std::int64_t high = std::max({far, low + kAtLeast});
      if (symbol.high) high = std::min(high, *symbol.high);
      limits.low[symbol.name] = low;
      limits.hint[symbol.name] = hint;
      limits.high[symbol.name] = std::max(high, low);
    }
    if (limits.low.empty()) return limits;
    const std::int64_t most = std::max(kBudget, kTimes * shapes.tensor_bytes(limits.hint));
    for (int round = 0; round < 64 && shapes.tensor_bytes(limits.high) > most; ++round)
      for (auto& [name, high] : limits.high) high -= (high - limits.low[name] + 1) / 2;
    return limits;
  }

  inline SymbolValues draw_between(const SizeLimits& limits, Random& random) {
    SymbolValues values;
    for (const auto& [name, low] : limits.low) {
      const auto span = static_cast<std::uint64_t>(limits.high.at(name) - low) + 1;
      values[name] = low + static_cast<std::int64_t>(random.next() % span);
    }
    return values;
  }

  // Seeded, and checked: the sizes of set number `set`, of the first two sets the ends where these
  // are asked for. Where nothing drawn fits, those of the export.
  inline SymbolValues draw_sizes(const Shapes& shapes, Random& random, std::uint64_t set, bool ends) {
    constexpr int kNear = 16, kDraws = 200;
    const SizeLimits limits = limits_of(shapes);
    if (limits.low.empty()) return {};
    if (ends && set < 2) {  // the ends, or what lies next to them
      for (int step = 0; step < kNear; ++step) {
        SymbolValues values = set == 0 ? limits.low : limits.high;
        for (auto& [name, value] : values)
          value = std::clamp(set == 0 ? value + step : value - step, limits.low.at(name),
                             limits.high.at(name));
        if (shapes.fit(values)) return values;
      }
    }
    for (int draw = 0; draw < kDraws; ++draw) {
      SymbolValues values = draw_between(limits, random);
      if (shapes.fit(values)) return values;
    }
    return limits.hint;
  }

  inline bool same_shape(TensorView tensor, const std::vector<std::int64_t>& shape) {
    return std::ranges::equal(tensor.shape(), shape);
  }

}  // namespace )

struct RandomSet {
  Data inputs;
  SymbolValues sizes;  // what dynamic sizes were drawn; empty: there are none
};

// Random inputs like the program's sample number `set` (modulo their count). Without samples: from
// the recorded types; floats are standard normal then, booleans drawn, and integers zero in attempt 0,
// 0..3 in 1, -8..8 in 2, 0..1 in 3. Another `attempt` draws anew; of sizes, the ends are drawn in
// attempt 0, and without samples in 2, too.
inline RandomSet random_set(const Program& program, std::uint64_t seed, std::uint64_t set,
                            std::uint64_t attempt = 0) {
  // Each number hashed by the one before: streams that begin a constant apart overlap.
  std::uint64_t stream = seed;
  for (const std::uint64_t part : {set, attempt}) stream = Random(stream).next() + part;
  stream = Random(stream).next();
  const Shapes shapes(program);
  Random size_random(~stream);
  RandomSet result;
  const std::size_t samples = program.sample_count();
  const bool first_attempt = attempt == 0 || (samples == 0 && attempt == 2);
  result.sizes = detail::draw_sizes(shapes, size_random, set, first_attempt);
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const auto& [name, value] : result.sizes) smallest = std::min(smallest, value);
  // A second draw supposes that integers are indices into what a dynamic size measures.
  const std::int64_t below = attempt % 2 == 1 && smallest > 0
                                 ? smallest
                                 : std::numeric_limits<std::int64_t>::max();
  Data inputs(program.input_count());
  if (samples != 0) inputs = program.sample_inputs(set % samples);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    Random random(Random(stream + k).next());
    const Type type = program.type(program.input(k).type);
    if (type.raw().kind == FETTLE_TYPE_SYM_INT && type.raw().scalar != nullptr) {
      const auto number = shapes.size(*type.raw().scalar, result.sizes);
      if (number && (samples == 0 || type.raw().scalar->expression.size != 0))
        inputs.set(k, *number);
      continue;
    }
    if (samples != 0 && !inputs.is_tensor(k)) continue;
    const bool typed =
        type.is_tensor() && dtype_name(type.dtype()) != std::string_view("unknown");
    const auto shape = typed ? detail::shape_of(type, shapes, result.sizes) : std::nullopt;
    detail::Distribution spread;
    Tensor tensor;
    if (samples != 0) {
      spread = detail::distribution_of(inputs.tensor(k));
      tensor = !shape || detail::same_shape(inputs.tensor(k), *shape)
                   ? Tensor::copy_of(inputs.tensor(k))  // strides included
                   : Tensor::zeros(inputs.tensor(k).dtype(), *shape);
    } else if (shape) {
      // Zero is a valid index anywhere; further draws try more.
      constexpr std::int64_t kHigh[] = {0, 3, 8, 1};
      spread.high = kHigh[attempt % 4];
      spread.low = attempt % 4 == 2 ? -8 : 0;
      tensor = Tensor::zeros(type.dtype(), *shape);
    } else {
      throw Failure(FETTLE_E_UNSUPPORTED,
                    "input " + std::to_string(k) +
                        " has no sample, and its type does not say enough to make one up",
                    false);
    }
    if (tensor.view().dtype() != Dtype::unknown)
      detail::fill(tensor.view(), spread, below, random);
    inputs.set(k, std::move(tensor));
  }
  result.inputs = std::move(inputs);
  return result;
}

// Numbers that formulas go wrong on: what is right for any other may not be for these.
enum class EdgeKind : std::uint8_t { zeros, negative_zeros, denormals, large, infinities, nans };
inline constexpr EdgeKind kEdgeKinds[] = {EdgeKind::zeros, EdgeKind::negative_zeros,
                                          EdgeKind::denormals, EdgeKind::large,
                                          EdgeKind::infinities, EdgeKind::nans};
inline const char* edge_name(EdgeKind kind) {
  constexpr const char* kNames[] = {"zeros", "negative zeros", "denormals", "large numbers",
                                    "infinities", "NaN"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace detail __attribute__((visibility("hidden"))) {

  // Of the element that was drawn, or instead of it. Infinities and NaN are among ordinary numbers, as
  // nothing else would be seen of a program that mixes elements.
  inline double edge_number(EdgeKind kind, Dtype part, double drawn, Random& random) {
    const bool half = part == Dtype::float16;
    const bool one_of_four = random.next() % 4 == 0;
    switch (kind) {
      case EdgeKind::zeros:
        return 0.0;
      case EdgeKind::negative_zeros:
        return -0.0;
      case EdgeKind::denormals:
        return drawn * (half ? 0x1p-20 : part == Dtype::float64 ? 0x1p-1060 : 0x1p-140);
      case EdgeKind::large:
        return drawn * (half ? 0x1p10 : part == Dtype::float64 ? 0x1p900 : 0x1p110);
      case EdgeKind::infinities:
        return one_of_four ? std::copysign(std::numeric_limits<double>::infinity(), drawn) : drawn;
      case EdgeKind::nans:
        return one_of_four ? std::numeric_limits<double>::quiet_NaN() : drawn;
    }
    return drawn;
  }

}  // namespace )

// How the floating numbers of a set are spread. What is right for numbers near one may be wrong for
// small and large ones; ties and bounds are met by integers, cancellation far from zero.
enum class Spread : std::uint8_t { drawn, magnitudes, integers, shifted };
inline constexpr Spread kSpreads[] = {Spread::drawn, Spread::magnitudes, Spread::integers,
                                      Spread::shifted};
inline const char* spread_name(Spread spread) {
  constexpr const char* kNames[] = {"as drawn", "magnitudes from 1e-3 to 1e3", "small integers",
                                    "around 1000"};
  return kNames[static_cast<std::size_t>(spread)];
}

namespace detail __attribute__((visibility("hidden"))) {

  inline double spread_number(Spread spread, double drawn, Random& random) {
    switch (spread) {
      case Spread::drawn:
        return drawn;
      case Spread::magnitudes:  // log-uniform, of both signs
        return std::copysign(std::pow(10.0, 6.0 * random.uniform() - 3.0), drawn);
      case Spread::integers:
        return static_cast<double>(random.next() % 17) - 8.0;
      case Spread::shifted:
        return 1000.0 + drawn;
    }
    return drawn;
  }

  // element = number(dtype, element) for all floating ones; false: there are none.
  template <class Number>
  bool replace_floats(Data& values, Number number) {
    bool any = false;
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!values.is_tensor(k)) continue;
      const TensorView tensor = values.tensor(k);
      const Dtype part = component_dtype(tensor.dtype());
      if (!is_floating(part) || !can_decode(part)) continue;
      any = true;
      const std::int64_t width = dlpack_type(part).bits / 8;
      tensor.for_each_element([&](std::int64_t, const std::byte* element) {
        auto* at = const_cast<std::byte*>(element);
        for (std::int64_t offset = 0; offset < tensor.element_bytes(); offset += width)
          encode(part, number(part, decode(part, at + offset)), at + offset);
      });
    }
    return any;
  }

}  // namespace )

// A random set whose floating numbers are spread like this.
inline RandomSet spread_set(const Program& program, std::uint64_t seed, std::uint64_t set,
                            std::uint64_t attempt, Spread spread) {
  RandomSet made = random_set(program, seed, set, attempt);
  Random random(Random(seed + set).next() + attempt);
  if (spread != Spread::drawn)
    detail::replace_floats(made.inputs, [&](Dtype, double drawn) {
      return detail::spread_number(spread, drawn, random);
    });
  return made;
}

// A random set whose floating tensors are made of such numbers; nothing if the program takes none.
// `attempt`: as for random_set.
inline std::optional<RandomSet> edge_set(const Program& program, std::uint64_t seed, EdgeKind kind,
                                         std::uint64_t attempt = 0) {
  RandomSet set = random_set(program, seed, 2, attempt);
  Random random(seed + static_cast<std::uint64_t>(kind));
  const bool any = detail::replace_floats(set.inputs, [&](Dtype part, double drawn) {
    return detail::edge_number(kind, part, drawn, random);
  });
  if (!any) return std::nullopt;
  return set;
}

// Fills a tensor of ours with standard normal numbers.
inline void fill_normal(TensorView tensor, Random& random) {
  detail::fill(tensor, {}, std::numeric_limits<std::int64_t>::max(), random);
}

inline Data random_inputs(const Program& program, std::uint64_t seed, std::uint64_t set) {
  return random_set(program, seed, set).inputs;
}

// What a benchmark runs a program on: its first sample, or made-up inputs where there is none.
inline Data representative_inputs(const Program& program) {
  return program.sample_count() != 0 ? program.sample_inputs(0) : random_inputs(program, 0, 0);
}

}  // namespace sdk
}  // namespace fettle
