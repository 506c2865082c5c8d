// Memory that an operator hands out without initializing it, filled with contents of the caller's
// choice: a run then gives the same each time, and what differs between two contents depends on it.
#pragma once

#include <ATen/core/stack.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace fettle {

class StorageSizes {
 public:
  // Of the operands: what resize_ and out= find in their storage stays.
  explicit StorageSizes(const torch::jit::Stack& operands);
  // Fills what the results have beyond that.
  void fill_new(const torch::jit::Stack& results, std::uint32_t contents) const;

 private:
  std::vector<std::pair<const void*, std::size_t>> known_;  // storage: its bytes
};

}  // namespace fettle
