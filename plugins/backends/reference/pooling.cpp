// Pooling over windows of the last two dimensions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "call.hpp"

namespace {

struct Range {  // [from, to) along one dimension
  std::int64_t from, to;
};

// Over all planes: element(plane, its strides, rows, columns) for each output position. `range(d, o)`
// says which elements of dimension d position o covers.
template <class RangeOf, class Element>
Results pool(const Array& in, std::int64_t height, std::int64_t width, RangeOf range, Element element) {
  const std::size_t outer = in.rank() - 2;
  Sizes batch(in.sizes.begin(), in.sizes.end() - 2), steps(in.strides.begin(), in.strides.end() - 2);
  Sizes sizes = batch;
  sizes.insert(sizes.end(), {height, width});
  Array out = Array::zeros(in.dtype, sizes);
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<1>(batch, {steps}, [&](const auto& at) {
      const auto read = [&](std::int64_t y, std::int64_t x) {
        return static_cast<double>(
            in.read<T>()[at[0] + y * in.strides[outer] + x * in.strides[outer + 1]]);
      };
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          *to++ = static_cast<T>(element(read, range(0, y), range(1, x)));
        }
      }
    });
  });
  return {out};
}

constexpr auto kSum = [](const auto& read, Range rows, Range columns) {
  double sum = 0;
  for (std::int64_t y = rows.from; y < rows.to; ++y) {
    for (std::int64_t x = columns.from; x < columns.to; ++x) sum += read(y, x);
  }
  return sum;
};

std::int64_t positions(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                       std::int64_t padding, std::int64_t dilation) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

Results max_pool(const Call& call) {
  const Array& in = call.tensor(0);
  const Sizes kernel = call.integers(1, 2, 1), padding = call.integers(3, 2, 0),
              dilation = call.integers(4, 2, 1);
  const Sizes stride = call.integers(2).empty() ? kernel : call.integers(2, 2, 1);
  const std::int64_t size[] = {in.sizes[in.rank() - 2], in.sizes[in.rank() - 1]};
  const auto out = [&](std::size_t d) {
    return positions(size[d], kernel[d], stride[d], padding[d], dilation[d]);
  };
  return pool(
      in, out(0), out(1),
      [&](std::size_t d, std::int64_t o) {
        const std::int64_t from = o * stride[d] - padding[d];
        return Range{from, from + (kernel[d] - 1) * dilation[d] + 1};
      },
      [&](const auto& read, Range rows, Range columns) {
        double best = -std::numeric_limits<double>::infinity();
        for (std::int64_t y = rows.from; y < rows.to; y += dilation[0]) {
          for (std::int64_t x = columns.from; x < columns.to; x += dilation[1]) {
            if (y < 0 || y >= size[0] || x < 0 || x >= size[1]) continue;
            const double element = read(y, x);
            if (std::isnan(element) || element > best) best = element;
          }
        }
        return best;
      });
}

Results average_pool(const Call& call) {
  const Array& in = call.tensor(0);
  const Sizes kernel = call.integers(1, 2, 1), padding = call.integers(3, 2, 0);
  const Sizes stride = call.integers(2).empty() ? kernel : call.integers(2, 2, 1);
  const bool count_padding = !call.given(5) || call.flag(5);
  const std::int64_t size[] = {in.sizes[in.rank() - 2], in.sizes[in.rank() - 1]};
  const auto out = [&](std::size_t d) { return positions(size[d], kernel[d], stride[d], padding[d], 1); };
  return pool(
      in, out(0), out(1),
      [&](std::size_t d, std::int64_t o) {
        const std::int64_t from = o * stride[d] - padding[d];
        return Range{from, from + kernel[d]};
      },
      [&](const auto& read, Range rows, Range columns) {
        const auto inside = [&](std::size_t d, Range range) {
          return Range{std::max<std::int64_t>(range.from, 0), std::min(range.to, size[d])};
        };
        const Range y = inside(0, rows), x = inside(1, columns);
        const std::int64_t counted =
            count_padding ? kernel[0] * kernel[1] : (y.to - y.from) * (x.to - x.from);
        return kSum(read, y, x) / static_cast<double>(call.given(6) ? call.integer(6) : counted);
      });
}

Results adaptive_average_pool(const Call& call) {
  const Array& in = call.tensor(0);
  const Sizes wanted = call.integers(1, 2, 1);
  const std::int64_t size[] = {in.sizes[in.rank() - 2], in.sizes[in.rank() - 1]};
  return pool(
      in, wanted[0], wanted[1],
      [&](std::size_t d, std::int64_t o) {
        return Range{o * size[d] / wanted[d], ((o + 1) * size[d] + wanted[d] - 1) / wanted[d]};
      },
      [&](const auto& read, Range rows, Range columns) {
        return kSum(read, rows, columns) /
               static_cast<double>((rows.to - rows.from) * (columns.to - columns.from));
      });
}

// With ceil_mode the last window may hang over the edge: left to libtorch.
bool windows_fit(fettle::Node call) {
  return all_of_one_float(call) && rank_of(call.operand(0)) >= 3 &&
         constant_of(call, "ceil_mode", 0) == 0;
}
bool planes(fettle::Node call) { return all_of_one_float(call) && rank_of(call.operand(0)) >= 3; }

constexpr Operator kOperators[] = {
    {"aten.max_pool2d.default", windows_fit, max_pool},
    {"aten.avg_pool2d.default", windows_fit, average_pool},
    {"aten.adaptive_avg_pool2d.default", planes, adaptive_average_pool},
    {"aten._adaptive_avg_pool2d.default", planes, adaptive_average_pool},
};

}  // namespace

std::span<const Operator> pooling_operators() { return kOperators; }
