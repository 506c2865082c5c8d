// Runs the wanted candidates through the host, in program order, and keeps the results to be
// stored. Each value is dropped after its last use. What the host cannot evaluate, or what comes
// out differently from the recorded type, is reported as failed, with nothing stored for it.
#pragma once

#include <map>

#include "candidates.hpp"

struct Evaluation {
  std::map<fettle_value, fettle::Tensor> stored;
  std::unordered_set<fettle_node> settled;  // assertions that hold
  std::unordered_set<fettle_node> failed;
};

Evaluation evaluate(const fettle::Graph& graph, Candidates& candidates);
