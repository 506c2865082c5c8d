// Which calls of a program have only constants for operands, and may be run now instead of each
// time.
//
// A constant is a buffer or tensor constant (or a parameter, where that is asked for) that no run
// changes, or a result of a candidate; in a nested graph, a placeholder that each run of the graph
// gets such a constant for. A candidate is pure, has tensors of known size as
// results, on the CPU, and shares no storage with what is written. Calls that own nested graphs are
// candidates as a whole unless a while_loop is in them, which might never end; where one is none,
// the insides of its graphs are looked at. Assertions about constants are candidates in the
// program's own graph: what holds now holds for good, but in a branch nobody need ever ask.
#pragma once

#include <deque>
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

// Where a nested graph is: which block of which call.
struct Nesting {
  fettle::Node call;  // false: the program's own graph
  std::size_t index = 0;
  const Nesting* around = nullptr;
};

struct Candidate {
  fettle::Node node;
  const Nesting* nesting = nullptr;
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
  // Placeholders of constants, by value, and the program's own placeholder behind each.
  bool is_source(fettle_value value) const { return sources_.count(value) != 0; }
  fettle_value root_source(fettle_value value) const { return sources_.at(value); }
  const fettle::AliasClasses& classes() const { return changed_.classes(); }

 private:
  void collect(const Nesting& nesting, fettle::Block block,
               const std::unordered_set<fettle_node>& failed);
  void enter(const Nesting& around, fettle::Node call);
  bool qualifies(const fettle_node_info& info, fettle::Node node) const;
  bool computable(fettle::Node node) const;
  bool may_not_end(fettle::Node node) const;
  std::optional<fettle::NestedCall> nested(fettle::Node node) const;
  bool is_assertion(fettle::Node node) const;
  void find_sources();

  const fettle::Graph& graph_;
  const FoldingRules& rules_;
  ChangedWeights changed_;
  fettle::Symbol assertions_[3], invoke_;
  bool has_nested_ = false;
  std::deque<Nesting> nestings_;  // found, the program's own first; those behind are still to do
  std::vector<fettle::Block> blocks_;  // by nesting
  std::vector<Candidate> calls_;
  std::vector<std::uint32_t> call_of_value_;
  std::unordered_map<fettle_node, std::uint32_t> call_of_node_;
  std::unordered_map<fettle_value, fettle_value> sources_;
};
