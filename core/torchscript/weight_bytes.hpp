// A module's tensors as constants of a graph: over libtorch's own bytes, without a copy. Tensors that
// share a storage share a Storage, so that tied weights stay tied.
#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>

#include "graph/constants.hpp"

namespace fettle {

class WeightBytes {
 public:
  // Throws tensor_unsupported for what is not strided, on the CPU and of a dtype that export writes.
  TensorData data_of(const at::Tensor& tensor);

 private:
  std::unordered_map<const c10::StorageImpl*, std::shared_ptr<const Storage>> storages_;
};

}  // namespace fettle
