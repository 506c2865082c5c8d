// What the registered schemas and tags do not say, or say wrongly: reviewed by reading the kernels
// and held against running them (tests/runtime/test_facts_observed.cpp). Keep it short: a row is needed
// only where the schema alone would promise too much, or so little that no pass could work.
#pragma once

#include <cstdint>
#include <string_view>

namespace fettle {

enum class FactRule : std::uint8_t {
  fresh,            // results are new storage, though a composite operator might forward an operand
  fresh_together,   // new storage, but perhaps one for several results
  may_alias,        // results may share storage with any tensor operand, though unannotated
  side_effect,      // must stay where it is, though it has results and writes nothing
  uninitialized,    // results hold whatever memory held: as good as random
  dropout,          // unless `train` and p > 0: an identity, results alias the input, nothing is random
  fresh_dropout,    // the same randomness, but the result is always new storage
  random_if_active, // fresh; random only if the number or flag `argument` is not zero
  running_stats,    // fresh; writes running_mean and running_var if the flag `argument` is true, or
                    // always if it has none
  rnn,              // fresh; random only if `train` and dropout > 0
};

struct FactRow {
  std::string_view op;  // without overload: "aten.dropout"
  FactRule rule;
  std::string_view argument = {};
  std::string_view why = {};
};

// The row of "aten.dropout.default", or null.
const FactRow* find_fact(std::string_view op);

}  // namespace fettle
