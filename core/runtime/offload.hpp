// Parts of a program that something else than libtorch runs: which calls can be handed out at all,
// how those that somebody took become parts, and what a run calls for each part. No torch here: the
// host implements OffloadedCall over a plugin's backend.
//
// Only calls of the root block are handed out whose facts are known and pure, whose results are
// tensors and whose storages no call writes. So a part may run earlier than its calls stood, and its
// results need not alias what they were views of: nobody can tell.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "ops/facts.hpp"
#include "runtime/executable.hpp"

namespace fettle {

// A compiled part. One launch at a time.
class OffloadedCall {
 public:
  virtual ~OffloadedCall() = default;
  // A tensor for each output, in memory of its own. Inputs are read only.
  virtual std::vector<Tensor> launch(std::span<const RunValue> inputs,
                                     const std::atomic<bool>* cancel) = 0;
};

struct OffloadedPart {
  std::uint32_t runner = 0;     // as given to partition()
  std::string backend;          // its name, for messages
  std::vector<NodeId> nodes;    // in program order
  std::vector<ValueId> inputs;  // from outside, each once, in order of first use
  std::vector<ValueId> outputs;  // used outside, in order of definition
  std::shared_ptr<OffloadedCall> call;
};

// The root block with its parts: every node that is in no part once, every part once, in an order in
// which they can run. Nodes that are in no part keep their program order.
struct Partition {
  struct Step {
    NodeId node;  // none: the part
    std::uint32_t part = 0;
  };
  std::vector<OffloadedPart> parts;
  std::vector<Step> order;
};

// In program order.
std::vector<NodeId> offloadable_calls(const Graph& graph, const AliasClasses& aliases);

inline constexpr std::uint32_t kNoRunner = 0xffffffffu;

// `runner_of`: by node, who runs it; kNoRunner: libtorch. Calls of one runner become one part where
// no call that depends on the one has to run before the other, and none that libtorch runs stands
// between them and depends on the part. Linear in the graph.
Partition partition(const Graph& graph, std::span<const std::uint32_t> runner_of);

}  // namespace fettle
