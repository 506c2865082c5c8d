// Weights that a run changes, under any of their names: those that a call writes, those that an
// output updates for the caller to write back after each run, and what shares storage with either.
// They are no constants, and they must stay where they are. A snapshot, linear in the graph.
#pragma once

#include <fettle/fettle.hpp>
#include <string>
#include <string_view>
#include <unordered_set>

class ChangedWeights {
 public:
  explicit ChangedWeights(const fettle::Graph& graph) : classes_(graph) {
    std::unordered_set<std::string_view> targets;
    for (const fettle::Graph::Output& output : graph.outputs())
      if (!output.target.empty()) targets.insert(output.target);
    if (targets.empty()) return;
    for (const fettle::Node node : graph.nodes()) {
      const fettle_node_info info = node.info();
      if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) break;
      if (info.n_results == 1 && targets.count(fettle::text(info.input_target)) != 0)
        updated_.insert(classes_.of(graph.value(info.first_result)));
    }
  }
  bool contains(fettle::Value weight) const {
    return classes_.written(weight) || updated_.count(classes_.of(weight)) != 0;
  }
  const fettle::AliasClasses& classes() const { return classes_; }

 private:
  fettle::AliasClasses classes_;
  std::unordered_set<std::uint32_t> updated_;  // classes
};
