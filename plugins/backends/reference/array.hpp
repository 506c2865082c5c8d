// A tensor within a part of a program: where its elements lie, and who keeps them alive. Views share
// memory, as nothing here writes what it was given.
#pragma once

#include <array>
#include <cstdint>
#include <fettle/cpp/tensor.hpp>
#include <memory>
#include <vector>

using Sizes = std::vector<std::int64_t>;

inline std::int64_t product(const Sizes& sizes) {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  return n;
}

struct Array {
  fettle::Dtype dtype = fettle::Dtype::unknown;
  Sizes sizes, strides;  // strides in elements
  std::shared_ptr<std::byte[]> owned;  // null: an input's memory, borrowed for the launch
  std::byte* data = nullptr;           // the first element

  static Array zeros(fettle::Dtype dtype, Sizes sizes);
  static Array borrowed(fettle::TensorView tensor);

  std::int64_t elements() const { return product(sizes); }
  std::size_t rank() const { return sizes.size(); }
  std::int64_t width() const { return fettle::dlpack_type(dtype).bits / 8; }
  template <class T>
  const T* read() const {
    return reinterpret_cast<const T*>(data);
  }
  template <class T>
  T* write() {
    return reinterpret_cast<T*>(data);
  }
};

// For every index of `sizes` in row-major order: visit(offsets), the element's offset in each of N
// tensors of these strides. A stride of 0 repeats what it runs over.
template <std::size_t N, class Visit>
void for_each_index(const Sizes& sizes, const std::array<Sizes, N>& strides, Visit visit) {
  std::array<std::int64_t, N> at{};
  Sizes index(sizes.size(), 0);
  for (std::int64_t left = product(sizes); left > 0; --left) {
    visit(at);
    for (std::size_t d = sizes.size(); d-- > 0;) {  // an odometer over the dimensions
      for (std::size_t k = 0; k < N; ++k) at[k] += strides[k][d];
      if (++index[d] < sizes[d]) break;
      for (std::size_t k = 0; k < N; ++k) at[k] -= strides[k][d] * sizes[d];
      index[d] = 0;
    }
  }
}

// Strides under which the array looks as if it had `sizes`.
Sizes broadcast_strides(const Array& array, const Sizes& sizes);
Sizes broadcast_sizes(const Sizes& a, const Sizes& b);

// A row-major copy; the array itself if it is one already.
Array contiguous(const Array& array);
Array copy_of(const Array& array);

// fn(float()) or fn(double()).
template <class Fn>
void with_float(fettle::Dtype dtype, Fn fn) {
  if (dtype == fettle::Dtype::float32) return fn(float());
  if (dtype == fettle::Dtype::float64) return fn(double());
  throw fettle::Failure("an operator met a dtype that it does not compute with");
}

// A dimension counted from the end if it is negative.
inline std::size_t dimension(std::int64_t dim, std::size_t rank) {
  return static_cast<std::size_t>(dim < 0 ? dim + static_cast<std::int64_t>(rank) : dim);
}
