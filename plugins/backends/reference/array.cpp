#include "array.hpp"

#include <algorithm>
#include <cstring>

Array Array::zeros(fettle::Dtype dtype, Sizes sizes) {
  Array made;
  made.dtype = dtype;
  made.strides = fettle::detail::row_major(sizes);
  made.sizes = std::move(sizes);
  const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(made.elements(), 1) * made.width());
  made.owned = std::make_shared<std::byte[]>(bytes);
  made.data = made.owned.get();
  return made;
}

Array Array::borrowed(fettle::TensorView tensor) {
  Array made;
  made.dtype = tensor.dtype();
  made.sizes.assign(tensor.shape().begin(), tensor.shape().end());
  const std::int64_t* strides = tensor.raw()->strides;
  made.strides = strides == nullptr ? fettle::detail::row_major(made.sizes)
                                    : Sizes(strides, strides + tensor.rank());
  made.data = const_cast<std::byte*>(tensor.data());  // only read: see the head of array.hpp
  return made;
}

Sizes broadcast_strides(const Array& array, const Sizes& sizes) {
  Sizes strides(sizes.size(), 0);
  const std::size_t ahead = sizes.size() - array.rank();
  for (std::size_t d = 0; d < array.rank(); ++d) {
    if (array.sizes[d] != 1) strides[ahead + d] = array.strides[d];
  }
  return strides;
}

Sizes broadcast_sizes(const Sizes& a, const Sizes& b) {
  Sizes sizes(std::max(a.size(), b.size()), 1);
  for (std::size_t k = 1; k <= sizes.size(); ++k) {
    const std::int64_t x = k <= a.size() ? a[a.size() - k] : 1;
    const std::int64_t y = k <= b.size() ? b[b.size() - k] : 1;
    if (x != y && x != 1 && y != 1) throw fettle::Failure("sizes that do not broadcast");
    sizes[sizes.size() - k] = x == 1 ? y : x;
  }
  return sizes;
}

Array copy_of(const Array& array) {
  Array copy = Array::zeros(array.dtype, array.sizes);
  const auto width = static_cast<std::size_t>(array.width());
  std::byte* to = copy.data;
  for_each_index<1>(array.sizes, {array.strides}, [&](const auto& at) {
    std::memcpy(to, array.data + at[0] * static_cast<std::int64_t>(width), width);
    to += width;
  });
  return copy;
}

Array contiguous(const Array& array) {
  std::int64_t dense = 1;
  for (std::size_t d = array.rank(); d-- > 0; dense *= array.sizes[d]) {
    if (array.sizes[d] != 1 && array.strides[d] != dense) return copy_of(array);
  }
  return array;
}
