// Products of matrices, and the layers of networks: with weights of the program, or with values that
// other calls made.
#include <algorithm>
#include <cmath>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;
using Sizes = std::vector<std::int64_t>;

constexpr std::int64_t kWidths[] = {1, 3, 4, 8};

InputKind some_kind(ProgramBuilder& p) {
  return p.one_in(4) ? InputKind::buffer : InputKind::parameter;
}

// The last size of a floating value as a number, above 0.
std::optional<std::int64_t> width_of(const ProgramBuilder& p, const Known& x) {
  const auto size = p.size(x, p.rank(x) - 1);
  return size && *size > 0 ? size : std::nullopt;
}

std::optional<Known> single(ProgramBuilder& p, std::size_t least, std::size_t most = 9) {
  return p.pick([&](const Known& k) {
    return p.type(k).dtype == DType::float32 && p.rank(k) >= least && p.rank(k) <= most;
  });
}

void linear(ProgramBuilder& p) {
  const auto x = single(p, 1);
  const auto in = x ? width_of(p, *x) : std::nullopt;
  if (!in) return;
  const std::int64_t out = p.one_in(2) ? *in : p.any_of(kWidths);
  const auto w = p.weight({out, *in}, some_kind(p));
  if (!w) return;
  const auto bias = p.one_in(3) ? std::nullopt : p.weight({out}, InputKind::parameter);
  const double m = x->magnitude * static_cast<double>(*in) + 1;
  p.call("aten.linear.default", {x->value, w->value, bias ? Given(bias->value) : Given(std::nullopt)}, m);
}

void product(ProgramBuilder& p) {
  const auto a = single(p, 2);
  if (!a) return;
  const Known b = p.like(*a);
  const double m = 8 * a->magnitude * b.magnitude;
  const auto turned = p.call("aten.transpose.int", {b.value, -1, -2}, b.magnitude);
  if (!turned) return;
  switch (p.rank(*a)) {
    case 2: p.call(p.one_in(2) ? "aten.mm.default" : "aten.matmul.default", {a->value, turned->value}, m); break;
    case 3: p.call(p.one_in(2) ? "aten.bmm.default" : "aten.matmul.default", {a->value, turned->value}, m); break;
    default: p.call("aten.matmul.default", {a->value, turned->value}, m);
  }
}

// addmm with a weight as Conv1D of GPT-2 has it: not transposed.
void addmm(ProgramBuilder& p) {
  const auto x = single(p, 2, 2);
  const auto in = x ? width_of(p, *x) : std::nullopt;
  if (!in) return;
  const std::int64_t out = p.one_in(2) ? *in : p.any_of(kWidths);
  const auto bias = p.weight({out}, InputKind::parameter), w = p.weight({*in, out}, some_kind(p));
  if (bias && w) p.call("aten.addmm.default", {bias->value, x->value, w->value}, x->magnitude * 8 + 1);
}

void convolution(ProgramBuilder& p) {
  const auto x = single(p, 3, 4);
  if (!x) return;
  const bool two = p.rank(*x) == 4;
  const auto channels = p.size(*x, 1);
  if (!channels || *channels == 0) return;
  Sizes kernel = {p.any_of(kWidths), *channels};
  for (std::size_t k = 2; k < p.rank(*x); ++k) kernel.push_back(p.one_in(2) ? 1 : 3);
  const auto w = p.weight(kernel, some_kind(p));
  if (!w) return;
  const auto bias = p.one_in(2) ? p.weight({kernel[0]}, InputKind::parameter) : std::nullopt;
  const Sizes padding(two ? 2 : 1, 1), stride(two ? 2 : 1, p.one_in(3) ? 2 : 1);
  const auto y = p.call(two ? "aten.conv2d.default" : "aten.conv1d.default",
                        {x->value, w->value, bias ? Given(bias->value) : Given(std::nullopt), stride, padding},
                        x->magnitude * 9 * static_cast<double>(*channels));
  if (!y || !two || p.one_in(2)) return;
  const auto scale = p.weight({kernel[0]}, InputKind::parameter), shift = p.weight({kernel[0]}, InputKind::parameter);
  const auto mean = p.weight({kernel[0]}, InputKind::buffer);
  const auto variance = mean ? p.call("aten.abs.default", {mean->value}, 1) : std::nullopt;
  if (!variance) return;
  const auto normal = p.call("aten.batch_norm.default",
                             {y->value, scale->value, shift->value, mean->value, variance->value, false, 0.1,
                              1e-5, false}, 1e3);
  if (normal && p.one_in(2)) p.call("aten.relu.default", {normal->value}, 1e3);
}

void layer_norm(ProgramBuilder& p) {
  const auto x = single(p, 1);
  const auto width = x ? width_of(p, *x) : std::nullopt;
  if (!width) return;
  const auto w = p.one_in(3) ? std::nullopt : p.weight({*width}, InputKind::parameter);
  const auto b = w && p.one_in(2) ? p.weight({*width}, InputKind::parameter) : std::nullopt;
  const Given weight = w ? Given(w->value) : Given(std::nullopt), bias = b ? Given(b->value) : Given(std::nullopt);
  const double epsilon = p.one_in(3) ? 1e-3 : 1e-5;
  if (p.one_in(4)) {
    p.call("aten.native_layer_norm.default", {x->value, Sizes{*width}, weight, bias, epsilon}, 6);
  } else {
    p.call("aten.layer_norm.default", {x->value, Sizes{*width}, weight, bias, epsilon}, 6);
  }
}

void group_norm(ProgramBuilder& p) {
  const auto x = single(p, 3);
  if (!x) return;
  const auto channels = p.size(*x, 1);
  if (channels && *channels > 0) p.call("aten.group_norm.default", {x->value, *channels % 2 ? 1 : 2}, 6);
}

void embedding(ProgramBuilder& p) {
  const auto index = p.pick([&](const Known& k) { return p.type(k).dtype == DType::int64 && p.rank(k) <= 2; });
  const auto table = index ? p.weight({5, 4}, InputKind::parameter) : std::nullopt;
  if (!table) return;
  const auto within = p.call("aten.remainder.Scalar", {index->value, 5}, 5);
  if (within) p.call("aten.embedding.default", {table->value, within->value}, 1);
}

void attention(ProgramBuilder& p) {
  const auto q = single(p, 3, 4);
  const auto width = q ? width_of(p, *q) : std::nullopt;
  if (!width) return;
  const Known k = p.like(*q), v = p.like(*q);
  std::vector<Given> given = {q->value, k.value, v.value};
  const auto length = p.size(*q, p.rank(*q) - 2);
  if (length && p.one_in(2)) {
    const auto ones = p.call("aten.full.default", {Sizes{*length, *length}, 1.0}, 1);
    const auto band = ones ? p.call("aten.tril.default", {ones->value, 0}, 1) : std::nullopt;
    const auto mask = band ? p.call("aten.gt.Scalar", {band->value, 0}, 1) : std::nullopt;
    if (!mask) return;
    given.push_back(mask->value);
  } else if (p.one_in(3)) {
    given.push_back(named("is_causal", true));
  }
  if (p.one_in(2)) given.push_back(named("scale", p.one_in(2) ? 1.0 : 0.25));
  p.call("aten.scaled_dot_product_attention.default", std::move(given), v.magnitude);
}

void pooled(ProgramBuilder& p) {
  const auto x = single(p, 4, 4);
  if (!x) return;
  switch (p.below(4)) {
    case 0: p.call("aten.max_pool2d.default", {x->value, Sizes{2, 2}}, x->magnitude); break;
    case 1: p.call("aten.max_pool2d_with_indices.default", {x->value, Sizes{2, 2}}, std::max(x->magnitude, 64.0)); break;
    case 2: p.call("aten.avg_pool2d.default", {x->value, Sizes{2, 2}}, x->magnitude); break;
    default: p.call("aten.adaptive_avg_pool2d.default", {x->value, Sizes{1, 1}}, x->magnitude);
  }
}

}  // namespace

std::span<const Proposal> layer_calls() {
  static constexpr Proposal kCalls[] = {linear,     linear,     product,   product,   addmm, convolution,
                                        layer_norm, group_norm, embedding, attention, pooled};
  return kCalls;
}

}  // namespace fettle
