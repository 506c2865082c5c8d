// How long values and their storage live, and how many bytes live at once, when a block runs in
// program order and each value is let go after its last use (as the runtime does).
//
// The idea: a storage lives until the last use of any value that lies in it, a view of a view
// included. Uses come after definitions, so one sweep backwards over program order hands each
// value's end on to what it shares storage with. While a call runs, what it reads and what it makes
// both live; a call with nested graphs adds the peak of the graph that needs most.
//
// Counted are the bytes that the block's own calls allocate. Inputs, weights and what is passed
// into a nested graph belong to the caller; a kernel's workspace is nobody's value. The peak is
// also the lower bound for any plan that places these storages at fixed offsets.
//
// Linear. Does not follow edits. Needs a valid graph (graph/checks.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/storages.hpp"

namespace fettle {

// One allocation: made by the call that defines `value`, at `first`; freed after the call at
// `last`. Positions count the block's nodes in program order, placeholders too; the output node's
// is the end.
struct StorageRange {
  ValueId value;
  std::int64_t bytes = 0;
  std::uint32_t first = 0, last = 0;
};

class Liveness {
 public:
  // `storages` of the same graph, for all blocks.
  Liveness(const Graph& graph, const Storages& storages, BlockId block = kRootBlock);

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }
  NodeId node(std::uint32_t position) const { return nodes_[position]; }
  // Bytes alive while the node there runs, by position.
  const std::vector<std::int64_t>& live_bytes() const { return live_; }
  std::int64_t peak_bytes() const { return peak_; }
  std::uint32_t peak_position() const { return peak_position_; }  // the first one
  // By `first`; those without bytes are left out.
  const std::vector<StorageRange>& storages() const { return ranges_; }
  // What lives at the position, the largest first.
  std::vector<StorageRange> live_at(std::uint32_t position) const;
  // Of the live bytes there, those inside the nested graphs of the call itself.
  std::int64_t nested_bytes(std::uint32_t position) const { return nested_[position]; }
  const std::vector<std::int64_t>& nested_bytes() const { return nested_; }
  // The node after which nobody reads the value; its own producer if nobody does.
  NodeId last_use(ValueId value) const;

 private:
  void find_ends(const Graph& graph, const Storages& storages);
  void add_ranges(const Graph& graph, const Storages& storages);

  std::vector<NodeId> nodes_;
  std::vector<std::uint32_t> last_use_, end_;  // by value id less first_value_; of the block's own
  std::uint32_t first_value_ = 0;
  std::vector<StorageRange> ranges_;
  std::vector<std::int64_t> live_, nested_;  // by position
  std::int64_t peak_ = 0;
  std::uint32_t peak_position_ = 0;
};

}  // namespace fettle
