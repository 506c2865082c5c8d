// Writes, random draws and aliasing forgotten: what a pass must ask facts about, and these do not.
#include <algorithm>

#include "mutant.hpp"

namespace {

using namespace mutants;

std::vector<Node> all_calls(const fettle::Graph& graph) {
  std::vector<Node> found;
  const fettle_columns columns = graph.columns();
  for (std::uint64_t i = 0; i < columns.n_nodes; ++i)
    if (columns.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION)
      found.push_back(graph.node(columns.nodes[i]));
  return found;
}

// Merges each call into an equal one before it in its block, if `may` says so of it.
template <class May>
void merge_equal(MutableGraph& graph, std::string_view why, May may) {
  std::vector<Node> leaders;
  for (const Node call : all_calls(graph)) {
    if (call.result_count() != 1 || !may(call)) continue;
    const auto leader = std::ranges::find_if(leaders, [&](Node other) {
      return other.block() == call.block() && fettle::same_call(other, call);
    });
    if (leader == leaders.end())
      leaders.push_back(call);
    else
      replace(graph, call, leader->result(), why);
  }
}

// CSE of equal pure calls, though what they read was written between them.
class CseAcrossWrite : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_cse_across_write";
  static constexpr const char* summary = "Merges equal pure calls.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::AliasClasses classes(graph);
    merge_equal(graph, "the same call", [&](Node call) {
      return call.facts().pure() && !call.facts().aliases() && !classes.returned(call.result());
    });
  }
};

// CSE that takes two draws of random numbers for one: their operands are equal.
class CseOfRandom : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_cse_of_random";
  static constexpr const char* summary = "Merges equal calls that write nothing.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    merge_equal(graph, "the same call", [](Node call) {
      const fettle::CallFacts facts = call.facts();
      return facts.known() && !facts.mutates() && !facts.side_effect() && !facts.aliases();
    });
  }
};

// Removes calls whose results nobody uses, those that write among them. (torch.fx's
// eliminate_dead_code did so to in-place calls before it asked is_impure about schemas.)
class DeadWrite : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_dead_write";
  static constexpr const char* summary = "Removes calls whose results are not used.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    std::vector<Node> backwards = all_calls(graph);
    std::ranges::reverse(backwards);
    for (const Node call : backwards) {
      bool used = call.result_count() == 0 || call.facts().random() || call.facts().side_effect();
      for (std::uint32_t k = 0; k < call.result_count(); ++k)
        used = used || call.result(k).use_count() != 0;
      if (used) continue;
      Rewrite rewrite(graph, call, "nobody uses it");
      if (!rewrite) continue;
      rewrite.erase(call);
      rewrite.commit();
    }
  }
};

// Takes clone for a no-op, like the other copies that a functional graph does not need: the
// original is then what is written in place.
class RemovedClone : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_removed_clone";
  static constexpr const char* summary = "Removes clones.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::AliasClasses classes(graph);
    for (const Node call : calls(graph, {"aten.clone.default"}))
      if (!classes.returned(call.result())) replace(graph, call, call.operand(0), "a copy");
  }
};

// Removes products with 1, returned ones too: an output is then an input's own memory, and whoever
// writes to one writes to the other. Numbers cannot tell.
class AliasedOutput : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_aliased_output";
  static constexpr const char* summary = "Removes products with 1.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : calls(graph, {"aten.mul.Tensor"}))
      if (is_number(call.argument("other"), 1) &&
          call.result().type_id() == call.operand(0).type_id())
        replace(graph, call, call.operand(0), "x * 1 is x");
  }
};

// Computes relu in place where nobody else uses its operand by name: a view of it may still be read
// afterwards.
class ReusedMemory : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_reused_memory";
  static constexpr const char* summary = "Computes relu in place where its operand dies.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    const fettle::AliasClasses classes(graph);
    for (const Node call : calls(graph, {"aten.relu.default"})) {
      const Value x = call.operand(0);
      if (!x.producer().is_call() || classes.holds_input(x) || later_use(call, x)) continue;
      replace(graph, call, NodeSpec("aten.relu_.default").argument(x), "its operand dies");
    }
  }

 private:
  static bool later_use(Node call, Value x) {
    for (Node after = call.next(); after; after = after.next())
      for (const Value operand : after.operands())
        if (operand == x) return true;
    return false;
  }
};

// Moves calls down to their first user, over writes to what they read.
class SunkRead : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_sunk_read";
  static constexpr const char* summary = "Moves pure calls right before their first user.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : all_calls(graph)) {
      if (!call.facts().pure() || call.result_count() != 1) continue;
      Node user = call.next();
      while (user && !std::ranges::count(user.operands(), call.result())) user = user.next();
      if (!user || user == call.next()) continue;
      Rewrite rewrite(graph, call, "only needed later");
      if (!rewrite) continue;
      rewrite.move_before(call, user);
      rewrite.commit();
    }
  }
};

// Folds calls on buffers, those that the program changes among them: right until the second call.
class FoldedBuffer : public fettle::Pass {
 public:
  static constexpr const char* name = "mutant_folded_buffer";
  static constexpr const char* summary = "Folds calls on a single buffer.";
  static constexpr Promise promise = Promise::exact;

  void transform(MutableGraph& graph) override {
    for (const Node call : all_calls(graph)) {
      const std::vector<Value> operands = call.operands();
      if (operands.size() != 1 || call.result_count() != 1 || !call.facts().pure() ||
          call.facts().aliases() || operands[0].producer().is_call() ||
          operands[0].producer().input_kind() != fettle::InputKind::buffer)
        continue;
      const fettle::Tensor stored = graph.constant(operands[0]);
      const DLTensor* const given[] = {stored.dlpack()};
      const auto folded = graph.evaluate(call, given);
      if (!folded) continue;
      Rewrite rewrite(graph, call, "of a buffer alone");
      if (rewrite) replace(rewrite, call, rewrite.add_constant("folded", (*folded)[0].view()));
    }
  }
};

}  // namespace

FETTLE_PLUGIN("test.mutants.effects", "1.0.0", CseAcrossWrite, CseOfRandom, DeadWrite, RemovedClone,
              AliasedOutput, ReusedMemory, SunkRead, FoldedBuffer)
