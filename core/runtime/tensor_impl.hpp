// What is behind a Tensor handle: an at::Tensor. For the folders that include libtorch alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

#include "runtime/tensor.hpp"

namespace fettle {

struct Tensor::Impl {
  at::Tensor tensor;
};

inline Tensor wrap(at::Tensor tensor) {
  return Tensor(std::make_shared<Tensor::Impl>(Tensor::Impl{std::move(tensor)}));
}
inline at::Tensor unwrap(const Tensor& tensor) {
  return tensor.defined() ? tensor.impl()->tensor : at::Tensor();
}

// A storage over the constant's own bytes, which it keeps alive; never resized. Several tensors may
// lie in it, as several constants may lie in one Storage. Where `writable`, over a private copy.
c10::Storage storage_over(const std::shared_ptr<const Storage>& bytes, bool writable);

// The tensor of that type within a storage. Throws tensor_unsupported.
at::Tensor tensor_within(const c10::Storage& storage, const Type& type);

}  // namespace fettle
