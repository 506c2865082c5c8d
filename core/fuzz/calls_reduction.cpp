// Reductions, running sums, orders: over one dimension, several or all, kept or dropped; many of these
// calls have several results.
#include <algorithm>
#include <cmath>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;
using Sizes = std::vector<std::int64_t>;

constexpr double kMany = 32;  // about as many elements as one sum has

Sizes dims(ProgramBuilder& p, const Known& x) {
  Sizes dims = {p.dim(x)};
  if (p.rank(x) > 1 && p.one_in(3)) {
    const auto n = static_cast<std::int64_t>(p.rank(x));
    const std::int64_t first = (dims[0] + n) % n, other = (first + 1) % n;
    dims = p.one_in(2) ? Sizes{first, other} : Sizes{other - n, first - n};
  }
  return dims;
}

void sums(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const bool keep = p.one_in(2);
  switch (p.below(6)) {
    case 0: p.call("aten.sum.default", {x->value}, kMany * x->magnitude); break;
    case 1: p.call("aten.mean.default", {x->value}, x->magnitude); break;
    case 2: p.call("aten.sum.dim_IntList", {x->value, dims(p, *x), keep}, kMany * x->magnitude); break;
    case 3: p.call("aten.prod.dim_int", {x->value, p.dim(*x), keep}, std::pow(x->magnitude, 4)); break;
    default: p.call("aten.mean.dim", {x->value, dims(p, *x), keep}, x->magnitude);
  }
}

// mean(mean(x, a), b)
void twice(ProgramBuilder& p) {
  const auto x = p.floating(2);
  if (!x) return;
  const auto once = p.call("aten.mean.dim", {x->value, Sizes{p.dim(*x)}}, x->magnitude);
  if (once) p.call("aten.mean.dim", {once->value, Sizes{p.dim(*once)}}, x->magnitude);
}

void extremes(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const bool keep = p.one_in(2);
  switch (p.below(6)) {
    case 0: p.call("aten.amax.default", {x->value, dims(p, *x), keep}, x->magnitude); break;
    case 1: p.call("aten.amin.default", {x->value, dims(p, *x), keep}, x->magnitude); break;
    case 2: p.call("aten.max.dim", {x->value, p.dim(*x), keep}, x->magnitude); break;
    case 3: p.call("aten.min.dim", {x->value, p.dim(*x), keep}, x->magnitude); break;
    case 4: p.call("aten.argmax.default", {x->value, p.dim(*x)}, 8); break;
    default: p.call("aten.max.default", {x->value}, x->magnitude);
  }
}

void spreads(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  const double m = x->magnitude;
  switch (p.below(5)) {
    case 0: p.call("aten.var.correction", {x->value, dims(p, *x), named("correction", 0)}, m * m); break;
    case 1: p.call("aten.var_mean.correction", {x->value, Sizes{p.dim(*x)}, named("correction", 1), named("keepdim", true)}, m * m); break;
    case 2: p.call("aten.std.correction", {x->value, Sizes{p.dim(*x)}, named("correction", 0)}, m); break;
    case 3: p.call("aten.linalg_vector_norm.default", {x->value, 2, Sizes{p.dim(*x)}, p.one_in(2)}, 6 * m); break;
    default: p.call("aten.logsumexp.default", {x->value, Sizes{p.dim(*x)}, p.one_in(2)}, m + 4);
  }
}

void normalized(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  p.call(p.one_in(3) ? "aten.log_softmax.int" : "aten.softmax.int", {x->value, p.dim(*x)},
         x->magnitude + 1);
}

void running(ProgramBuilder& p) {
  const auto x = p.one_in(3) ? p.integral() : p.floating(1);
  if (!x || p.rank(*x) == 0) return;
  p.call("aten.cumsum.default", {x->value, p.dim(*x)}, kMany * x->magnitude);
}

void ordered(ProgramBuilder& p) {
  const auto x = p.floating(1);
  if (!x) return;
  switch (p.below(3)) {
    case 0: p.call("aten.sort.default", {x->value, p.dim(*x), p.one_in(2)}, std::max(x->magnitude, 8.0)); break;
    case 1: p.call("aten.topk.default", {x->value, 1, p.dim(*x)}, std::max(x->magnitude, 8.0)); break;
    default: p.call("aten.argsort.stable", {x->value, named("stable", true), named("dim", p.dim(*x))}, 8);
  }
}

void quantified(ProgramBuilder& p) {
  const auto x = p.boolean();
  if (!x) return;
  switch (p.below(4)) {
    case 0: p.call("aten.any.default", {x->value}, 1); break;
    case 1: if (p.rank(*x)) p.call("aten.all.dim", {x->value, p.dim(*x)}, 1); break;
    case 2: if (p.rank(*x)) p.call("aten.any.dim", {x->value, p.dim(*x), true}, 1); break;
    default: p.call("aten.sum.default", {x->value}, kMany);
  }
}

}  // namespace

std::span<const Proposal> reduction_calls() {
  static constexpr Proposal kCalls[] = {sums,       sums,    twice,   extremes,  extremes, spreads,
                                        normalized, running, ordered, quantified};
  return kCalls;
}

}  // namespace fettle
