#include "runtime/devices.hpp"

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "base/error.hpp"
#include "ops/torch_errors.hpp"

namespace fettle {
namespace {

std::optional<c10::Device> parsed(const Device& device) {
  try {
    return c10::Device(to_string(device));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// The accelerator that the program was exported on, else the CPU.
c10::Device exported_device(const Graph& graph) {
  for (std::uint32_t i = 0; i < graph.types().size(); ++i) {
    const Type& type = graph.types().type(TypeId(i));
    if (type.kind != TypeKind::tensor) continue;
    const auto device = parsed(type.device);
    if (device && !device->is_cpu() && !device->is_meta()) return *device;
  }
  return c10::Device(c10::kCPU);
}

bool same_place(const c10::Device& a, const c10::Device& b) {
  return a.type() == b.type() && (a.index() == b.index() || !a.has_index() || !b.has_index());
}

}  // namespace

Device device_of(const c10::Device& device) {
  Device result;
  result.type = c10::DeviceTypeName(device.type(), /*lower_case=*/true);
  if (device.has_index()) result.index = device.index();
  return result;
}

bool device_available(const Device& device, std::string* why) {
  const auto refuse = [&](std::string reason) {
    if (why) *why = std::move(reason);
    return false;
  };
  const auto wanted = parsed(device);
  if (!wanted) return refuse("libtorch knows no device '" + to_string(device) + "'");
  if (wanted->is_meta()) return refuse("meta tensors have no values to compute with");
  if (wanted->is_cpu()) return true;
  if (!c10::impl::hasDeviceGuardImpl(wanted->type())) {
    return refuse("this libtorch was built without " + device.type);
  }
  const auto count = c10::impl::getDeviceGuardImpl(wanted->type())->deviceCount();
  if (count == 0) return refuse("no " + device.type + " device was found");
  if (wanted->has_index() && wanted->index() >= count) {
    return refuse("there are " + std::to_string(count) + " " + device.type + " devices");
  }
  return true;
}

Placement::Placement(const Graph& graph, const CompileOptions& options)
    : exported_(exported_device(graph)), float64_(options.float64) {
  std::string why;
  if (!device_available(options.device, &why)) {
    throw Error({.code = Code::device_unavailable,
                 .what = "the device '" + to_string(options.device) + "' is not available",
                 .why = std::move(why),
                 .hint = "run on the CPU, or build with a libtorch that has the device"});
  }
  target_ = *parsed(options.device);
}

c10::Device Placement::device(const Device& recorded) const {
  const auto device = parsed(recorded);
  if (!device) {
    throw Error({.code = Code::device_unavailable,
                 .what = "the program names the device '" + to_string(recorded) + "'",
                 .why = "libtorch knows no such device"});
  }
  if (device->is_meta()) return *device;
  return target_.is_cpu() || same_place(*device, exported_) ? target_ : *device;
}

c10::ScalarType Placement::dtype(c10::ScalarType recorded) const {
  if (!float64_) return recorded;
  if (c10::isComplexType(recorded)) return c10::ScalarType::ComplexDouble;
  return c10::isFloatingType(recorded) ? c10::ScalarType::Double : recorded;
}

at::Tensor Placement::place(const at::Tensor& tensor, const Device& recorded) const {
  const c10::Device where = device(recorded);
  const c10::ScalarType dtype_there = dtype(tensor.scalar_type());
  if (same_place(tensor.device(), where) && tensor.scalar_type() == dtype_there) return tensor;
  return tensor.to(at::TensorOptions().device(where).dtype(dtype_there));
}

}  // namespace fettle
