// What nothing needs, found in one walk backwards through the program.
//
// Program order is a valid execution order, so that walking it backwards meets every user before
// what it uses: when a call is met, all that kept it alive has been met. Nested graphs come right
// before the call that owns them in the columns, so the walk meets the call first; when it goes,
// its graphs go with it, and when it stays, they are walked like any other. Once the walk is back
// in the call's own graph, all that is left of the nested ones is in use, and the inputs that none
// of them uses are known, before what they hold is met.
//
// Linear: the columns are read as they were at the start, but for the uses, which are counted down
// here. The host is asked about dead calls and about calls that own graphs alone.
#pragma once

#include <cstdint>
#include <fettle/fettle.hpp>
#include <optional>
#include <utility>
#include <vector>

class Sweep {
 public:
  explicit Sweep(const fettle::Graph& graph)
      : graph_(graph),
        columns_(graph.columns()),
        uses_(columns_.use_counts),
        invoke_subgraph_(graph.symbol("higher_order.invoke_subgraph")) {}

  // Calls dead(call) for each call that nothing needs and unused(call, inputs) for the inputs,
  // ascending, that none of a call's graphs uses. They may erase and drop; false ends the walk.
  template <class Dead, class Unused>
  void backwards(Dead dead, Unused unused) {
    for (std::uint64_t i = columns_.n_nodes; i-- > 0;) {
      if (!leave_graphs(owner_of(columns_.blocks[i]), unused)) return;
      if (columns_.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION) continue;
      const bool dispensable = !results_used(i), owner = may_own_graphs(i);
      if (!dispensable && !owner) continue;
      const fettle::Node call = graph_.node(columns_.nodes[i]);
      if (call.op().empty()) continue;  // it went with the call that owned its graph
      if (dispensable && call.facts().pure()) {
        if (!dead(call)) return;
        for (auto k = columns_.operand_offsets[i]; k < columns_.operand_offsets[i + 1]; ++k)
          count_down(columns_.operands[k]);
      } else if (owner) {
        owner_of(columns_.blocks[i]) = call;
      }
    }
    for (fettle::Node& call : owners_)  // calls that are the first nodes of their blocks
      if (!leave_graphs(call, unused)) return;
  }

 private:
  bool results_used(std::uint64_t i) const {
    const fettle_value first = columns_.first_results[i];
    for (std::uint32_t k = 0; k < columns_.result_counts[i]; ++k)
      if (uses_[first + k] != 0) return true;
    return false;
  }
  fettle::Node& owner_of(fettle_block block) {
    if (block >= owners_.size()) owners_.resize(block + std::size_t{1});
    return owners_[block];
  }
  // The columns are lent: the first that counts takes a copy.
  void count_down(fettle_value value) {
    if (counted_.empty()) {
      counted_.assign(columns_.use_counts, columns_.use_counts + columns_.n_values);
      uses_ = counted_.data();
    }
    --counted_[value];
  }
  // What stands before a call is its last graph, or what precedes it in its own.
  bool may_own_graphs(std::uint64_t i) const {
    return i > 0 && columns_.blocks[i - 1] != columns_.blocks[i];
  }

  // The walk has met all of the call's graphs.
  template <class Unused>
  bool leave_graphs(fettle::Node& owner, Unused unused) {
    if (!owner) return true;
    const fettle::Node call = std::exchange(owner, {});
    // Calls of invoke_subgraph with one identifier share what they take.
    if (call.is(invoke_subgraph_)) return true;
    const std::optional<fettle::NestedCall> nested = fettle::nested_call(call);
    if (!nested) return true;
    const std::vector<std::size_t> inputs = unused_inputs(*nested);
    if (inputs.empty()) return true;
    if (!unused(call, inputs)) return false;
    for (const std::size_t k : inputs)
      if (nested->input(k)) count_down(nested->input(k).id());
    return true;
  }

  std::vector<std::size_t> unused_inputs(const fettle::NestedCall& call) const {
    std::vector<bool> used(call.input_count());
    for (std::size_t b = 0; b < call.block_count(); ++b) {
      std::size_t k = 0;
      for (const fettle::Node node : graph_.nodes(call.block(b))) {
        const fettle_node_info info = node.info();
        if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) break;
        if (uses_[info.first_result] != 0) used[k] = true;
        ++k;
      }
    }
    std::vector<std::size_t> unused;
    for (std::size_t k = call.first_passed(); k < used.size(); ++k)
      if (!used[k]) unused.push_back(k);
    return unused;
  }

  const fettle::Graph& graph_;
  fettle_columns columns_;
  const std::uint32_t* uses_;           // by value: those that are left
  std::vector<std::uint32_t> counted_;  // uses_, once some have gone
  fettle::Symbol invoke_subgraph_;
  std::vector<fettle::Node> owners_;  // by block: the call whose graphs the walk is in
};
