// Which calls a cut around one rewrite takes, and where it ends: see host/rewrite_log.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/journal.hpp"
#include "ops/facts.hpp"

namespace fettle {

struct CutPlan {
  std::vector<ValueId> inputs;                    // upstream, of both sides
  std::vector<NodeId> before_calls, after_calls;  // of one block, in an order that can run
  std::vector<ValueId> before_outputs, after_outputs;
  bool whole = false;
  std::string refusal;
};

// `before` and `after` are the graph on either side of the rewrite, ids alike. `aliases` are those
// of the graph that the pass was given.
CutPlan plan_cut(const Graph& before, const Graph& after, const Journal::Footprint& footprint,
                 const AliasClasses& aliases, std::uint32_t known_values, std::uint64_t radius);

}  // namespace fettle
