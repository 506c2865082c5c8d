// Which results of candidates are stored: the frontier between what is computed now and what is
// computed in each run.
//
// A result is needed when an output or a call that stays uses it. A needed result is stored if a
// stored copy can stand for it: dense and row-major, not sharing storage with an output, and no
// larger than max_bytes, or than the constants that it replaces. If it cannot be, its call stays,
// and what that call uses is needed in its turn: the frontier moves up, towards the small recipe.
#pragma once

#include "candidates.hpp"

struct Frontier {
  std::uint64_t stored = 0;                                  // results to be stored
  std::uint64_t assertions = 0;                              // assertions that can be settled
  std::uint64_t returned = 0, too_large = 0, not_dense = 0;  // why calls stay
};

// Fills in keep, store and wanted of each candidate. Near-linear in the graph's uses.
Frontier decide_frontier(const fettle::Graph& graph, const FoldingRules& rules,
                         Candidates& candidates);
