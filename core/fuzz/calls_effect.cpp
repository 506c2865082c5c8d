// Writes in place, to what a call made, a view of it or a buffer, with reads before and after; and
// random draws, alike ones too.
#include <algorithm>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;

std::optional<Known> own(ProgramBuilder& p) {
  return p.pick([&](const Known& k) { return k.writable && p.is_float(k); });
}

void write(ProgramBuilder& p, const Known& x) {
  const double m = x.magnitude;
  switch (p.below(8)) {
    case 0: p.in_place("aten.add_.Tensor", {x.value, 0.5}, x, m + 0.5); break;
    case 1: p.in_place("aten.mul_.Tensor", {x.value, p.like(x).value}, x, m * m + 1); break;
    case 2: p.in_place("aten.relu_.default", {x.value}, x, m); break;
    case 3: p.in_place("aten.zero_.default", {x.value}, x, 0); break;
    case 4: p.in_place("aten.fill_.Scalar", {x.value, p.number()}, x, 10); break;
    case 5: p.in_place("aten.copy_.default", {x.value, p.like(x).value}, x, m); break;
    case 6: p.in_place("aten.clamp_.default", {x.value, -1, 1}, x, 1); break;
    default: p.in_place("aten.sub_.Tensor", {x.value, p.like(x).value, named("alpha", 2)}, x, 3 * m);
  }
}

void written(ProgramBuilder& p) {
  if (const auto x = own(p)) write(p, *x);
}

// A part of it, through a view; the whole is read before and after.
void part_written(ProgramBuilder& p) {
  const auto x = own(p);
  if (!x || p.rank(*x) == 0) return;
  if (p.one_in(2)) p.call("aten.sum.default", {x->value}, 32 * x->magnitude);
  const auto part = p.one_in(2) ? p.call("aten.select.int", {x->value, p.dim(*x), 0}, x->magnitude)
                                : p.call("aten.slice.Tensor", {x->value, p.dim(*x), 0, 2}, x->magnitude);
  if (!part) return;
  write(p, *part);
  if (p.one_in(2)) p.call("aten.sum.default", {x->value}, 32 * x->magnitude);
  if (p.one_in(2)) p.call("aten.sin.default", {x->value}, 1);
}

// Of a copy; the original is still read.
void copy_written(ProgramBuilder& p) {
  const auto x = p.floating();
  const auto copy = x ? p.call("aten.clone.default", {x->value}, x->magnitude) : std::nullopt;
  if (!copy) return;
  write(p, *copy);
  p.call("aten.add.Tensor", {x->value, p.one_in(2) ? copy->value : x->value}, 2 * x->magnitude);
}

// Read, written, read again: the two reads are alike.
void read_around_write(ProgramBuilder& p) {
  const auto x = own(p);
  if (!x) return;
  constexpr const char* kReads[] = {"aten.cos.default", "aten.relu.default", "aten.neg.default"};
  const char* read = p.any_of(kReads);
  p.call(read, {x->value}, x->magnitude + 1);
  write(p, *x);
  p.call(read, {x->value}, x->magnitude + 1);
}

// A buffer that the program changes, as running statistics and caches are.
void buffer_written(ProgramBuilder& p) {
  const auto x = p.floating(1);
  const auto sizes = x ? p.sizes(*x) : std::nullopt;
  const auto buffer = sizes ? p.weight(*sizes, InputKind::buffer) : std::nullopt;
  if (!buffer) return;
  const auto before = p.call("aten.mul.Tensor", {buffer->value, 2}, 2);
  if (before) p.call("aten.add.Tensor", {x->value, before->value}, x->magnitude + 2);
  p.in_place("aten.add_.Tensor", {buffer->value, p.one_in(2) ? 1.0 : 0.25}, *buffer, 2);
  if (p.one_in(2)) p.call("aten.mul.Tensor", {x->value, buffer->value}, x->magnitude * 2);
}

void indexed_write(ProgramBuilder& p) {
  const auto x = own(p);
  if (!x) return;
  const auto mask = p.call("aten.gt.Scalar", {x->value, 0.5}, 1);
  if (mask) p.in_place("aten.masked_fill_.Scalar", {x->value, mask->value, 0}, *x, x->magnitude);
}

void drawn(ProgramBuilder& p) {
  const auto x = p.floating();
  if (!x) return;
  const auto draw = [&]() -> std::optional<Known> {
    switch (p.below(5)) {
      case 0: return p.call("aten.rand_like.default", {x->value}, 1);
      case 1: return p.call("aten.randn_like.default", {x->value}, 4);
      case 2: return p.call("aten.dropout.default", {x->value, 0.5, true}, 2 * x->magnitude);
      case 3: {  // of nothing, libtorch's mask is of another dtype than its meta kernel says
        const auto sizes = p.sizes(*x);
        if (!sizes || std::ranges::count(*sizes, 0) > 0) return std::nullopt;
        return p.call("aten.native_dropout.default", {x->value, 0.25, true}, 2 * x->magnitude);
      }
      default: {
        const auto sizes = p.sizes(*x);
        return sizes ? p.call("aten.rand.default", {*sizes}, 1) : std::nullopt;
      }
    }
  };
  const auto one = draw();
  if (!one || !p.one_in(2)) return;
  const auto other = p.one_in(2) ? p.again() : draw();
  if (other) p.call("aten.add.Tensor", {one->value, other->value}, one->magnitude + other->magnitude);
}

}  // namespace

std::span<const Proposal> effect_calls() {
  static constexpr Proposal kCalls[] = {written,        part_written,  copy_written, read_around_write,
                                        buffer_written, indexed_write, drawn,        drawn};
  return kCalls;
}

}  // namespace fettle
