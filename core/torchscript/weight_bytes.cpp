#include "torchscript/weight_bytes.hpp"

#include "base/error.hpp"
#include "runtime/tensor_impl.hpp"

namespace fettle {

TensorData WeightBytes::data_of(const at::Tensor& tensor) {
  TensorData data;
  data.type = wrap(tensor).type();
  if (data.type.dtype == DType::unknown || data.type.layout != Layout::strided ||
      !tensor.device().is_cpu()) {
    throw Error({.code = Code::tensor_unsupported,
                 .what = "a tensor of dtype " + std::string(c10::toString(tensor.scalar_type())) +
                         " cannot be stored as a weight",
                 .why = "weights are plain strided tensors on the CPU"});
  }
  auto& storage = storages_[tensor.storage().unsafeGetStorageImpl()];
  if (!storage) {
    auto held = std::make_shared<c10::Storage>(tensor.storage());
    auto bytes = std::make_shared<Storage>();
    bytes->data = static_cast<const std::byte*>(held->data());
    bytes->size = held->nbytes();
    bytes->owner = std::move(held);
    storage = std::move(bytes);
  }
  data.storage = storage;
  return data;
}

}  // namespace fettle
