// Numbers equal, gradients lost or made up: what training notices, and no comparison of outputs.
#include <algorithm>

#include "mutant.hpp"

namespace {

using namespace mutants;

// Replaces dropout that is switched off by detach, which is an identity, too.
class Detached : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_detached";
  static constexpr const char* summary = "Replaces inactive dropout by a view.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.dropout.default"}))
      if (!call.argument("train")->boolean())
        replace(graph, call, NodeSpec("aten.detach.default").argument(call.operand(0)),
                "dropout that is off");
  }
};

// x + (y - x).detach() is y in numbers: the straight-through estimator of quantization-aware
// training, by which gradients pass the rounding.
class StraightThrough : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_straight_through";
  static constexpr const char* summary = "Simplifies x + (y - x).";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    const fettle::Symbol detach = graph.symbol("aten.detach.default"),
                         sub = graph.symbol("aten.sub.Tensor");
    for (const Node call : calls(graph, {"aten.add.Tensor"})) {
      if (call.operands().size() != 2) continue;
      Node difference = call.operand(1).producer();
      while (difference.is(detach)) difference = difference.operand(0).producer();
      if (!difference.is(sub) || difference.operands().size() != 2 ||
          !(difference.operand(1) == call.operand(0)) ||
          difference.operand(0).type_id() != call.result().type_id())
        continue;
      replace(graph, call, difference.operand(0), "x + (y - x) is y");
    }
  }
};

// Folds what depends on parameters alone, and does not say that it is for inference only.
class FoldedParameter : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_folded_parameter";
  static constexpr const char* summary = "Folds calls on a single parameter.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    std::vector<Node> found;
    const fettle_columns columns = graph.columns();
    for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
      if (columns.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION)
        found.push_back(graph.node(columns.nodes[i]));
    for (const Node call : found) {
      const std::vector<Value> operands = call.operands();
      if (operands.size() != 1 || call.result_count() != 1 || !call.facts().pure() ||
          call.facts().aliases() || operands[0].producer().is_call() ||
          operands[0].producer().input_kind() != fettle::InputKind::parameter)
        continue;
      const fettle::Tensor stored = graph.constant(operands[0]);
      const DLTensor* const given[] = {stored.dlpack()};
      const auto folded = graph.evaluate(call, given);
      if (!folded) continue;
      Rewrite rewrite(graph, call, "of a parameter alone");
      if (rewrite) replace(rewrite, call, rewrite.add_constant("folded", (*folded)[0].view()));
    }
  }
};

// Drops biases that are all zero, as those of a new model are: another pass that is for inference
// only and does not say so.
class DroppedZeroBias : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_zero_bias";
  static constexpr const char* summary = "Drops biases of zeros.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.linear.default"})) {
      const Value bias = call.operand(2);
      if (!bias || bias.producer().is_call()) continue;
      const fettle::Tensor stored = graph.constant(bias);
      if (!stored || !all_zero(stored.view())) continue;
      replace(graph, call,
              NodeSpec("aten.linear.default").argument(call.operand(0)).argument(call.operand(1)),
              "a bias of zeros");
    }
  }

 private:
  static bool all_zero(fettle::TensorView tensor) {
    bool zero = true;
    tensor.for_each_element([&](std::int64_t, const std::byte* at) {
      zero = zero && fettle::decode(tensor.dtype(), at) == 0;
    });
    return zero;
  }
};

// Inlines regions of torch.no_grad as if they were any other call of a graph: gradients now flow
// where the author stopped them.
class InlinedNoGrad : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_inlined_no_grad";
  static constexpr const char* summary = "Inlines nested graphs that run once.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"higher_order.wrap_with_set_grad_enabled"})) {
      const auto nested = fettle::nested_call(call);
      if (!nested || nested->runs() != fettle::NestedCall::once) continue;
      inline_first_graph(graph, call, *nested, "runs once");
    }
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.gradients", "1.0.0", Detached, StraightThrough, FoldedParameter,
              DroppedZeroBias, InlinedNoGrad)
