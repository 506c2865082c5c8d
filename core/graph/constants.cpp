#include "graph/constants.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace fettle {

std::shared_ptr<const Storage> make_storage(const void* data, std::size_t size) {
  // 64-byte alignment: what torch's own allocator gives its kernels.
  constexpr std::size_t kAlignment = 64;
  const std::size_t padded = (std::max<std::size_t>(size, 1) + kAlignment - 1) / kAlignment * kAlignment;
  void* bytes = std::aligned_alloc(kAlignment, padded);
  if (!bytes) throw std::bad_alloc();
  if (size > 0) std::memcpy(bytes, data, size);
  auto storage = std::make_shared<Storage>();
  storage->data = static_cast<const std::byte*>(bytes);
  storage->size = size;
  storage->owner = std::shared_ptr<const void>(bytes, [](const void* p) { std::free(const_cast<void*>(p)); });
  return storage;
}

}  // namespace fettle
