// Who runs what of a program: a choice of backends as data, and what came of it for one graph. "aten"
// is libtorch, always there; it takes whatever its like does not claim.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/manager.hpp"
#include "host/components.hpp"
#include "runtime/offload.hpp"

namespace fettle {

inline constexpr std::string_view kAten = "aten";

// The first rule that names a call decides: its node's, its operator's, the default. Null: aten.
struct BackendChoice {
  std::shared_ptr<Backend> otherwise;
  std::map<std::string, std::shared_ptr<Backend>, std::less<>> operators;  // "aten.linear.default"
  std::map<std::string, std::shared_ptr<Backend>, std::less<>> nodes;      // "conv2d_3"
  bool aten_alone() const;
};

// Calls of the program's own graph, by who runs them. Those of nested graphs are libtorch's.
struct BackendUse {
  struct Claimed {
    std::string backend;
    std::uint64_t calls = 0, parts = 0;
  };
  struct Fallback {  // meant for a backend, run by libtorch
    std::string backend, op;
    std::uint64_t calls = 0;
    bool offered = false;  // the backend was asked and did not claim it
  };
  std::vector<Claimed> claimed;    // in order of first appearance
  std::vector<Fallback> fallback;  // most calls first
  std::uint64_t aten_calls = 0;    // all that libtorch runs, nested ones included
};

// Asks the backends what they claim and has them compile their parts. Throws what they do wrong.
struct Assignment {
  Partition partition;
  BackendUse use;
};
Assignment assign(const Graph& graph, const BackendChoice& choice, const std::string& device,
                  Outcome& outcome);

}  // namespace fettle
