// Convolutions of one and two dimensions, straight from their definition: each output element one sum
// in double over its channels and window. One dimension is two of which the first is 1.
#include "call.hpp"

namespace {

struct Window {
  Sizes stride, padding, dilation;  // of two dimensions
};

Sizes of_two(Sizes given, std::int64_t first) {
  if (given.size() == 1) given.insert(given.begin(), first);
  return given;
}
Array with_height(Array array) {  // [n, c, w] as [n, c, 1, w]
  if (array.rank() == 3) {
    array.sizes.insert(array.sizes.begin() + 2, 1);
    array.strides.insert(array.strides.begin() + 2, 0);
  }
  return array;
}

// The sum of one output element, within a group's channels.
template <class T>
double sum_at(const Array& in, const Array& weight, const Window& window, const std::int64_t* out_at,
              std::int64_t first_channel) {
  const std::int64_t n = out_at[0], m = out_at[1];
  double sum = 0;
  for (std::int64_t c = 0; c < weight.sizes[1]; ++c) {
    const T* plane = in.read<T>() + n * in.strides[0] + (first_channel + c) * in.strides[1];
    const T* kernel = weight.read<T>() + m * weight.strides[0] + c * weight.strides[1];
    for (std::int64_t i = 0; i < weight.sizes[2]; ++i) {
      const std::int64_t y = out_at[2] * window.stride[0] - window.padding[0] + i * window.dilation[0];
      if (y < 0 || y >= in.sizes[2]) continue;
      for (std::int64_t j = 0; j < weight.sizes[3]; ++j) {
        const std::int64_t x = out_at[3] * window.stride[1] - window.padding[1] + j * window.dilation[1];
        if (x < 0 || x >= in.sizes[3]) continue;
        sum += static_cast<double>(plane[y * in.strides[2] + x * in.strides[3]]) *
               static_cast<double>(kernel[i * weight.strides[2] + j * weight.strides[3]]);
      }
    }
  }
  return sum;
}

Results convolve(const Call& call, std::int64_t groups) {
  const bool line = call.tensor(0).rank() == 3;
  const std::size_t dims = line ? 1 : 2;
  const Array in = with_height(call.tensor(0)), weight = with_height(call.tensor(1));
  const Array* bias = call.optional_tensor(2);
  const Window window{of_two(call.integers(3, dims, 1), 1), of_two(call.integers(4, dims, 0), 0),
                      of_two(call.integers(5, dims, 1), 1)};
  Sizes sizes{in.sizes[0], weight.sizes[0]};
  for (std::size_t d = 0; d < 2; ++d) {
    const std::int64_t covered = window.dilation[d] * (weight.sizes[2 + d] - 1) + 1;
    sizes.push_back((in.sizes[2 + d] + 2 * window.padding[d] - covered) / window.stride[d] + 1);
  }
  Array out = Array::zeros(in.dtype, sizes);
  const std::int64_t outputs_in_group = weight.sizes[0] / groups;
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    std::int64_t at[4];
    for (at[0] = 0; at[0] < sizes[0]; ++at[0]) {
      for (at[1] = 0; at[1] < sizes[1]; ++at[1]) {
        const double added =
            bias == nullptr ? 0 : static_cast<double>(bias->read<T>()[at[1] * bias->strides[0]]);
        const std::int64_t first_channel = at[1] / outputs_in_group * weight.sizes[1];
        for (at[2] = 0; at[2] < sizes[2]; ++at[2]) {
          for (at[3] = 0; at[3] < sizes[3]; ++at[3]) {
            *to++ = static_cast<T>(sum_at<T>(in, weight, window, at, first_channel) + added);
          }
        }
      }
    }
  });
  if (line) out.sizes.erase(out.sizes.begin() + 2);
  out.strides = fettle::detail::row_major(out.sizes);
  return {out};
}

bool has_batch(fettle::Node call) {
  const std::size_t rank = rank_of(call.operand(0));
  return all_of_one_float(call) && (rank == 3 || rank == 4) && rank_of(call.operand(1)) == rank;
}
bool line(fettle::Node call) { return has_batch(call) && rank_of(call.operand(0)) == 3; }
bool plane(fettle::Node call) { return has_batch(call) && rank_of(call.operand(0)) == 4; }
bool not_transposed(fettle::Node call) {
  return has_batch(call) && constant_of(call, "transposed", 1) == 0;
}

Results conv(const Call& call) { return convolve(call, call.given(6) ? call.integer(6) : 1); }
Results convolution(const Call& call) { return convolve(call, call.integer(8)); }

constexpr Operator kOperators[] = {
    {"aten.conv1d.default", line, conv},
    {"aten.conv2d.default", plane, conv},
    {"aten.convolution.default", not_transposed, convolution},
};

}  // namespace

std::span<const Operator> convolution_operators() { return kOperators; }
