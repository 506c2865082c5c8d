// Views and what moves elements: sizes split, merged, permuted, sliced, padded, joined.
#include <algorithm>
#include <numeric>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;
using Sizes = std::vector<std::int64_t>;

std::optional<Known> of_rank(ProgramBuilder& p, std::size_t least) {
  return p.pick([&](const Known& k) { return p.rank(k) >= least; });
}

void reshaped(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  const auto sizes = p.sizes(*x);
  if (!sizes) {
    p.call("aten.view.default", {x->value, Sizes{-1}}, x->magnitude);
    return;
  }
  Sizes to = *sizes;
  const std::size_t at = p.below(static_cast<std::uint32_t>(to.size()));
  if (p.one_in(2) && at + 1 < to.size()) {  // two into one
    to[at] *= to[at + 1];
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  } else if (to[at] % 2 == 0 && to[at] > 0) {  // one into two
    to[at] /= 2;
    to.insert(to.begin() + static_cast<std::ptrdiff_t>(at), 2);
  } else {
    to = {-1};
  }
  constexpr const char* kOps[] = {"aten.view.default", "aten.reshape.default",
                                  "aten.reshape.default"};
  p.call(p.any_of(kOps), {x->value, to}, x->magnitude);
}

void permuted(ProgramBuilder& p) {
  const auto x = of_rank(p, 2);
  if (!x) return;
  Sizes order(p.rank(*x));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i-- > 1;) {
    std::swap(order[i], order[p.below(static_cast<std::uint32_t>(i) + 1)]);
  }
  const auto once = p.call("aten.permute.default", {x->value, order}, x->magnitude);
  if (!once || p.one_in(2)) return;
  std::rotate(order.begin(), order.begin() + 1, order.end());
  p.call("aten.permute.default", {once->value, order}, x->magnitude);
}

void transposed(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  if (p.rank(*x) == 2 && p.one_in(2)) {
    p.call("aten.t.default", {x->value}, x->magnitude);
  } else if (p.one_in(4)) {
    p.call("aten.movedim.int", {x->value, p.dim(*x), p.dim(*x)}, x->magnitude);
  } else {
    p.call("aten.transpose.int", {x->value, p.dim(*x), p.dim(*x)}, x->magnitude);
  }
}

void sliced(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  const auto bound = [&] { return static_cast<std::int64_t>(p.below(9)) - 4; };
  switch (p.below(5)) {
    case 0: p.call("aten.select.int", {x->value, p.dim(*x), p.one_in(2) ? 0 : -1}, x->magnitude); break;
    case 1: p.call("aten.slice.Tensor", {x->value, p.dim(*x), bound(), bound()}, x->magnitude); break;
    case 2: p.call("aten.slice.Tensor", {x->value, p.dim(*x), 0, std::int64_t{INT64_MAX}, 2}, x->magnitude); break;
    case 3: p.call("aten.slice.Tensor", {x->value, p.dim(*x), -static_cast<std::int64_t>(1 + p.below(4)), p.one_in(2) ? -1 : std::int64_t{INT64_MAX}}, x->magnitude); break;
    default: p.call("aten.narrow.default", {x->value, p.dim(*x), 0, 1}, x->magnitude);
  }
}

void squeezed(ProgramBuilder& p) {
  const auto x = p.any();
  if (!x) return;
  const auto n = static_cast<std::int64_t>(p.rank(*x));
  switch (p.below(4)) {
    case 0: {
      const std::int64_t dim = static_cast<std::int64_t>(p.below(static_cast<std::uint32_t>(2 * n + 2))) - n - 1;
      p.call("aten.unsqueeze.default", {x->value, dim}, x->magnitude);
      break;
    }
    case 1: if (n) p.call("aten.squeeze.dim", {x->value, p.dim(*x)}, x->magnitude); break;
    case 2: p.call("aten.squeeze.default", {x->value}, x->magnitude); break;
    default: if (n) p.call("aten.squeeze.dims", {x->value, Sizes{p.dim(*x)}}, x->magnitude);
  }
}

void expanded(ProgramBuilder& p) {
  const auto x = p.any();
  if (!x) return;
  auto sizes = p.sizes(*x);
  if (!sizes) return;
  if (p.one_in(2)) {
    for (std::int64_t& size : *sizes) size = size == 1 ? 3 : p.one_in(2) ? -1 : size;
    if (p.one_in(2)) sizes->insert(sizes->begin(), 2);
    p.call("aten.expand.default", {x->value, *sizes}, x->magnitude);
  } else {
    Sizes times(sizes->size() + p.below(2), 1);
    if (times.empty()) return;
    times[p.below(static_cast<std::uint32_t>(times.size()))] = 2;
    p.call("aten.repeat.default", {x->value, times}, x->magnitude);
  }
}

void flattened(ProgramBuilder& p) {
  const auto x = of_rank(p, 2);
  if (!x) return;
  p.call("aten.flatten.using_ints", {x->value, static_cast<std::int64_t>(p.below(2)), -1}, x->magnitude);
}

void split(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  const std::int64_t dim = p.dim(*x);
  const auto size = p.size(*x, static_cast<std::size_t>(dim < 0 ? dim + static_cast<std::int64_t>(p.rank(*x)) : dim));
  if (!size || *size < 2 || *size > 8) return;
  const std::size_t before = p.known().size();
  switch (p.below(4)) {
    case 0: p.call("aten.unbind.int", {x->value, dim}, x->magnitude); break;
    case 1: p.call("aten.chunk.default", {x->value, 2, dim}, x->magnitude); break;
    case 2: p.call("aten.split_with_sizes.default", {x->value, Sizes{1, *size - 1}, dim}, x->magnitude); break;
    default: p.call("aten.split.Tensor", {x->value, 1 + *size / 2, dim}, x->magnitude);
  }
  const std::size_t parts = p.known().size() - before;
  if (parts < 2 || p.one_in(2)) return;
  std::vector<ValueId> pieces;
  for (std::size_t k = 0; k < parts; ++k) pieces.push_back(p.known()[before + k].value);
  if (p.one_in(2)) std::ranges::reverse(pieces);
  p.call(p.one_in(2) ? "aten.cat.default" : "aten.stack.default", {pieces, 0}, x->magnitude);
}

void joined(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  const Known y = p.like(*x);
  p.call(p.one_in(2) ? "aten.cat.default" : "aten.stack.default",
         {std::vector<ValueId>{x->value, y.value}, p.dim(*x)}, std::max(x->magnitude, y.magnitude));
}

void moved(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  if (!x) return;
  const std::int64_t dim = p.dim(*x);
  switch (p.below(7)) {
    case 0: p.call("aten.flip.default", {x->value, Sizes{dim}}, x->magnitude); break;
    case 1: p.call("aten.roll.default", {x->value, Sizes{1}, Sizes{dim}}, x->magnitude); break;
    case 2: p.call("aten.constant_pad_nd.default", {x->value, Sizes{1, 0}, p.number()}, x->magnitude + 10); break;
    case 3: p.call("aten.tril.default", {x->value, static_cast<std::int64_t>(p.below(3)) - 1}, x->magnitude); break;
    case 4: p.call("aten.triu.default", {x->value, 1}, x->magnitude); break;
    case 5: p.call("aten.diagonal.default", {x->value}, x->magnitude); break;
    default: p.call("aten.repeat_interleave.self_int", {x->value, 2, dim}, x->magnitude);
  }
}

// Elements by index; indices are brought into range, whatever computed them.
void indexed(ProgramBuilder& p) {
  const auto x = of_rank(p, 1);
  auto index = p.pick([&](const Known& k) { return p.type(k).dtype == DType::int64 && p.rank(k) <= 2; });
  if (!x || !index) return;
  const std::int64_t dim = p.one_in(2) ? 0 : -1;
  const auto size = p.size(*x, dim == 0 ? 0 : p.rank(*x) - 1);
  if (!size || *size == 0) return;
  index = p.call("aten.remainder.Scalar", {index->value, *size}, static_cast<double>(*size));
  if (!index) return;
  switch (p.below(4)) {
    case 0:
      if (p.rank(*index) > 1) return;
      p.call("aten.index_select.default", {x->value, dim, index->value}, x->magnitude); break;
    case 1: p.call("aten.gather.default", {x->value, dim, index->value}, x->magnitude); break;
    case 2:
      if (dim == 0) p.call("aten.index.Tensor", {x->value, std::vector<std::optional<ValueId>>{index->value}}, x->magnitude);
      break;
    default:
      if (const auto source = p.floating()) p.call("aten.scatter.src", {x->value, dim, index->value, source->value}, x->magnitude);
  }
}

}  // namespace

std::span<const Proposal> shape_calls() {
  static constexpr Proposal kCalls[] = {reshaped, reshaped, permuted, permuted,  transposed,
                                        sliced,   sliced,   squeezed, squeezed,  expanded,
                                        flattened, split,   joined,   moved,     indexed};
  return kCalls;
}

}  // namespace fettle
