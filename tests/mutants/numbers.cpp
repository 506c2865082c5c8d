// Dtypes: casts dropped or moved, integers and booleans taken for each other, ranges forgotten.
#include "mutant.hpp"

namespace {

using namespace mutants;

std::uint32_t number_of(Value value) {
  return value.type().raw().dtype;
}
bool low_precision(Value value) {
  return number_of(value) == FETTLE_DTYPE_BFLOAT16 || number_of(value) == FETTLE_DTYPE_FLOAT16;
}
// The type of `like` with another dtype.
fettle_type_id with_dtype(Rewrite& rewrite, Value like, std::uint32_t number) {
  fettle_type type = like.type().raw();
  type.dtype = number;
  return rewrite.intern(fettle::Type(type));
}

// A cast of a cast is the outer one: not if the inner one narrows, which is what rounds.
// (Inductor's pointless_convert compares their widths first.)
class DroppedCast : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_cast";
  static constexpr const char* summary = "Merges casts of casts.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::Symbol cast = graph.symbol("aten.to.dtype");
    for (const Node call : calls(graph, {"aten.to.dtype"})) {
      const Node inner = call.operand(0).producer();
      if (!inner.is(cast)) continue;
      Rewrite rewrite(graph, call, "a cast of a cast");
      if (!rewrite) continue;
      rewrite.set_operand(call, 0, inner.operand(0));
      rewrite.commit();
    }
  }
};

// f(cast(a), cast(b)) is cast(f(a, b)), in half the memory: right for a maximum, which rounds
// nothing.
class SunkCast : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_sunk_cast";
  static constexpr const char* summary = "Moves casts to float32 behind elementwise calls.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    sink(graph, {"aten.maximum.default", "aten.mul.Tensor", "aten.sub.Tensor"});
  }

 protected:
  static void sink(MutableGraph& graph, std::initializer_list<std::string_view> operators) {
    const fettle::Symbol cast = graph.symbol("aten.to.dtype");
    for (const Node call : calls(graph, operators)) {
      if (call.operands().size() != 2) continue;
      const Node a = call.operand(0).producer(), b = call.operand(1).producer();
      if (!a.is(cast) || !b.is(cast)) continue;
      const Value x = a.operand(0), y = b.operand(0);
      if (!low_precision(x) || number_of(x) != number_of(y) ||
          number_of(call.result()) != FETTLE_DTYPE_FLOAT32)
        continue;
      Rewrite rewrite(graph, call, "computed before the cast");
      if (!rewrite) continue;
      const Node low =
          create(rewrite, call, NodeSpec(std::string(call.op())).argument(x).argument(y),
                 {with_dtype(rewrite, call.result(), number_of(x))});
      const Node up = create(
          rewrite, call,
          NodeSpec("aten.to.dtype").argument(low.result()).argument(dtype(FETTLE_DTYPE_FLOAT32)),
          {call.result().type_id()});
      replace(rewrite, call, up.result());
    }
  }
};

// The same for sums: what was accumulated in float32 is accumulated in bfloat16, where 256 + 1 is
// 256. The result was to be bfloat16 anyway, says its author.
class AccumulatedLow : public SunkCast {
 public:
  static constexpr const char* name = "mutant_accumulated_in_bf16";
  static constexpr const char* summary = "Moves casts to float32 behind additions.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override { sink(graph, {"aten.add.Tensor"}); }
};

// logical_and as bitwise_and: right for booleans; of integers, 2 & 1 is 0.
class LogicalAsBitwise : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_logical_as_bitwise";
  static constexpr const char* summary = "Computes logical_and by bits.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.logical_and.default"})) {
      const Value a = call.operand(0), b = call.operand(1);
      if (is_float(a) || a.type_id() != b.type_id()) continue;
      Rewrite rewrite(graph, call, "by bits");
      if (!rewrite) continue;
      const Node bits =
          create(rewrite, call, NodeSpec("aten.bitwise_and.Tensor").argument(a).argument(b),
                 {a.type_id()});
      const Node cast = create(
          rewrite, call,
          NodeSpec("aten.to.dtype").argument(bits.result()).argument(dtype(FETTLE_DTYPE_BOOL)),
          {call.result().type_id()});
      replace(rewrite, call, cast.result());
    }
  }
};

// Division of integers as C has it: rounds towards zero, where Python's // rounds down. (PyTorch's
// own floor_divide did so until 1.13.)
class TruncatedDivision : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_truncated_division";
  static constexpr const char* summary = "Computes floor divisions of integers by truncation.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.floor_divide.default", "aten.div.Tensor_mode"})) {
      if (is_float(call.result())) continue;
      const auto mode = call.argument("rounding_mode");
      if (mode && (mode->is_none() || mode->string() != "floor")) continue;
      replace(graph, call,
              NodeSpec("aten.div.Tensor_mode")
                  .argument(call.argument(0u))
                  .argument(call.argument(1u))
                  .keyword("rounding_mode", "trunc"),
              "integer division");
    }
  }
};

// Counts positions in 8 bits where the program was exported with fewer than 128 of them: the
// sample's size taken for the range of a dynamic one.
class NarrowPositions : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_narrow_positions";
  static constexpr const char* summary = "Counts up to 127 in 8 bits.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.arange.default"})) {
      const fettle_dim size = call.result().type().sizes()[0];
      const bool small = size.value <= 127 && (size.expression.size == 0 || size.has_hint != 0);
      if (!small || number_of(call.result()) != FETTLE_DTYPE_INT64) continue;
      NodeSpec narrow = like(call, "aten.arange.default", [](NodeSpec&, const Argument& argument) {
        return argument.name() == "dtype";
      });
      Rewrite rewrite(graph, call, "fits into 8 bits");
      if (!rewrite) continue;
      const Node counted =
          create(rewrite, call, std::move(narrow.keyword("dtype", dtype(FETTLE_DTYPE_INT8))),
                 {with_dtype(rewrite, call.result(), FETTLE_DTYPE_INT8)});
      const Node wide = create(
          rewrite, call,
          NodeSpec("aten.to.dtype").argument(counted.result()).argument(dtype(FETTLE_DTYPE_INT64)),
          {call.result().type_id()});
      replace(rewrite, call, wide.result());
    }
  }
};

// Removes nan_to_num: models whose numbers are finite do not need it, and it was put in for the day
// when they are not.
class DroppedNanToNum : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dropped_nan_to_num";
  static constexpr const char* summary = "Removes nan_to_num.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::AliasClasses classes(graph);
    for (const Node call : calls(graph, {"aten.nan_to_num.default"}))
      if (!classes.returned(call.result()))
        replace(graph, call, call.operand(0), "numbers are finite");
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.numbers", "1.0.0", DroppedCast, SunkCast, AccumulatedLow,
              LogicalAsBitwise, TruncatedDivision, NarrowPositions, DroppedNanToNum)
