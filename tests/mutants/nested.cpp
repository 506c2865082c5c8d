// Control flow: nested graphs, and what decides which of them runs.
#include <string>
#include <unordered_set>

#include "mutant.hpp"

namespace {

using namespace mutants;

// Takes the branch that the example inputs took, as tracing does (torch.jit.trace warns of it).
class SpecializedCond : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_specialized_cond";
  static constexpr const char* summary = "Inlines the first branch of a cond.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"higher_order.cond"})) {
      const auto nested = fettle::nested_call(call);
      if (!nested || nested->runs() != fettle::NestedCall::branch) continue;
      inline_first_graph(graph, call, *nested, "the branch that was taken");
    }
  }
};

// cond(not p, f, g) is cond(p, g, f); here the branches stay where they are.
class CondOfNot : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_cond_of_not";
  static constexpr const char* summary = "Removes a not before a cond.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"higher_order.cond"})) {
      const Node predicate = call.operand(0).producer();
      if (predicate.op() != "aten.logical_not.default") continue;
      Rewrite rewrite(graph, call, "not p");
      if (!rewrite) continue;
      rewrite.set_operand(call, 0, predicate.operand(0));
      rewrite.commit();
    }
  }
};

// Removes relu of what cannot be negative, and knows values by their names: those of two nested
// graphs are often the same. Right in a graph without any.
class NamesAcrossBlocks : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_names_across_blocks";
  static constexpr const char* summary = "Removes relu of squares and exponentials.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    std::unordered_set<std::string> positive;
    for (const Node call : calls(graph, {"aten.exp.default", "aten.mul.Tensor"}))
      if (call.op() == "aten.exp.default" || call.operand(0) == call.operand(1))
        positive.emplace(call.result().name());
    for (const Node call : calls(graph, {"aten.relu.default"})) {
      const Value x = call.operand(0);
      if (positive.contains(std::string(x.name()))) replace(graph, call, x, "never negative");
    }
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.nested", "1.0.0", SpecializedCond, CondOfNot, NamesAcrossBlocks)
