// Facts of calls that own nested graphs: what the nodes inside do, seen from outside.
//
// A nested graph is summarized once and remembered, so that asking for every call of a program
// stays linear however its graphs are nested. Recursion is as deep as graphs nest (kMostNesting).
#pragma once

#include <set>
#include <unordered_map>

#include "ops/facts.hpp"
#include "ops/higher_order.hpp"

namespace fettle {

// Facts of a call without regard to nested graphs. For this folder alone.
CallFacts plain_call_facts(const Graph& graph, NodeId node);

class NestedFacts {
 public:
  explicit NestedFacts(const Graph& graph) : graph_(graph), plain_(graph) {}
  CallFacts call(NodeId node);

 private:
  // Placeholders stand for the owning call's operands, outputs for its results.
  struct Summary {
    bool known = true, random = false, uninitialized = false, side_effect = false;
    bool results_share = false;
    std::vector<std::uint32_t> writes;                      // placeholders
    std::vector<std::vector<std::uint32_t>> results_alias;  // by output: placeholders
  };
  static void add_operand(const Argument& input, std::vector<std::uint32_t>& to);
  static void close_over_iterations(const HigherOrderCall& call,
                                    std::vector<std::set<std::uint32_t>>& shared);
  const Summary& summary(BlockId block);
  Summary summarize(BlockId block);

  const Graph& graph_;
  PlainCalls plain_;
  std::unordered_map<BlockId, Summary> summaries_;
};

}  // namespace fettle
