// Which calls of a program have only constants for operands, and may be run now instead of each
// time.
//
// A constant is a buffer or tensor constant (or a parameter, where that is asked for) that no run
// changes, or a result of a candidate. A candidate is pure, lies in the
// program's own graph, has tensors of known size as results, on the CPU, and shares no storage with
// what is written. Assertions about constants are candidates too: what holds now holds for good. So
// is a call that owns a nested graph of nothing but such calls.
#pragma once

#include <fettle/fettle.hpp>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "../changed_weights.hpp"

struct FoldingRules {
  bool parameters = false;
  std::int64_t max_bytes = 1 << 20;               // of a stored result
  std::int64_t max_intermediate_bytes = 1 << 28;  // of a result that is needed on the way only
};

struct Candidate {
  fettle::Node node;
  std::vector<fettle_value> operands;
  fettle_value first_result = FETTLE_NONE;
  std::uint32_t results = 0;
  bool assertion = false;

  // The decision (frontier.hpp).
  bool keep = false;                 // stays a call: something needs a result that cannot be stored
  bool wanted = false;               // to be evaluated
  std::vector<std::uint32_t> store;  // results to be stored
};

class Candidates {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  // `failed`: calls that turned out not to be computable.
  Candidates(const fettle::Graph& graph, const FoldingRules& rules,
             const std::unordered_set<fettle_node>& failed);

  std::vector<Candidate>& all() { return calls_; }  // program order
  Candidate* of_value(fettle_value value) {
    const std::uint32_t at = call_of_value_[value];
    return at == kNone ? nullptr : &calls_[at];
  }
  Candidate* of_node(fettle_node node) {
    const auto found = call_of_node_.find(node);
    return found == call_of_node_.end() ? nullptr : &calls_[found->second];
  }
  // Placeholders of constants, by value.
  bool is_source(fettle_value value) const { return sources_.count(value) != 0; }
  const fettle::AliasClasses& classes() const { return changed_.classes(); }

 private:
  bool qualifies(const fettle_node_info& info, fettle::Node node) const;
  bool computable(fettle::Node node) const;
  bool is_assertion(fettle::Node node) const;
  void find_sources();

  const fettle::Graph& graph_;
  const FoldingRules& rules_;
  ChangedWeights changed_;
  fettle::Symbol assertions_[3], nested_;
  std::vector<Candidate> calls_;
  std::vector<std::uint32_t> call_of_value_;
  std::unordered_map<fettle_node, std::uint32_t> call_of_node_;
  std::unordered_set<fettle_value> sources_;
};
