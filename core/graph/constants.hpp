// Weights, buffers and folded constants: bytes, mapped from the archive or owned, with a type.
//
// Several constants may share one Storage (tied weights, views of one buffer). Bytes are immutable:
// whoever runs a program that mutates a buffer works on a copy.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "graph/types.hpp"

namespace fettle {

struct Storage {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  std::shared_ptr<const void> owner;   // keeps `data` alive: a mapping or a buffer
  std::optional<std::uint32_t> crc32;  // known for bytes that came from an archive
};

struct TensorData {
  std::shared_ptr<const Storage> storage;
  Type type;  // sizes, strides and storage_offset are numbers, in elements
};

// A new owned copy of `size` bytes.
std::shared_ptr<const Storage> make_storage(const void* data, std::size_t size);

}  // namespace fettle
