// The calls of one block as tasks to be ordered: what each has to wait for, and which memory each
// begins to need or is the last to need.
//
// A task waits for what makes its operands. What is not pure, and what touches anything that is
// written, keeps its order among the like: draws of random numbers, assertions, writes and reads
// around them stay as they are to one another.
//
// Memory is counted by units: what may lie in one storage (an alias class) counts as one, with all
// the bytes that its calls allocate; it lives from the first task that touches it to the last.
#pragma once

#include <cstdint>
#include <fettle/fettle.hpp>
#include <span>
#include <vector>

// One list for each of many, in two arrays.
class Lists {
 public:
  // From pairs (whose, what), in order.
  Lists(std::size_t count, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs);
  std::span<const std::uint32_t> of(std::uint32_t k) const {
    return {items_.data() + begin_[k], items_.data() + begin_[k + 1]};
  }

 private:
  std::vector<std::uint32_t> begin_, items_;
};

struct Tasks {
  std::vector<fettle_node> nodes;    // by task, in program order
  std::vector<std::int64_t> inside;  // bytes that a task's nested graphs need while it runs
  std::vector<std::int64_t> bytes;   // by unit
  std::vector<bool> returned;        // by unit: lives to the end
  Lists before, after;               // by task: tasks that have to run before it, and after it
  Lists units;                       // by task: the units that it touches
  Lists touching;                    // by unit: its tasks

  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes.size()); }
};

// `live` is that of the block as it stands; `classes` do not depend on order. Linear in the block.
Tasks tasks_of(const fettle::Graph& graph, const fettle::AliasClasses& classes,
               const fettle::Liveness& live);
