// What models write out by hand, as several calls: where rewrites find their patterns, and their
// near-misses.
#include <algorithm>
#include <cmath>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;
using Sizes = std::vector<std::int64_t>;

// softmax(q k^T * scale + mask) v
void attention_by_hand(ProgramBuilder& p) {
  const auto q = p.pick([&](const Known& k) { return p.is_float(k) && p.rank(k) >= 2; });
  if (!q) return;
  const Known k = p.like(*q), v = p.like(*q);
  const auto turned = p.call("aten.transpose.int", {k.value, -2, -1}, k.magnitude);
  auto scores = turned ? p.call("aten.matmul.default", {q->value, turned->value}, 8 * q->magnitude * k.magnitude)
                       : std::nullopt;
  if (scores && !p.one_in(3)) {
    scores = p.one_in(2) ? p.call("aten.mul.Tensor", {scores->value, 0.5}, scores->magnitude)
                         : p.call("aten.div.Tensor", {scores->value, 2.0}, scores->magnitude);
  }
  if (scores && p.one_in(3)) {
    const auto band = p.call("aten.ones_like.default", {scores->value, named("dtype", DType::boolean)}, 1);
    const auto mask = band ? p.call("aten.triu.default", {band->value, 1}, 1) : std::nullopt;
    if (mask) scores = p.call("aten.masked_fill.Scalar", {scores->value, mask->value, -1e4}, 1e4);
  }
  const auto weights = scores ? p.call("aten.softmax.int", {scores->value, -1}, 1) : std::nullopt;
  if (weights) p.call("aten.matmul.default", {weights->value, v.value}, v.magnitude);
}

// (x - mean) / sqrt(var + epsilon), and RMS norm
void norm_by_hand(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const bool centred = p.one_in(2);
  std::optional<Known> y = x;
  if (centred) {
    const auto mean = p.call("aten.mean.dim", {x->value, Sizes{-1}, true}, x->magnitude);
    if (mean) y = p.call("aten.sub.Tensor", {x->value, mean->value}, 2 * x->magnitude);
  }
  if (!y) return;
  const auto square = p.call("aten.pow.Tensor_Scalar", {y->value, 2}, y->magnitude * y->magnitude);
  const auto mean = square ? p.call("aten.mean.dim", {square->value, Sizes{-1}, true}, square->magnitude) : std::nullopt;
  const auto shifted = mean ? p.call("aten.add.Tensor", {mean->value, 1e-5}, mean->magnitude) : std::nullopt;
  const auto factor = shifted ? p.call("aten.rsqrt.default", {shifted->value}, 300) : std::nullopt;
  if (factor) p.call("aten.mul.Tensor", {y->value, factor->value}, 6);
}

// x / (sum |x| + epsilon)
void ratio(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const auto size = p.call("aten.abs.default", {x->value}, x->magnitude);
  const auto sum = size ? p.call("aten.sum.dim_IntList", {size->value, Sizes{-1}, true}, 8 * x->magnitude) : std::nullopt;
  const auto shifted = sum ? p.call("aten.add.Tensor", {sum->value, 1e-6}, sum->magnitude) : std::nullopt;
  if (shifted) p.call("aten.div.Tensor", {x->value, shifted->value}, 1);
}

// x * sigmoid(x); x * 0.5 * (1 + erf(x / sqrt 2))
void activation_by_hand(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  if (p.one_in(2)) {
    const auto gate = p.call("aten.sigmoid.default", {x->value}, 1);
    if (gate) p.call("aten.mul.Tensor", {x->value, gate->value}, x->magnitude);
    return;
  }
  const auto half = p.call("aten.mul.Tensor", {x->value, 0.5}, x->magnitude);
  const auto scaled = p.call("aten.mul.Tensor", {x->value, 0.7071067811865476}, x->magnitude);
  const auto erf = scaled ? p.call("aten.erf.default", {scaled->value}, 1) : std::nullopt;
  const auto shifted = erf ? p.call("aten.add.Tensor", {erf->value, 1}, 2) : std::nullopt;
  if (half && shifted) p.call("aten.mul.Tensor", {half->value, shifted->value}, x->magnitude);
}

// x + (round(x) - x).detach(): the straight-through estimator
void quantized(ProgramBuilder& p) {
  const auto x = p.floating();
  const auto rounded = x ? p.call("aten.round.default", {x->value}, x->magnitude) : std::nullopt;
  const auto rest = rounded ? p.call("aten.sub.Tensor", {rounded->value, x->value}, 1) : std::nullopt;
  const auto stopped = rest ? p.call("aten.detach.default", {rest->value}, 1) : std::nullopt;
  if (stopped) p.call("aten.add.Tensor", {x->value, stopped->value}, x->magnitude + 1);
}

// A large mean over a small spread: where digits cancel.
void offset_spread(ProgramBuilder& p) {
  const auto x = p.floating(1);
  const auto shifted = x ? p.call("aten.add.Tensor", {x->value, 10}, x->magnitude + 10) : std::nullopt;
  if (shifted) p.call("aten.var.correction", {shifted->value, Sizes{-1}, named("correction", 0)}, x->magnitude * x->magnitude);
}

// Sums of many, of numbers of half precision.
void accumulated(ProgramBuilder& p) {
  const auto x = p.pick([&](const Known& k) { return p.is_float(k) && p.rank(k) >= 1 && k.magnitude < 1e3; });
  auto total = x ? p.call("aten._to_copy.default", {x->value, named("dtype", DType::bfloat16)}, x->magnitude) : std::nullopt;
  const auto low = total;
  total = total ? p.call("aten._to_copy.default", {total->value, named("dtype", DType::float32)}, x->magnitude) : std::nullopt;
  for (int k = 0; total && k < 3; ++k) {
    const auto again = p.call("aten._to_copy.default", {low->value, named("dtype", DType::float32)}, x->magnitude);
    total = again ? p.call("aten.add.Tensor", {total->value, again->value}, total->magnitude + x->magnitude) : std::nullopt;
  }
  if (total) p.call("aten._to_copy.default", {total->value, named("dtype", DType::bfloat16)}, total->magnitude);
}

// Positions: a range, added to or looked up by.
void positions(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const bool dynamic = !p.size(*x, 0) && p.depth() == 1;
  const auto last = static_cast<std::int64_t>(p.rank(*x)) - 1;
  const auto width = p.size(*x, dynamic ? 0 : p.rank(*x) - 1);
  const auto size = dynamic ? p.size_value(*x, 0) : std::nullopt;
  if (dynamic ? !size : !width || *width == 0) return;
  auto range = p.call("aten.arange.default", {dynamic ? Given(*size) : Given(*width)}, 256);
  for (std::int64_t d = 0; dynamic && range && d < last; ++d) {
    range = p.call("aten.unsqueeze.default", {range->value, -1}, 256);
  }
  if (range) p.call("aten.add.Tensor", {x->value, range->value}, x->magnitude + 256);
}

// Two reads of one product with 1 or 0, or sums with 0: what "simplifies" away.
void neutral(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  const auto y = p.one_in(2) ? p.call("aten.mul.Tensor", {x->value, p.one_in(2) ? 1 : 0}, x->magnitude)
                             : p.call("aten.add.Tensor", {x->value, 0}, x->magnitude);
  if (y && p.one_in(2)) p.call("aten.reciprocal.default", {y->value}, 1e3);
  if (y && p.one_in(2)) p.call("aten.add.Tensor", {y->value, x->value}, 2 * x->magnitude);
}

}  // namespace

std::span<const Proposal> idioms() {
  static constexpr Proposal kCalls[] = {attention_by_hand, norm_by_hand, ratio, activation_by_hand, quantized,
                                        offset_spread,     accumulated,  positions, neutral};
  return kCalls;
}

}  // namespace fettle
