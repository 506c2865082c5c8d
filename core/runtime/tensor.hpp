// A tensor, without torch in sight: a shared handle on an at::Tensor, for those parts of the host
// that pass tensors around but do not compute with them. Copying a handle shares the storage.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "fettle/fettle.h"
#include "graph/constants.hpp"
#include "graph/types.hpp"

namespace fettle {

class Tensor {
 public:
  Tensor() = default;  // undefined

  // Shares the constant's bytes where `writable` is false (the storage stays alive with the tensor);
  // copies them otherwise, so that a program that mutates a buffer cannot change the archive.
  static Tensor from_constant(const TensorData& data, bool writable);
  // Copies: the DLTensor is borrowed for the call. Throws tensor_unsupported for what torch cannot hold.
  static Tensor from_dlpack(const DLTensor& tensor);
  // Takes over: the deleter runs when the last handle is gone.
  static Tensor adopt_dlpack(DLManagedTensorVersioned* tensor);
  // A new reference for the receiver, who calls its deleter exactly once.
  DLManagedTensorVersioned* to_dlpack() const;

  bool defined() const { return impl_ != nullptr; }
  Type type() const;                   // sizes, strides, dtype, device as plain numbers
  TensorData to_constant() const;      // a contiguous copy on the CPU
  Tensor to_cpu() const;
  std::span<const std::byte> bytes() const;  // contiguous CPU tensors only
  bool shares_storage(const Tensor& other) const;

  struct Impl;  // holds the at::Tensor; defined in runtime/tensor_impl.hpp for this folder alone
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace fettle
