// The most tensor bytes alive at once between start and end of a run, as libtorch's allocators report
// them to whoever profiles the thread. What was allocated before the run is not counted, nor is its
// being freed. Kernels allocate their tensors on the thread that calls them; scratch memory that a
// kernel's worker threads or its library (oneDNN) allocate for themselves is not tensor memory.
//
// Of each call also its workspace: what it had allocated at its peak beyond what was there before it
// and what it leaves behind, its results. A call with nested graphs has none but those inside.
#pragma once

#include <c10/core/Allocator.h>

#include <algorithm>
#include <unordered_map>

#include "runtime/executable.hpp"

namespace fettle {

class MemoryMeter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* pointer, std::int64_t bytes, std::size_t, std::size_t,
                         c10::Device) override {
    if (bytes >= 0) {
      blocks_[pointer] = {bytes, call_};
      current_ += bytes;
      of_call_ += bytes;
      peak_ = std::max(peak_, current_);
      peak_of_call_ = std::max(peak_of_call_, of_call_);
    } else if (const auto found = blocks_.find(pointer); found != blocks_.end()) {
      current_ -= found->second.bytes;
      if (found->second.call == call_) of_call_ -= found->second.bytes;
      blocks_.erase(found);
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t peak() const { return peak_; }

  void begin_call() {
    ++call_;
    of_call_ = peak_of_call_ = 0;
    open_ = true;
  }
  void end_call(NodeId node) {
    if (open_ && peak_of_call_ - of_call_ > workspace_) {
      workspace_ = peak_of_call_ - of_call_;
      workspace_node_ = node;
    }
    open_ = false;  // and so is not the call that this one is nested in
  }
  std::int64_t workspace() const { return workspace_; }
  NodeId workspace_node() const { return workspace_node_; }  // none: no call had any

 private:
  struct Block {
    std::int64_t bytes;
    std::uint64_t call;
  };
  std::unordered_map<void*, Block> blocks_;
  std::int64_t current_ = 0, peak_ = 0;
  std::int64_t of_call_ = 0, peak_of_call_ = 0;  // allocated since begin_call
  std::uint64_t call_ = 0;
  bool open_ = false;
  std::int64_t workspace_ = 0;
  NodeId workspace_node_;
};

}  // namespace fettle
