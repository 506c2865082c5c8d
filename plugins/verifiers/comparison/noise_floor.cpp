#include "noise_floor.hpp"

#include <cmath>
#include <cstring>

namespace {

double epsilon_of(fettle::Dtype part) {
  switch (part) {
    case fettle::Dtype::float64:
      return 0x1p-52;
    case fettle::Dtype::float32:
      return 0x1p-23;
    case fettle::Dtype::float16:
      return 0x1p-10;
    case fettle::Dtype::bfloat16:
      return 0x1p-7;
    default:
      return 0x1p-2;
  }
}

}  // namespace

NoiseFloor::NoiseFloor(const Rule& rule, fettle::TensorView original) : factor_(rule.factor) {
  const fettle::Dtype part = fettle::component_dtype(original.dtype());
  if (rule.truth == nullptr || rule.truth->kind != FETTLE_DATUM_TENSOR) return;
  if (!fettle::is_floating(part)) return;
  const fettle::TensorView truth(&rule.truth->tensor->dl_tensor);
  if (fettle::component_dtype(truth.dtype()) != fettle::Dtype::float64) return;
  if (shape_text(truth) != shape_text(original)) return;
  epsilon_ = epsilon_of(part);
  dense_.emplace(truth);
  usable_ = measure(original, part) && (part != fettle::Dtype::float64 || rms_ > 0);
}

std::optional<ElementError> NoiseFloor::error(std::uint64_t i, double original, double actual) const {
  const double truth = at(i);
  if (!std::isfinite(truth)) return std::nullopt;
  const double noise = std::fmax(rms_ + epsilon_ * std::fabs(truth), std::fabs(original - truth));
  const double error = std::fabs(actual - truth);
  return ElementError{error, factor_ * noise, error <= factor_ * noise};
}

double NoiseFloor::at(std::uint64_t i) const {
  double value;
  std::memcpy(&value, dense_->data() + i * sizeof value, sizeof value);
  return value;
}

bool NoiseFloor::measure(fettle::TensorView original, fettle::Dtype part) {
  constexpr double kMostNoise = 0.25;  // of the values' own size
  const Dense dense(original);
  const std::size_t width = fettle::dlpack_type(part).bits / 8u;
  const std::uint64_t parts = fettle::is_complex(original.dtype()) ? 2 : 1;
  const auto n = static_cast<std::uint64_t>(original.elements()) * parts;
  double noise = 0, size = 0;
  std::uint64_t finite = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = fettle::decode(part, dense.data() + i * width), truth = at(i);
    if (!std::isfinite(x) || !std::isfinite(truth)) continue;
    noise += (x - truth) * (x - truth);
    size += truth * truth;
    ++finite;
  }
  if (finite == 0) return false;
  rms_ = std::sqrt(noise / static_cast<double>(finite));
  return std::isfinite(rms_) && noise <= kMostNoise * kMostNoise * size;
}
