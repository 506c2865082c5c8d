// How long each node of a program takes, measured: the program runs node by node as always, and
// hooks read a clock right before and right after each call.
//
// The time of a node is its own: a call with nested graphs is charged what the nodes inside are
// not. A node that ran several times in one run (in a loop) counts as the sum. Over several runs it
// is the median, with the quartiles as spread. What reading the clock and calling the hooks takes
// is measured beforehand and subtracted, down to zero; `clock_seconds` says how much that was.
// Values that no later node needs are freed behind the second reading: that is in no node's time.
// On an accelerator each node waits for the device, which takes away any overlap. How far the sum
// is from the truth shows beside run_seconds, of runs without hooks that take turns with the
// others.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "runtime/executable.hpp"

namespace fettle {

struct Profile {
  // By NodeId::index; 0 for what did not run.
  std::vector<double> seconds;       // median over the runs
  std::vector<double> low, high;     // first and third quartile
  std::vector<std::uint64_t> calls;  // times that the node ran, in one run

  double total_seconds = 0;  // of `seconds`: what shares are shares of
  double run_seconds = 0;    // median of whole runs without a clock
  double clock_seconds = 0;  // subtracted from each call
  std::int64_t runs = 0;

  double share(NodeId node) const {
    return total_seconds > 0 ? seconds[node.index] / total_seconds : 0;
  }
};

struct ProfileOptions {
  std::int64_t runs = 20;
  std::int64_t warm_up_runs = 3;
  std::uint64_t seed = 0;                     // of every run: random programs do the same work
  const std::atomic<bool>* cancel = nullptr;  // asked between runs, and within loops: run_cancelled
};

// Throws what Executable::run throws. `runs` is at least 1.
Profile measure_profile(const Graph& graph, Executable& executable,
                        std::span<const RunValue> inputs, const ProfileOptions& options = {});

}  // namespace fettle
