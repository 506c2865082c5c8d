// What moves elements or looks at them in another order. Views share memory inside a part.
#include <algorithm>
#include <cstring>

#include "call.hpp"

namespace {

Array with_sizes(const Array& in, Sizes sizes) {
  Array out = contiguous(in);
  const std::int64_t elements = out.elements();
  std::int64_t known = 1;
  for (const std::int64_t size : sizes) known *= size < 0 ? 1 : size;
  for (std::int64_t& size : sizes) {
    if (size < 0) size = known == 0 ? 0 : elements / known;  // -1: what is left
  }
  out.strides = fettle::detail::row_major(sizes);
  out.sizes = std::move(sizes);
  return out;
}

Results reshape(const Call& call) { return {with_sizes(call.tensor(0), call.integers(1))}; }

Results flatten(const Call& call) {
  const Array& in = call.tensor(0);
  if (in.rank() == 0) return {with_sizes(in, {1})};
  const std::size_t first = dimension(call.given(1) ? call.integer(1) : 0, in.rank());
  const std::size_t last = dimension(call.given(2) ? call.integer(2) : -1, in.rank());
  Sizes sizes(in.sizes.begin(), in.sizes.begin() + static_cast<std::ptrdiff_t>(first));
  std::int64_t merged = 1;
  for (std::size_t d = first; d <= last; ++d) merged *= in.sizes[d];
  sizes.push_back(merged);
  sizes.insert(sizes.end(), in.sizes.begin() + static_cast<std::ptrdiff_t>(last) + 1, in.sizes.end());
  return {with_sizes(in, sizes)};
}

Results permute(const Call& call) {
  const Array& in = call.tensor(0);
  Array out = in;
  const Sizes order = call.integers(1);
  for (std::size_t d = 0; d < order.size(); ++d) {
    const std::size_t from = dimension(order[d], in.rank());
    out.sizes[d] = in.sizes[from];
    out.strides[d] = in.strides[from];
  }
  return {out};
}

Array swapped(Array array, std::size_t a, std::size_t b) {
  std::swap(array.sizes[a], array.sizes[b]);
  std::swap(array.strides[a], array.strides[b]);
  return array;
}
Results transpose(const Call& call) {
  const Array& in = call.tensor(0);
  if (in.rank() == 0) return {in};
  return {swapped(in, dimension(call.integer(1), in.rank()), dimension(call.integer(2), in.rank()))};
}
Results t(const Call& call) {
  return {call.tensor(0).rank() < 2 ? call.tensor(0) : swapped(call.tensor(0), 0, 1)};
}

Results unsqueeze(const Call& call) {
  Array out = call.tensor(0);
  const auto at = static_cast<std::ptrdiff_t>(dimension(call.integer(1), out.rank() + 1));
  out.sizes.insert(out.sizes.begin() + at, 1);
  out.strides.insert(out.strides.begin() + at, 1);
  return {out};
}
Results squeeze(const Call& call) {
  Array out = call.tensor(0);
  if (out.rank() == 0) return {out};
  const std::size_t dim = dimension(call.integer(1), out.rank());
  if (out.sizes[dim] != 1) return {out};
  out.sizes.erase(out.sizes.begin() + static_cast<std::ptrdiff_t>(dim));
  out.strides.erase(out.strides.begin() + static_cast<std::ptrdiff_t>(dim));
  return {out};
}

Results expand(const Call& call) {
  const Array& in = call.tensor(0);
  Sizes sizes = call.integers(1);
  const std::size_t ahead = sizes.size() - in.rank();
  for (std::size_t d = 0; d < in.rank(); ++d) {
    if (sizes[ahead + d] < 0) sizes[ahead + d] = in.sizes[d];  // -1: as it is
  }
  Array out = in;
  out.strides = broadcast_strides(in, sizes);
  out.sizes = std::move(sizes);
  return {out};
}

Results slice(const Call& call) {
  Array out = call.tensor(0);
  const std::size_t dim = dimension(call.given(1) ? call.integer(1) : 0, out.rank());
  const std::int64_t size = out.sizes[dim], step = call.given(4) ? call.integer(4) : 1;
  const auto position = [&](std::size_t k, std::int64_t otherwise) {
    std::int64_t at = call.given(k) ? call.integer(k) : otherwise;
    if (at < 0) at += size;
    return std::clamp<std::int64_t>(at, 0, size);
  };
  const std::int64_t from = position(2, 0), to = std::max(position(3, size), from);
  out.data += from * out.strides[dim] * out.width();
  out.sizes[dim] = (to - from + step - 1) / step;
  out.strides[dim] *= step;
  return {out};
}

Results select(const Call& call) {
  Array out = call.tensor(0);
  const std::size_t dim = dimension(call.integer(1), out.rank());
  const std::int64_t index = call.integer(2);
  out.data += (index < 0 ? index + out.sizes[dim] : index) * out.strides[dim] * out.width();
  out.sizes.erase(out.sizes.begin() + static_cast<std::ptrdiff_t>(dim));
  out.strides.erase(out.strides.begin() + static_cast<std::ptrdiff_t>(dim));
  return {out};
}

Results as_it_is(const Call& call) { return {call.tensor(0)}; }

Results cat(const Call& call) {
  const std::vector<const Array*> parts = call.tensors(0);
  const auto legacy = [](const Array* a) { return a->rank() == 1 && a->sizes[0] == 0; };
  const auto shown = std::find_if_not(parts.begin(), parts.end(), legacy);
  if (shown == parts.end()) return {*parts.front()};
  Sizes sizes = (*shown)->sizes;
  const std::size_t dim = dimension(call.given(1) ? call.integer(1) : 0, sizes.size());
  sizes[dim] = 0;
  for (const Array* part : parts) sizes[dim] += legacy(part) ? 0 : part->sizes[dim];
  Array out = Array::zeros((*shown)->dtype, sizes);
  const std::int64_t width = out.width();
  std::int64_t at_dim = 0;
  for (const Array* part : parts) {
    if (legacy(part)) continue;
    std::byte* to = out.data + at_dim * out.strides[dim] * width;
    for_each_index<2>(part->sizes, {part->strides, out.strides}, [&](const auto& at) {
      std::memcpy(to + at[1] * width, part->data + at[0] * width, static_cast<std::size_t>(width));
    });
    at_dim += part->sizes[dim];
  }
  return {out};
}

// Rows of a matrix, picked by number.
Results embedding(const Call& call) {
  const Array &table = call.tensor(0), &numbers = call.tensor(1);
  Sizes sizes = numbers.sizes;
  sizes.push_back(table.sizes[1]);
  Array out = Array::zeros(table.dtype, sizes);
  const std::int64_t width = out.width();
  std::byte* to = out.data;
  for_each_index<1>(numbers.sizes, {numbers.strides}, [&](const auto& at) {
    const std::int64_t row = numbers.dtype == fettle::Dtype::int64
                                 ? numbers.read<std::int64_t>()[at[0]]
                                 : numbers.read<std::int32_t>()[at[0]];
    if (row < 0 || row >= table.sizes[0]) throw fettle::Failure("embedding: an index out of range");
    for (std::int64_t k = 0; k < table.sizes[1]; ++k, to += width) {
      std::memcpy(to, table.data + (row * table.strides[0] + k * table.strides[1]) * width,
                  static_cast<std::size_t>(width));
    }
  });
  return {out};
}

bool looks_up_floats(fettle::Node call) {
  constexpr std::uint32_t kTable[] = {0};
  if (!of_one_float(call, kTable) || rank_of(call.operand(0)) != 2) return false;
  const fettle::Dtype numbers = dtype_of(call.operand(1));
  return numbers == fettle::Dtype::int64 || numbers == fettle::Dtype::int32;
}
bool does_not_drop(fettle::Node call) {
  return all_of_one_float(call) && constant_of(call, "train", 1) == 0;
}

constexpr Operator kOperators[] = {
    {"aten.view.default", all_of_one_float, reshape},
    {"aten.reshape.default", all_of_one_float, reshape},
    {"aten._unsafe_view.default", all_of_one_float, reshape},
    {"aten.flatten.using_ints", all_of_one_float, flatten},
    {"aten.permute.default", all_of_one_float, permute},
    {"aten.transpose.int", all_of_one_float, transpose},
    {"aten.t.default", all_of_one_float, t},
    {"aten.unsqueeze.default", all_of_one_float, unsqueeze},
    {"aten.squeeze.dim", all_of_one_float, squeeze},
    {"aten.expand.default", all_of_one_float, expand},
    {"aten.slice.Tensor", all_of_one_float, slice},
    {"aten.select.int", all_of_one_float, select},
    {"aten.clone.default", all_of_one_float, as_it_is},
    {"aten.contiguous.default", all_of_one_float, as_it_is},
    {"aten.dropout.default", does_not_drop, as_it_is},
    {"aten.cat.default", all_of_one_float, cat},
    {"aten.embedding.default", looks_up_floats, embedding},
};

}  // namespace

std::span<const Operator> movement_operators() { return kOperators; }
