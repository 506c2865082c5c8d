// The parameters, buffers and inputs that outputs of a program update: the caller writes them back
// after each run. In a functional program no call writes them, and yet they are no constants, and
// they must stay where they are.
#pragma once

#include <fettle/fettle.hpp>
#include <string>
#include <string_view>
#include <unordered_set>

class UpdatedTargets {
 public:
  explicit UpdatedTargets(const fettle::Graph& graph) {
    for (const fettle::Graph::Output& output : graph.outputs())
      if (!output.target.empty()) targets_.emplace(output.target);
  }
  bool contains(std::string_view target) const { return targets_.count(std::string(target)) != 0; }

 private:
  std::unordered_set<std::string> targets_;
};
