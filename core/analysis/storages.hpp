// In which storage each value of a block lies: what a call allocates, and what its results share.
//
// AliasClasses (ops/facts.hpp) says which values may share storage, for rewrites to be safe. This
// says which do, for bytes to be counted, by the same facts and the recorded types: an operator
// that returns a view or a copy (reshape, contiguous, to) returned a view if the result's strides
// are those that a view would have. Where nothing tells, a result is taken to do both.
//
// Bytes are what the recorded sizes and strides reach over, symbolic sizes at export's hints
// (`by_hints` then). Placeholders lie in their caller's storage, which counts nothing here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

class NestedFacts;

class Storages {
 public:
  explicit Storages(const Graph& graph);  // all blocks; linear

  // Bytes that the call's result allocates; 0 for what only shares, and for placeholders.
  std::int64_t allocated(ValueId value) const { return bytes_[value.index]; }
  // The values whose storage the value lies in, operands of its call; none for one with its own.
  std::span<const ValueId> shared(ValueId value) const {
    return {shared_.data() + begin_[value.index], shared_.data() + begin_[value.index + 1]};
  }
  bool by_hints() const { return by_hints_; }
  bool unknown_sizes() const { return unknown_sizes_; }  // only data tell: counted as nothing

 private:
  void add_call(const Graph& graph, NodeId node, NestedFacts& facts);
  std::int64_t bytes_of(const Type& type);

  std::vector<std::int64_t> bytes_;   // by value
  std::vector<std::uint32_t> begin_;  // by value, into shared_
  std::vector<ValueId> shared_;
  bool by_hints_ = false, unknown_sizes_ = false;
};

// The strides of a tensor of `sizes` that shares all its elements with one of `from_sizes` and
// `from_strides`, in order; nothing if there are none (reshape then copies). As
// ATen/TensorUtils.cpp's computeStride answers.
std::optional<std::vector<std::int64_t>> view_strides(std::span<const std::int64_t> from_sizes,
                                                      std::span<const std::int64_t> from_strides,
                                                      std::span<const std::int64_t> sizes);

}  // namespace fettle
