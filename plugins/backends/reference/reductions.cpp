// Many elements to one, accumulated in double in row-major order.
#include <cmath>
#include <limits>

#include "call.hpp"

namespace {

// The dimensions to reduce: those listed, or all.
std::vector<bool> reduced(const Sizes& dims, std::size_t rank) {
  std::vector<bool> marked(rank, dims.empty());
  for (const std::int64_t dim : dims) {
    if (rank > 0) marked[dimension(dim, rank)] = true;
  }
  return marked;
}

// step(accumulated, element) for each element of its output; finish(accumulated, count) at the end.
template <class Step, class Finish>
Results reduce(const Array& in, const Sizes& dims, bool keep, double start, Step step, Finish finish) {
  const std::vector<bool> gone = reduced(dims, in.rank());
  Sizes sizes = in.sizes, kept;
  for (std::size_t d = 0; d < in.rank(); ++d) {
    if (gone[d]) sizes[d] = 1;
    if (!gone[d] || keep) kept.push_back(sizes[d]);
  }
  Array out = Array::zeros(in.dtype, sizes);
  std::vector<double> sums(static_cast<std::size_t>(out.elements()), start);
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_index<2>(in.sizes, {in.strides, broadcast_strides(out, in.sizes)}, [&](const auto& at) {
      double& sum = sums[static_cast<std::size_t>(at[1])];
      sum = step(sum, static_cast<double>(in.read<T>()[at[0]]));
    });
    const double count = out.elements() == 0
                             ? 0
                             : static_cast<double>(in.elements()) / static_cast<double>(out.elements());
    T* to = out.write<T>();
    for (const double sum : sums) *to++ = static_cast<T>(finish(sum, count));
  });
  out.sizes = kept;
  out.strides = fettle::detail::row_major(kept);
  return {out};
}

constexpr auto kAdd = [](double sum, double x) { return sum + x; };
constexpr auto kAsIs = [](double sum, double) { return sum; };
constexpr auto kDivide = [](double sum, double count) { return sum / count; };
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Results sum_all(const Call& call) { return reduce(call.tensor(0), {}, false, 0, kAdd, kAsIs); }
Results mean_all(const Call& call) { return reduce(call.tensor(0), {}, false, 0, kAdd, kDivide); }
Results sum_dims(const Call& call) {
  return reduce(call.tensor(0), call.integers(1), call.flag(2), 0, kAdd, kAsIs);
}
Results mean_dims(const Call& call) {
  return reduce(call.tensor(0), call.integers(1), call.flag(2), 0, kAdd, kDivide);
}
Results amax(const Call& call) {
  return reduce(
      call.tensor(0), call.integers(1), call.flag(2), -kInfinity,
      [](double best, double x) { return std::isnan(x) || x > best ? x : best; }, kAsIs);
}
Results amin(const Call& call) {
  return reduce(
      call.tensor(0), call.integers(1), call.flag(2), kInfinity,
      [](double best, double x) { return std::isnan(x) || x < best ? x : best; }, kAsIs);
}

// Along one dimension: exp(x - max) over its sum, or the logarithm of that.
template <bool logarithm>
Results softmax(const Call& call) {
  const Array in = call.tensor(0);
  Array out = Array::zeros(in.dtype, in.sizes);
  if (in.rank() == 0) {
    with_float(in.dtype, [&](auto zero) { *out.write<decltype(zero)>() = logarithm ? 0 : 1; });
    return {out};
  }
  const std::size_t dim = dimension(call.integer(1), in.rank());
  const std::int64_t n = in.sizes[dim], step = in.strides[dim], out_step = out.strides[dim];
  Sizes others = in.sizes;
  others[dim] = n == 0 ? 0 : 1;
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_each_index<2>(others, {in.strides, out.strides}, [&](const auto& at) {
      const T* from = in.read<T>() + at[0];
      T* to = out.write<T>() + at[1];
      double largest = -kInfinity, sum = 0;
      for (std::int64_t i = 0; i < n; ++i) largest = std::fmax(largest, static_cast<double>(from[i * step]));
      for (std::int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(from[i * step]) - largest);
      for (std::int64_t i = 0; i < n; ++i) {
        const double x = static_cast<double>(from[i * step]) - largest;
        to[i * out_step] = static_cast<T>(logarithm ? x - std::log(sum) : std::exp(x) / sum);
      }
    });
  });
  return {out};
}

constexpr Operator kOperators[] = {
    {"aten.sum.default", all_of_one_float, sum_all},
    {"aten.sum.dim_IntList", all_of_one_float, sum_dims},
    {"aten.mean.default", all_of_one_float, mean_all},
    {"aten.mean.dim", all_of_one_float, mean_dims},
    {"aten.amax.default", all_of_one_float, amax},
    {"aten.amin.default", all_of_one_float, amin},
    {"aten.softmax.int", all_of_one_float, softmax<false>},
    {"aten._softmax.default", all_of_one_float, softmax<false>},
    {"aten.log_softmax.int", all_of_one_float, softmax<true>},
    {"aten._log_softmax.default", all_of_one_float, softmax<true>},
};

}  // namespace

std::span<const Operator> reduction_operators() { return kOperators; }
