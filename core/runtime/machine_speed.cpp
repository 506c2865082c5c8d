#include "runtime/machine_speed.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/executable.hpp"

namespace fettle {
namespace {

constexpr std::int64_t kSmallest = 256, kLargest = 8192;
constexpr double kLongEnough = 0.02;
constexpr std::int64_t kCopied = std::int64_t{256} << 20;
constexpr int kRuns = 5;

c10::Device available(const Device& device) {
  std::string why;
  if (device_available(device, &why)) return c10::Device(to_string(device));
  throw Error({.code = Code::device_unavailable,
               .what = "the device '" + to_string(device) + "' is not available",
               .why = std::move(why),
               .hint = "measure on the CPU, or build with a libtorch that has the device"});
}

void synchronize(const c10::Device& device) {
  if (device.is_cpu()) return;
  const auto* guard = c10::impl::getDeviceGuardImpl(device.type());
  guard->synchronizeDevice(device.has_index() ? device.index() : guard->getDevice().index());
}

template <class Fn>
double seconds_of(const c10::Device& device, Fn&& fn) {
  synchronize(device);
  const auto start = std::chrono::steady_clock::now();
  fn();
  synchronize(device);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class Fn>
double best_of_runs(const c10::Device& device, Fn&& fn) {
  double best = seconds_of(device, fn);
  for (int i = 1; i < kRuns; ++i) best = std::min(best, seconds_of(device, fn));
  return best;
}

void measure_products(const at::TensorOptions& options, MachineSpeed& speed) {
  const c10::Device device = options.device();
  for (std::int64_t size = kSmallest; size <= kLargest; size *= 2) {
    const at::Tensor a = at::ones({size, size}, options), b = at::ones({size, size}, options);
    at::Tensor out = at::empty({size, size}, options);
    const auto multiply = [&] { at::mm_out(out, a, b); };
    multiply();  // a library that is loaded, threads that are started: not measured
    const auto n = static_cast<double>(size);
    const double seconds = best_of_runs(device, multiply);
    const double reached = 2 * n * n * n / seconds;
    if (reached > speed.flops_per_second)
      speed.flops_per_second = reached, speed.matrix_size = size;
    if (seconds >= kLongEnough) return;
  }
}

void measure_copies(const c10::Device& device, MachineSpeed& speed) {
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  const at::Tensor from = at::zeros({kCopied / 4}, options);
  at::Tensor to = at::zeros({kCopied / 4}, options);  // its pages are there before the clock runs
  speed.copied_bytes = kCopied;
  speed.bytes_per_second =
      2 * static_cast<double>(kCopied) / best_of_runs(device, [&] { to.copy_(from); });
}

}  // namespace

MachineSpeed measure_machine(const Device& device, DType dtype) {
  const c10::InferenceMode inference(true);
  const c10::Device target = available(device);
  MachineSpeed speed;
  speed.dtype = dtype;
  speed.threads = at::get_num_threads();
  const auto type = scalar_type_of(dtype).value_or(c10::ScalarType::Float);
  measure_products(at::TensorOptions().device(target).dtype(type), speed);
  measure_copies(target, speed);
  return speed;
}

std::uint32_t compute_threads() {
  return static_cast<std::uint32_t>(at::get_num_threads());
}
std::string libtorch_version() {
  return TORCH_VERSION;
}

}  // namespace fettle
