// An array that only grows and never moves an element, in blocks of 256 that lie contiguously.
//
// std::deque promises the same, but libstdc++'s blocks of 512 bytes hold one or two nodes each: an
// index then costs a lookup in a table that is itself larger than the caches. This table is small.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace fettle {

template <class T>
class StableArray {
 public:
  StableArray() = default;
  StableArray(StableArray&&) = default;
  StableArray& operator=(StableArray&&) = default;
  StableArray(const StableArray& other) { append(other); }
  StableArray& operator=(const StableArray& other) {
    if (this == &other) return *this;
    blocks_.clear();
    append(other);
    return *this;
  }

  std::size_t size() const {
    return blocks_.empty() ? 0 : (blocks_.size() - 1) * kBlock + blocks_.back().size();
  }
  T& operator[](std::size_t i) { return blocks_[i / kBlock][i % kBlock]; }
  const T& operator[](std::size_t i) const { return blocks_[i / kBlock][i % kBlock]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (blocks_.empty() || blocks_.back().size() == kBlock) blocks_.emplace_back().reserve(kBlock);
    return blocks_.back().emplace_back(std::forward<Args>(args)...);
  }

 private:
  static constexpr std::size_t kBlock = 256;

  void append(const StableArray& other) {
    for (const std::vector<T>& block : other.blocks_) {
      std::vector<T>& copy = blocks_.emplace_back();
      copy.reserve(kBlock);  // what is added later must not move the rest
      copy.insert(copy.end(), block.begin(), block.end());
    }
  }

  std::vector<std::vector<T>> blocks_;
};

}  // namespace fettle
