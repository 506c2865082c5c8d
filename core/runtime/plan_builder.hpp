// From a graph to a plan: numbers values into slots, finds each value's last use, resolves operators
// and boxes what is constant. Linear in the graph.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "runtime/boxing.hpp"
#include "runtime/offload.hpp"
#include "runtime/plan.hpp"

namespace fettle {

class PlanBuilder {
 public:
  PlanBuilder(const Graph& graph, const Placement& placement)
      : graph_(graph), placement_(placement), boxer_(graph, placement) {}

  // Values whose slots are filled once and for all: never moved, never freed. Before build().
  void keep(ValueId value) { kept_.insert(value); }

  Plan build(BlockId block = kRootBlock);

  // The root block, of which others run parts.
  Plan build(const Partition& partition);

  // One call alone: its operands are the inputs, its flat results the outputs.
  Plan build_call(NodeId node);

  Slot slot(ValueId value) {
    return slots_.try_emplace(value, static_cast<Slot>(slots_.size())).first->second;
  }
  std::size_t slot_count() const { return slots_.size(); }

 private:
  void find_last_uses(BlockId block);
  void find_last_uses(const Partition& partition);
  void add_node(NodeId node, Plan& plan);
  void add_part(const OffloadedPart& part, Plan& plan);
  SlotUse slot_use(NodeId node, Operand operand);
  bool frees(ValueId value) const { return !kept_.contains(value); }

  void add_call(NodeId node, Plan& plan);
  void fill_operator_call(NodeId node, Instruction& instruction);
  void fill_arguments(NodeId node, const c10::FunctionSchema& schema, Instruction& instruction);
  void refuse_bits_in_float64(NodeId node) const;
  void keep_draw(NodeId node, Instruction& instruction) const;
  void fill_targets(NodeId node, const c10::FunctionSchema& schema, Instruction& instruction);
  void fill_scalar(NodeId node, Instruction& instruction);
  void fill_nested(NodeId node, Instruction& instruction);
  void add_outputs(NodeId output, Plan& plan);
  const c10::OperatorHandle& handle(NodeId node);
  [[noreturn]] void unsupported(NodeId node, std::string why) const;

  const Graph& graph_;
  const Placement& placement_;
  ArgumentBoxer boxer_;
  std::unordered_map<ValueId, Slot> slots_;
  std::unordered_map<ValueId, Use> last_uses_;
  std::unordered_set<ValueId> kept_;
  std::unordered_map<StringId, c10::OperatorHandle> handles_;
  std::string path_;  // of the nested graph at hand, for messages: "cond.true_graph_0."
};

}  // namespace fettle
