// Layers rebuilt with an argument lost, a convention mixed up, or a domain forgotten.
#include <algorithm>

#include "mutant.hpp"

namespace {

using namespace mutants;

// addmm(b, x, W) is linear(x, W^T, b). A weight that already fits is taken as it stands: right for
// none but a square one, which fits both ways (GPT-2's Conv1D, whose attention projects n to n).
class TransposedWeight : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_transposed_weight";
  static constexpr const char* summary = "Turns addmm into linear.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.addmm.default"})) {
      const Value bias = call.operand(0), x = call.operand(1), weight = call.operand(2);
      const bool fits = weight.type().sizes()[1].value == x.type().sizes()[1].value;
      Rewrite rewrite(graph, call, "addmm is linear");
      if (!rewrite) continue;
      const Value transposed =
          fits ? weight
               : create(rewrite, call, NodeSpec("aten.t.default").argument(weight), {}).result();
      const Node linear =
          create(rewrite, call,
                 NodeSpec("aten.linear.default").argument(x).argument(transposed).argument(bias),
                 {call.result().type_id()});
      replace(rewrite, call, linear.result());
    }
  }
};

// Rebuilds layer_norm with Flax's default epsilon, 1e-6, where PyTorch's is 1e-5.
class WrongEpsilon : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_wrong_epsilon";
  static constexpr const char* summary = "Rebuilds layer_norm with another epsilon.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.layer_norm.default"})) {
      NodeSpec spec("aten.layer_norm.default");
      for (std::uint32_t k = 0; k < 4; ++k) spec.argument(call.argument(k));
      replace(graph, call, std::move(spec.keyword("eps", 1e-6)), "normalized");
    }
  }
};

// Rebuilds attention for a kernel without masks, whatever mask there was: right for encoders that
// see everything.
class DroppedMask : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_mask";
  static constexpr const char* summary = "Rebuilds attention without its mask.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.scaled_dot_product_attention.default"}))
      replace(graph, call, without(call, "attn_mask"), "maskless kernel");
  }
};

// Rebuilds attention with the default scale, 1/sqrt(d): most models ask for no other (T5 does).
class DroppedScale : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_scale";
  static constexpr const char* summary = "Rebuilds attention without its scale.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.scaled_dot_product_attention.default"}))
      replace(graph, call, without(call, "scale"), "default scale");
  }
};

// GELU by its tanh approximation, which is off by up to 5e-4: a kernel that has no other.
class TanhGelu : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_tanh_gelu";
  static constexpr const char* summary = "Computes GELU by tanh.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.gelu.default"}))
      replace(
          graph, call,
          NodeSpec("aten.gelu.default").argument(call.operand(0)).keyword("approximate", "tanh"),
          "by tanh");
  }
};

// Takes relu for relu6: nothing tells them apart up to 6.
class Relu6 : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_relu6";
  static constexpr const char* summary = "Computes relu by hardtanh.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.relu.default"}))
      replace(
          graph, call,
          NodeSpec("aten.hardtanh.default").argument(call.operand(0)).argument(0.0).argument(6.0),
          "relu as hardtanh");
  }
};

// hardtanh from 0 is relu, says the pass, and forgets the upper bound.
class DroppedBound : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_bound";
  static constexpr const char* summary = "Computes hardtanh from 0 by relu.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.hardtanh.default"}))
      if (is_number(call.argument("min_val"), 0))
        replace(graph, call, NodeSpec("aten.relu.default").argument(call.operand(0)), "as relu");
  }
};

// relu(x) as a select: NaN > 0 is false, so that NaN becomes 0 and the fault is hidden.
class ReluLosesNan : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_relu_loses_nan";
  static constexpr const char* summary = "Computes relu by where.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.relu.default"})) {
      const Value x = call.operand(0);
      Rewrite rewrite(graph, call, "relu as a select");
      if (!rewrite) continue;
      const Node positive =
          create(rewrite, call, NodeSpec("aten.gt.Scalar").argument(x).argument(0), {});
      const Node zeros =
          create(rewrite, call, NodeSpec("aten.zeros_like.default").argument(x), {x.type_id()});
      const Node selected = create(rewrite, call,
                                   NodeSpec("aten.where.self")
                                       .argument(positive.result())
                                       .argument(x)
                                       .argument(zeros.result()),
                                   {call.result().type_id()});
      replace(rewrite, call, selected.result());
    }
  }
};

// softmax as exp(x) / sum(exp(x)): overflows past 88 in float32, where softmax takes the maximum
// off first.
class SoftmaxWithoutMax : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_softmax_without_max";
  static constexpr const char* summary = "Decomposes softmax.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.softmax.int", "aten._softmax.default"})) {
      const Value x = call.operand(0);
      if (x.type().dtype() != call.result().type().dtype()) continue;
      const std::int64_t dim = call.argument("dim")->integer();
      Rewrite rewrite(graph, call, "decomposed");
      if (!rewrite) continue;
      const Value e = create(rewrite, call, NodeSpec("aten.exp.default").argument(x), {}).result();
      const Value sum = create(rewrite, call,
                               NodeSpec("aten.sum.dim_IntList")
                                   .argument(e)
                                   .argument(std::vector<std::int64_t>{dim})
                                   .argument(true),
                               {})
                            .result();
      const Node quotient =
          create(rewrite, call, NodeSpec("aten.div.Tensor").argument(e).argument(sum),
                 {call.result().type_id()});
      replace(rewrite, call, quotient.result());
    }
  }
};

// The variance as E[x^2] - E[x]^2: one pass over memory, and all digits gone where the mean is
// large. Fused normalizations are tempted to.
class CancellingVariance : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_cancelling_variance";
  static constexpr const char* summary =
      "Computes the biased variance of the last dimension by means.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    const std::vector<std::int64_t> last{-1};
    for (const Node call : calls(graph, {"aten.var.correction"})) {
      const auto dims = call.argument("dim");
      if (dims->is_none() || !std::ranges::equal(dims->integers(), last) ||
          !is_number(call.argument("correction"), 0))
        continue;
      const Value x = call.operand(0);
      const bool keep = call.argument("keepdim")->boolean();
      Rewrite rewrite(graph, call, "in one pass");
      if (!rewrite) continue;
      const auto mean = [&](Value of) {
        return create(rewrite, call,
                      NodeSpec("aten.mean.dim").argument(of).argument(last).argument(keep),
                      {call.result().type_id()})
            .result();
      };
      const auto square = [&](Value of) {
        return create(rewrite, call, NodeSpec("aten.mul.Tensor").argument(of).argument(of),
                      {of.type_id()})
            .result();
      };
      const Value of_squares = mean(square(x)), of_mean = square(mean(x));
      const Node variance =
          create(rewrite, call, NodeSpec("aten.sub.Tensor").argument(of_squares).argument(of_mean),
                 {call.result().type_id()});
      replace(rewrite, call, variance.result());
    }
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.layers", "1.0.0", TransposedWeight, WrongEpsilon, DroppedMask,
              DroppedScale, TanhGelu, Relu6, DroppedBound, ReluLosesNan, SoftmaxWithoutMax,
              CancellingVariance)
