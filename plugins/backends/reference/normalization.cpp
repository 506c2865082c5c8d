// Normalizations as inference computes them: statistics in double, one rounding.
#include <algorithm>
#include <cmath>

#include "call.hpp"

namespace {

struct Scale {  // weight and bias, which may be missing; element k of each
  const Array *weight, *bias;
  template <class T>
  double apply(double x, std::int64_t k) const {
    if (weight != nullptr) x *= static_cast<double>(weight->read<T>()[k * weight->strides[0]]);
    if (bias != nullptr) x += static_cast<double>(bias->read<T>()[k * bias->strides[0]]);
    return x;
  }
};

// As a row of elements: weights of several dimensions are laid out as the rows that they scale are.
Array row(const Array& array) {
  Array flat = contiguous(array);
  flat.sizes = {flat.elements()};
  flat.strides = {1};
  return flat;
}

// Over the last dimensions. Results: normalized, mean, 1 / deviation.
Results layer_norm(const Call& call) {
  const Array in = contiguous(call.tensor(0));
  const std::int64_t n = product(call.integers(1)), rows = n == 0 ? 0 : in.elements() / n;
  Array weight, bias;
  if (call.given(2)) weight = row(call.tensor(2));
  if (call.given(3)) bias = row(call.tensor(3));
  const Scale scale{call.given(2) ? &weight : nullptr, call.given(3) ? &bias : nullptr};
  const double eps = call.number(4);
  Sizes statistics = in.sizes;
  std::fill(statistics.end() - static_cast<std::ptrdiff_t>(call.integers(1).size()), statistics.end(), 1);
  Array out = Array::zeros(in.dtype, in.sizes), means = Array::zeros(in.dtype, statistics),
        scales = Array::zeros(in.dtype, statistics);
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* from = in.read<T>() + r * n;
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(from[i]);
      const double mean = sum / static_cast<double>(n);
      for (std::int64_t i = 0; i < n; ++i) squares += std::pow(static_cast<double>(from[i]) - mean, 2);
      const double inverse = 1 / std::sqrt(squares / static_cast<double>(n) + eps);
      for (std::int64_t i = 0; i < n; ++i) {
        const double x = (static_cast<double>(from[i]) - mean) * inverse;
        out.write<T>()[r * n + i] = static_cast<T>(scale.apply<T>(x, i));
      }
      means.write<T>()[r] = static_cast<T>(mean);
      scales.write<T>()[r] = static_cast<T>(inverse);
    }
  });
  return {out, means, scales};
}

Results only_first(Results results) { return {results.front()}; }

// (x - mean) / sqrt(variance + eps) * weight + bias by channel, dimension 1.
Array batch_norm(const Call& call, double eps) {
  const Array in = contiguous(call.tensor(0));
  const Scale scale{call.optional_tensor(1), call.optional_tensor(2)};
  const Array means = call.tensor(3), variances = call.tensor(4);
  const std::int64_t channels = in.sizes[1];
  const std::int64_t inner = product(Sizes(in.sizes.begin() + 2, in.sizes.end()));
  Array out = Array::zeros(in.dtype, in.sizes);
  with_float(in.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < in.elements(); ++i) {
      const std::int64_t c = i / inner % channels;
      const double mean = static_cast<double>(means.read<T>()[c * means.strides[0]]);
      const double variance = static_cast<double>(variances.read<T>()[c * variances.strides[0]]);
      const double x = (static_cast<double>(in.read<T>()[i]) - mean) / std::sqrt(variance + eps);
      out.write<T>()[i] = static_cast<T>(scale.apply<T>(x, c));
    }
  });
  return out;
}

bool batch_norm_of_inference(fettle::Node call) {
  const auto training = call.argument("training");
  if (training && (training->raw().payload != FETTLE_PAYLOAD_BOOL || training->boolean())) return false;
  for (const char* statistics : {"running_mean", "running_var"}) {
    const auto given = call.argument(statistics);
    if (!given || !given->is_value()) return false;
  }
  return all_of_one_float(call) && rank_of(call.operand(0)) >= 2;
}

constexpr Operator kOperators[] = {
    {"aten.layer_norm.default", all_of_one_float,
     [](const Call& call) { return only_first(layer_norm(call)); }},
    {"aten.native_layer_norm.default", all_of_one_float, layer_norm},
    {"aten.batch_norm.default", batch_norm_of_inference,
     [](const Call& call) { return Results{batch_norm(call, call.number(7))}; }},
    {"aten._native_batch_norm_legit_no_training.default", batch_norm_of_inference,
     [](const Call& call) {
       const fettle::Dtype dtype = call.tensor(0).dtype;  // nothing is saved for a backward
       return Results{batch_norm(call, call.number(6)), Array::zeros(dtype, {0}), Array::zeros(dtype, {0})};
     }},
};

}  // namespace

std::span<const Operator> normalization_operators() { return kOperators; }
