#include "runtime/uninitialized.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

namespace fettle {
namespace {

bool has_bytes(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().has_storage() &&
         !value.toTensor().is_quantized();
}

// Different in sign and size for a float, small for a number that may be used as an index.
void fill(const at::Tensor& tensor, std::uint32_t contents) {
  const auto number = static_cast<std::int64_t>(contents);
  if (tensor.is_floating_point() || tensor.is_complex()) {
    tensor.fill_(contents % 2 == 0 ? -1.25 * static_cast<double>(number)
                                   : 0.75 * static_cast<double>(number));
  } else if (tensor.scalar_type() == at::kBool) {
    tensor.fill_(contents % 2 == 0);
  } else {
    tensor.fill_(number);
  }
}

}  // namespace

StorageSizes::StorageSizes(const torch::jit::Stack& operands) {
  for (const c10::IValue& value : operands) {
    if (!has_bytes(value)) continue;
    const c10::Storage& storage = value.toTensor().storage();
    known_.emplace_back(storage.unsafeGetStorageImpl(), storage.nbytes());
  }
}

void StorageSizes::fill_new(const torch::jit::Stack& results, std::uint32_t contents) const {
  for (const c10::IValue& value : results) {
    if (!has_bytes(value)) continue;
    const at::Tensor& tensor = value.toTensor();
    const c10::Storage& storage = tensor.storage();
    const auto before = std::ranges::find(known_, storage.unsafeGetStorageImpl(),
                                          &std::pair<const void*, std::size_t>::first);
    const std::size_t kept = before == known_.end() ? 0 : before->second;
    const std::size_t first = (kept + tensor.itemsize() - 1) / tensor.itemsize();
    const std::size_t end = storage.nbytes() / tensor.itemsize();
    if (first >= end) continue;
    at::Tensor fresh = at::empty({0}, tensor.options());
    fresh.set_(storage, static_cast<std::int64_t>(first), {static_cast<std::int64_t>(end - first)},
               {1});
    fill(fresh, contents);
  }
}

}  // namespace fettle
