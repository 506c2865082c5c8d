// Tensors across the ABI. Reading is done here, not by at::fromDLPack: what a plugin hands over is
// checked before libtorch sees it, byte_offset counts, and a deleter runs exactly once in any case.

// First: fettle.h then takes DLPack's structs from here, which libtorch's converters need.
#include <ATen/dlpack.h>

#include <ATen/DLConvertor.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "base/error.hpp"
#include "runtime/tensor_impl.hpp"
#include "ops/torch_errors.hpp"

namespace fettle {
namespace {

[[noreturn]] void unsupported(std::string why) {
  throw Error({.code = Code::tensor_unsupported,
               .what = "a DLPack tensor cannot be used",
               .why = std::move(why)});
}

void check(const DLTensor& tensor) {
  if (tensor.ndim < 0 || tensor.ndim > 64) unsupported("it has a negative or absurd rank");
  if (tensor.ndim > 0 && !tensor.shape) unsupported("it has no shape");
  if (tensor.dtype.lanes != 1) unsupported("its elements are vectors (lanes is not 1)");
  bool empty = false;
  for (std::int32_t i = 0; i < tensor.ndim; ++i) {
    if (tensor.shape[i] < 0) unsupported("it has a negative size");
    if (tensor.strides && tensor.strides[i] < 0) unsupported("it has a negative stride");
    empty = empty || tensor.shape[i] == 0;
  }
  if (!tensor.data && !empty) unsupported("its data pointer is null");
}

// The tensor over the borrowed memory; `done` runs when libtorch drops it. When this throws,
// it was not taken.
at::Tensor tensor_over(const DLTensor& tensor, std::function<void(void*)> done) {
  check(tensor);
  try {
    const at::ScalarType dtype = at::toScalarType(tensor.dtype);
    const at::Device device = at::dlDeviceToTorchDevice(
        tensor.device.device_type, static_cast<c10::DeviceIndex>(tensor.device.device_id),
        tensor.data);
    const at::IntArrayRef sizes(tensor.shape, static_cast<std::size_t>(tensor.ndim));
    std::vector<std::int64_t> strides(sizes.size(), 1);
    if (tensor.strides) {
      strides.assign(tensor.strides, tensor.strides + tensor.ndim);
    } else {
      for (std::size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
    }
    void* data = tensor.data ? static_cast<char*>(tensor.data) + tensor.byte_offset : nullptr;
    return at::from_blob(data, sizes, strides, std::move(done),
                         at::TensorOptions().dtype(dtype).device(device), device);
  } catch (const std::exception& error) {
    unsupported(first_line(error));
  }
}

struct Release {
  void operator()(DLManagedTensorVersioned* tensor) const {
    if (tensor->deleter) tensor->deleter(tensor);
  }
};

}  // namespace

Tensor Tensor::from_dlpack(const DLTensor& tensor) {
  return wrap(tensor_over(tensor, [](void*) {}).clone());
}

Tensor Tensor::adopt_dlpack(DLManagedTensorVersioned* tensor) {
  if (!tensor) unsupported("it is null");
  const std::shared_ptr<DLManagedTensorVersioned> owner(tensor, Release{});
  if (tensor->version.major != DLPACK_MAJOR_VERSION) {
    unsupported("it is of DLPack's major version " + std::to_string(tensor->version.major));
  }
  // A program may write to its inputs: what says read-only is copied.
  if ((tensor->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0) return from_dlpack(tensor->dl_tensor);
  return wrap(tensor_over(tensor->dl_tensor, [owner](void*) {}));
}

DLManagedTensorVersioned* Tensor::to_dlpack() const {
  const at::Tensor t = unwrap(*this);
  if (!t.defined()) unsupported("it is undefined");
  try {
    return at::toDLPackVersioned(t.resolve_conj().resolve_neg());
  } catch (const std::exception& error) {
    unsupported(first_line(error));
  }
}

}  // namespace fettle
