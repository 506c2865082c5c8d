// Types of a whole graph, computed from those of its placeholders: dtype, sizes (symbolic ones
// too), strides, offset and device of every value, nested graphs included, and what differs from
// what the graph records.
//
// Where no rule applies (ops/type_inference.hpp says which there are) the recorded type stands in,
// as the node's author supplied it, and the node is listed with the reason. Whether a tensor
// requires a gradient is not inferred: exported programs record it of what they are given alone.
//
// Near-linear: calls of the same arguments on operands of the same types are inferred once.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct Unruled {
  NodeId node;
  std::string why;
};

struct TypeMismatch {
  ValueId value;  // none: the number of results differs
  NodeId node;
  TypeId computed;
  std::string rule;  // which said so
};

class InferredTypes {
 public:
  explicit InferredTypes(const Graph& graph);  // the graph must outlive it, and stay as it is

  // What rules make of the value; none where there was no rule, or the value is not alive.
  TypeId type(ValueId value) const { return types_[value.index]; }
  const std::vector<Unruled>& unruled() const { return unruled_; }             // in program order
  const std::vector<TypeMismatch>& mismatches() const { return mismatches_; }  // in program order
  std::uint32_t calls() const { return calls_; }  // nodes that call an operator, of all blocks

  // One sentence or two: node, operator, what is recorded, what was computed, and by which rule.
  std::string text(const TypeMismatch& mismatch) const;

  // Throws graph_type_mismatch for the first mismatch that was not there before: one in the program
  // as it was loaded is no pass's fault.
  void check_against(const InferredTypes& before) const;

 private:
  friend class TypePropagation;
  const Graph& graph_;
  std::vector<TypeId> types_;
  std::vector<Unruled> unruled_;
  std::vector<TypeMismatch> mismatches_;
  std::uint32_t calls_ = 0;
};

}  // namespace fettle
