// The modes around nested graphs: gradients and autocast. Autocast is entered as torch/amp's
// autocast_mode.py does, its conditions for turning itself off included.

#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/nested_call.hpp"

namespace fettle {
namespace {

std::optional<bool> flag_of(const Argument& argument) {
  const auto* flag = std::get_if<bool>(&argument.payload);
  return flag ? std::optional<bool>(*flag) : std::nullopt;
}

c10::DeviceType device_type(const Graph& graph, const Argument& argument) {
  const auto* text = std::get_if<StringId>(&argument.payload);
  const std::string name(text ? graph.text(*text) : std::string_view());
  try {
    const c10::DeviceType type = c10::Device(name).type();
    if (at::autocast::is_autocast_available(type)) return type;
  } catch (const c10::Error&) {
  }
  throw Error({.code = Code::operator_unsupported,
               .what = "autocast is not available for the device type '" + name + "'",
               .where = "call_function higher_order.wrap_with_autocast"});
}

// A half-precision dtype, on a device that is there.
bool can_be_enabled(c10::DeviceType device, c10::ScalarType dtype) {
  if (device == c10::kCUDA) return device_available({.type = "cuda", .index = {}}, nullptr);
  return dtype == c10::kBFloat16 || dtype == c10::kHalf;
}

}  // namespace

ModeSettings mode_of(const Graph& graph, const HigherOrderCall& call, const Placement& placement) {
  ModeSettings mode;
  if (call.op->mode == HigherOrderMode::grad) {
    mode.grad = flag_of(call.settings[0]).value_or(true);
  } else if (call.op->mode == HigherOrderMode::autocast) {
    AutocastSettings settings;
    settings.device = placement.device_type(device_type(graph, call.settings[0]));
    settings.dtype = at::autocast::get_autocast_dtype(settings.device);
    if (const auto* dtype = std::get_if<std::int64_t>(&call.settings[1].payload)) {
      settings.dtype = scalar_type_of(static_cast<DType>(*dtype)).value_or(settings.dtype);
    }
    // In float64 everything is lifted: nothing is cast down.
    settings.enabled = flag_of(call.settings[2]).value_or(true) && !placement.float64() &&
                       can_be_enabled(settings.device, settings.dtype);
    settings.cache = flag_of(call.settings[3]);
    mode.autocast = settings;
  }
  return mode;
}

ModeGuard::ModeGuard(const ModeSettings& mode) {
  if (mode.grad) {
    grad_before_ = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(*mode.grad);
  }
  if (mode.autocast) enter(*mode.autocast);
}

void ModeGuard::enter(const AutocastSettings& settings) {
  const c10::DeviceType device = settings.device;
  autocast_before_ = {device, at::autocast::get_autocast_dtype(device),
                      at::autocast::is_autocast_enabled(device),
                      at::autocast::is_autocast_cache_enabled()};
  at::autocast::set_autocast_enabled(device, settings.enabled);
  at::autocast::set_autocast_dtype(device, settings.dtype);
  at::autocast::increment_nesting();
  if (settings.cache) at::autocast::set_autocast_cache_enabled(*settings.cache);
}

ModeGuard::~ModeGuard() {
  if (autocast_before_) {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(autocast_before_->device, autocast_before_->enabled);
    at::autocast::set_autocast_dtype(autocast_before_->device, autocast_before_->dtype);
    at::autocast::set_autocast_cache_enabled(autocast_before_->cache);
  }
  if (grad_before_) c10::GradMode::set_enabled(*grad_before_);
}

}  // namespace fettle
