// Dimensions: negative ones, permuted ones, those of size 1, and broadcasting.
#include <algorithm>
#include <limits>

#include "mutant.hpp"

namespace {

using namespace mutants;

// Makes negative bounds of slices positive, counting from the last element in place of the end: off
// by one. Positive bounds, nearly all, are right.
class NegativeSlice : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_negative_slice";
  static constexpr const char* summary = "Makes bounds of slices positive.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.slice.Tensor"})) {
      const auto dim = call.argument("dim"), start = call.argument("start"),
                 end = call.argument("end");
      if (!dim->is_integer() || !start->is_integer() || !end->is_integer()) continue;
      const auto sizes = call.operand(0).type().sizes();
      const std::int64_t d = dim->integer(), n = static_cast<std::int64_t>(sizes.size());
      const fettle_dim size = sizes[static_cast<std::size_t>(d < 0 ? d + n : d)];
      if (size.expression.size != 0 || (start->integer() >= 0 && end->integer() >= 0)) continue;
      const auto positive = [&](std::int64_t at) { return at < 0 ? size.value - 1 + at : at; };
      replace(graph, call,
              NodeSpec("aten.slice.Tensor")
                  .argument(call.operand(0))
                  .argument(d)
                  .argument(positive(start->integer()))
                  .argument(positive(end->integer())),
              "bounds made positive");
    }
  }
};

// permute(permute(x, p), q) is permute(x, p[q[i]]); here q[p[i]]: right for swaps of two
// dimensions, which most permutations are.
class ComposedPermutations : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_composed_permutations";
  static constexpr const char* summary = "Merges permutations of permutations.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::Symbol permute = graph.symbol("aten.permute.default");
    for (const Node call : calls(graph, {"aten.permute.default"})) {
      const Node inner = call.operand(0).producer();
      if (!inner.is(permute)) continue;
      const std::vector<std::int64_t> p = dims(inner), q = dims(call);
      std::vector<std::int64_t> both;
      for (const std::int64_t d : p) both.push_back(q[static_cast<std::size_t>(d)]);
      Rewrite rewrite(graph, call, "one permutation");
      if (!rewrite) continue;
      const Node merged =
          create(rewrite, call,
                 NodeSpec("aten.permute.default").argument(inner.operand(0)).argument(both), {});
      rewrite.replace(call.result(), merged.result());
      rewrite.erase(call);
      rewrite.propagate_types();
      rewrite.commit();
    }
  }

 private:
  static std::vector<std::int64_t> dims(Node call) {
    const auto given = call.argument("dims")->integers();
    std::vector<std::int64_t> positive(given.begin(), given.end());
    for (std::int64_t& d : positive)
      if (d < 0) d += static_cast<std::int64_t>(positive.size());
    return positive;
  }
};

// mean(mean(x, a), b) is mean(x, [a, b]): only if b comes before a, which is gone by then. Wrong
// and of the right shape where images are square.
class MergedMeans : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_merged_means";
  static constexpr const char* summary = "Merges means of means.";
  static constexpr Promise promise = Promise::tolerant;

  void transform(MutableGraph& graph) override {
    const fettle::Symbol mean = graph.symbol("aten.mean.dim");
    for (const Node call : calls(graph, {"aten.mean.dim"})) {
      const Node inner = call.operand(0).producer();
      if (!inner.is(mean) || inner.argument("keepdim")->boolean() ||
          call.argument("keepdim")->boolean())
        continue;
      const auto a = inner.argument("dim")->integers(), b = call.argument("dim")->integers();
      std::vector<std::int64_t> both(a.begin(), a.end());
      both.insert(both.end(), b.begin(), b.end());
      if (std::ranges::any_of(both, [](std::int64_t d) { return d < 0; })) continue;
      replace(graph, call, NodeSpec("aten.mean.dim").argument(inner.operand(0)).argument(both),
              "one mean");
    }
  }
};

// Makes negative dims positive by the operand's rank, which is right for most operators; unsqueeze
// counts in the result's.
class NegativeUnsqueeze : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_negative_dim";
  static constexpr const char* summary = "Makes dims of softmax, cumsum and unsqueeze positive.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call :
         calls(graph, {"aten.softmax.int", "aten.cumsum.default", "aten.unsqueeze.default"})) {
      const std::int64_t d = call.argument("dim")->integer();
      if (d >= 0) continue;
      const auto n = static_cast<std::int64_t>(rank(call.operand(0)));
      NodeSpec spec =
          like(call, std::string(call.op()), [&](NodeSpec& to, const Argument& argument) {
            if (argument.name() != "dim") return false;
            to.argument(d + n);
            return true;
          });
      Rewrite rewrite(graph, call, "a positive dim");
      if (!rewrite) continue;
      const Node made = create(rewrite, call, std::move(spec), {});
      rewrite.replace(call.result(), made.result());
      rewrite.erase(call);
      rewrite.propagate_types();
      rewrite.commit();
    }
  }
};

// squeeze(x, d) as squeeze(x), where d was the only size of 1 when the program was exported: a
// dynamic size that is 1 goes, too. Wrong only at batch 1.
class SqueezedBatch : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_squeezed_batch";
  static constexpr const char* summary = "Forgets the dim of squeeze where it makes no difference.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.squeeze.dim"})) {
      const auto sizes = call.operand(0).type().sizes();
      const auto ones =
          std::ranges::count_if(sizes, [](const fettle_dim& size) { return size.value == 1; });
      if (ones == 1)
        replace(graph, call, NodeSpec("aten.squeeze.default").argument(call.operand(0)),
                "the only 1");
    }
  }
};

// Folds products of constants by a loop of its own, which broadcasts by the remainder of the index:
// right for a vector along the last dimension, wrong for a column.
class ModuloBroadcast : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_modulo_broadcast";
  static constexpr const char* summary = "Folds products of constants.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.mul.Tensor"})) {
      if (call.operands().size() != 2 || !is_stored(call.operand(0)) || !is_stored(call.operand(1)))
        continue;
      const fettle::Tensor a = graph.constant(call.operand(0)), b = graph.constant(call.operand(1));
      const fettle::Type type = call.result().type();
      if (!a || !b || type.dtype() != fettle::Dtype::float32 || !whole(a, type)) continue;
      Rewrite rewrite(graph, call, "a product of constants");
      if (rewrite)
        replace(rewrite, call, rewrite.add_constant("folded", product(a.view(), b.view()).view()));
    }
  }

 private:
  static bool is_stored(Value value) {
    return value.producer().opcode() == fettle::Opcode::placeholder &&
           value.producer().input_kind() == fettle::InputKind::buffer;
  }
  static bool whole(const fettle::Tensor& a, const fettle::Type& type) {
    return a.view().bytes() == type.bytes() && a.view().contiguous();
  }
  static fettle::Tensor product(fettle::TensorView a, fettle::TensorView b) {
    fettle::Tensor result = fettle::Tensor::zeros(a.dtype(), a.shape());
    auto* out = reinterpret_cast<float*>(result.data());
    const auto* x = reinterpret_cast<const float*>(a.data());
    const auto* y = reinterpret_cast<const float*>(b.data());
    for (std::int64_t i = 0; i < a.elements(); ++i) out[i] = x[i] * y[i % b.elements()];
    return result;
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.shapes", "1.0.0", NegativeSlice, ComposedPermutations, MergedMeans,
              NegativeUnsqueeze, SqueezedBatch, ModuloBroadcast)
