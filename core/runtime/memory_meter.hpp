// The most tensor bytes alive at once between start and end of a run, as libtorch's allocators report
// them to whoever profiles the thread. What was allocated before the run is not counted, nor is its
// being freed. Kernels allocate their tensors on the thread that calls them; scratch memory that a
// kernel's worker threads or its library (oneDNN) allocate for themselves is not tensor memory.
#pragma once

#include <c10/core/Allocator.h>

#include <algorithm>
#include <unordered_map>

namespace fettle {

class MemoryMeter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* pointer, std::int64_t bytes, std::size_t, std::size_t,
                         c10::Device) override {
    if (bytes >= 0) {
      sizes_[pointer] = bytes;
      current_ += bytes;
      peak_ = std::max(peak_, current_);
    } else if (const auto found = sizes_.find(pointer); found != sizes_.end()) {
      current_ -= found->second;
      sizes_.erase(found);
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t peak() const { return peak_; }

 private:
  std::unordered_map<void*, std::int64_t> sizes_;
  std::int64_t current_ = 0, peak_ = 0;
};

}  // namespace fettle
