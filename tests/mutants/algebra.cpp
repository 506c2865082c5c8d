// Identities of real numbers that floating-point numbers, or these operators, do not have.
#include "mutant.hpp"

namespace {

using namespace mutants;

// Orders the operands of calls that commute, so that CSE sees more equal ones. Right for add and
// mul; sub is in the list by mistake.
class SwappedSub : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_swapped_sub";
  static constexpr const char* summary = "Orders the operands of calls that commute (and of sub).";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call :
         calls(graph, {"aten.add.Tensor", "aten.mul.Tensor", "aten.sub.Tensor"})) {
      const auto other = call.argument("other"), alpha = call.argument("alpha");
      if (!other || !other->is_value() || (alpha && !is_number(alpha, 1))) continue;
      const Value a = call.operand(0), b = call.operand(1);
      if (a.id() <= b.id() || a.type_id() != b.type_id()) continue;
      replace(graph, call, NodeSpec(std::string(call.op())).argument(b).argument(a), "commutes");
    }
  }
};

// x * 0 is 0: not for infinities and NaN, and -1 * 0 is -0. GCC and Clang do it under -ffast-math
// alone.
class TimesZero : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_times_zero";
  static constexpr const char* summary = "Replaces a product with 0 by zeros.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.mul.Tensor", "aten.mul.Scalar"}))
      if (is_number(call.argument("other"), 0) &&
          call.result().type_id() == call.operand(0).type_id())
        replace(graph, call, NodeSpec("aten.zeros_like.default").argument(call.operand(0)),
                "x * 0 is 0");
  }
};

// x / x is 1: not for 0, infinities and NaN. Right for a quotient of numbers known to be positive,
// which nobody asked about.
class DividedByItself : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_divided_by_itself";
  static constexpr const char* summary = "Replaces x / x by ones.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.div.Tensor"})) {
      const auto other = call.argument("other");
      if (!other->is_value() || !(other->value() == call.operand(0)) || !is_float(call.operand(0)))
        continue;
      replace(graph, call, NodeSpec("aten.ones_like.default").argument(call.operand(0)),
              "x / x is 1");
    }
  }
};

// x == x is true and x != x is false: right for integers; for floating numbers it is how NaN is
// found. (torch.isnan is x != x; compilers fold it under -ffinite-math-only.)
class FoldedSelfComparison : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_folded_self_comparison";
  static constexpr const char* summary = "Folds x == x and x != x, for floating numbers too.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.eq.Tensor", "aten.ne.Tensor"})) {
      if (!(call.operand(0) == call.operand(1))) continue;
      const bool equal = call.op() == "aten.eq.Tensor";
      replace(graph, call,
              NodeSpec("aten.full_like.default")
                  .argument(call.operand(0))
                  .argument(equal)
                  .keyword("dtype", dtype(FETTLE_DTYPE_BOOL)),
              "compared with itself");
    }
  }
};

// x + 0 is x: -0 + 0 is 0. LLVM folds only x - 0 and x + -0, unless told that signs of zeros do not
// matter.
class PlusZero : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_plus_zero";
  static constexpr const char* summary = "Removes additions of 0.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::AliasClasses classes(graph);
    for (const Node call : calls(graph, {"aten.add.Tensor", "aten.add.Scalar"}))
      if (is_number(call.argument("other"), 0) && !classes.returned(call.result()) &&
          call.result().type_id() == call.operand(0).type_id())
        replace(graph, call, call.operand(0), "x + 0 is x");
  }
};

// (x + a) + b is x + (a + b), a multiplication's constants likewise: not bit for bit, though the
// pass says so.
class Reassociated : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_reassociated";
  static constexpr const char* summary = "Adds up the constants of sums, and of products.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.add.Tensor", "aten.mul.Tensor"})) {
      const Node inner = call.operand(0).producer();
      if (inner.op() != call.op() || !number(call) || !number(inner)) continue;
      const double a = number(inner)->real(), b = number(call)->real();
      replace(graph, call,
              NodeSpec(std::string(call.op()))
                  .argument(inner.operand(0))
                  .argument(call.op() == "aten.add.Tensor" ? a + b : a * b),
              "constants of a chain");
    }
  }

 private:
  static std::optional<Argument> number(Node call) {
    const auto other = call.argument("other"), alpha = call.argument("alpha");
    const bool found = other && other->raw().payload == FETTLE_PAYLOAD_FLOAT;
    return found && (!alpha || is_number(alpha, 1)) ? other : std::nullopt;
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.algebra", "1.0.0", SwappedSub, TimesZero, DividedByItself,
              FoldedSelfComparison, PlusZero, Reassociated)
