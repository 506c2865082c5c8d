// Tensors and scalars across the boundary, each tensor's ownership given up exactly once.
#pragma once

#include <vector>

#include "host/context.hpp"
#include "runtime/executable.hpp"

namespace fettle {

// Owns a DLPack tensor until it is handed over.
class OwnedTensor {
 public:
  explicit OwnedTensor(DLManagedTensorVersioned* tensor = nullptr) : tensor_(tensor) {}
  OwnedTensor(OwnedTensor&& other) noexcept : tensor_(std::exchange(other.tensor_, nullptr)) {}
  OwnedTensor& operator=(OwnedTensor&& other) noexcept {
    std::swap(tensor_, other.tensor_);
    return *this;
  }
  ~OwnedTensor() {
    if (tensor_ && tensor_->deleter) tensor_->deleter(tensor_);
  }
  DLManagedTensorVersioned* get() const { return tensor_; }
  DLManagedTensorVersioned* release() { return std::exchange(tensor_, nullptr); }

 private:
  DLManagedTensorVersioned* tensor_;
};

// Values as an array of data. Owned by this object until handed over as a whole, so that a failure
// halfway leaves nothing behind and nothing twice.
class DatumArray {
 public:
  // `ctx` keeps text; without it text is borrowed from `values`.
  DatumArray(fettle_ctx* ctx, std::span<const RunValue> values);
  const fettle_datum* data() const { return data_.data(); }
  std::size_t size() const { return data_.size(); }
  void hand_over(fettle_datum* out);  // the receiver owns the tensors from here on

 private:
  std::vector<fettle_datum> data_;
  std::vector<OwnedTensor> tensors_;
};

// Copies: data are borrowed for the call, and a program may write to its inputs.
std::vector<RunValue> values_of(const fettle_datum* data, std::size_t n);

}  // namespace fettle
