// What keeps two runs of one program from being comparable: random numbers that are written in place,
// which differ between dtypes (others are drawn in the recorded dtype, in float64 runs too), and memory
// that nobody initialized.
#pragma once

#include <fettle/fettle.hpp>

struct Unsteady {
  bool random = false;
  bool random_writes = false;
  bool uninitialized = false;
};

inline Unsteady unsteady_calls(const fettle::Graph& graph) {
  Unsteady found;
  const fettle_columns columns = graph.columns();
  for (std::uint64_t i = 0; i < columns.n_nodes; ++i) {
    if (columns.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION) continue;
    const fettle::CallFacts facts = graph.node(columns.nodes[i]).facts();
    found.uninitialized = found.uninitialized || facts.uninitialized();
    const bool draws = facts.random() && !facts.uninitialized();
    found.random = found.random || draws;
    found.random_writes = found.random_writes || (draws && facts.mutates());
  }
  return found;
}
