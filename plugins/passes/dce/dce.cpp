// Dead code elimination: removes calls whose results nobody uses, operands that no nested graph
// uses, and weights nobody reads.
//
//   %a = aten.relu.default(%x)
//   %b = aten.neg.default(%a)      # unused: goes
//   return (%a)
//
// The idea: one walk backwards meets every user before what it uses (sweep.hpp). A call with
// several results goes only if all are unused. What is passed to nested graphs that none of them
// uses is passed no longer:
//
//   cond(%p, yes, no, [%x, %y])     # where neither branch uses its %y
//   cond(%p, yes, no, [%x])         # so that what computed %y may go, too
//
// Exact: only pure calls go (same operands, same results, nothing else), and nothing else changes.
// Refused: whatever draws random numbers (later draws would change), writes memory, asserts, prints
// or is unknown; user inputs, which are the caller's; weights that a run changes, if only under
// another name; unused results of nested graphs that others of their results keep alive, and what
// loops carry or slice, which are results or set how often they run.
#include <fettle/fettle.hpp>

#include "../changed_weights.hpp"
#include "sweep.hpp"

namespace {

template <class Visit>
void for_each_dead_weight(const fettle::Graph& graph, Visit visit) {
  std::optional<ChangedWeights> changed;  // asked for late: most programs have no unused weight
  for (const fettle::Node node : graph.nodes()) {
    const fettle_node_info info = node.info();
    if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) return;  // placeholders come first
    const bool weight = info.input_kind == FETTLE_INPUT_PARAMETER ||
                        info.input_kind == FETTLE_INPUT_BUFFER ||
                        info.input_kind == FETTLE_INPUT_TENSOR_CONSTANT;
    if (!weight || info.n_results != 1) continue;
    if (graph.value(info.first_result).use_count() != 0) continue;
    if (!changed) changed.emplace(graph);
    if (!changed->contains(node.result()) && !visit(node)) return;
  }
}

class Dce : public fettle::Pass {
 public:
  static constexpr const char* name = "dce";
  static constexpr const char* summary =
      "Removes calls whose results nobody uses, and unused weights.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;
  static constexpr bool idempotent = true;

  static void declare(fettle::Options<Dce>& options) {
    options.add("weights", &Dce::weights_,
                "also remove parameters, buffers and constants that nothing reads");
  }

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    bool found = false;
    const auto stop = [&](auto&&...) { return !(found = true); };
    Sweep(graph).backwards(stop, stop);
    if (!found && weights_) for_each_dead_weight(graph, stop);
    if (found) return std::nullopt;
    return "every call is used or has to stay" +
           std::string(weights_ ? ", and every weight is read" : "");
  }

  void transform(fettle::MutableGraph& graph) override {
    Sweep(graph).backwards(
        [&](fettle::Node call) {
          if (!erase(graph, call, "unused call")) return false;
          graph.context().statistic("calls_removed", 1);
          return true;
        },
        [&](fettle::Node call, const auto& inputs) { return drop(graph, call, inputs); });
    if (!weights_) return;
    for_each_dead_weight(graph, [&](fettle::Node weight) {
      const std::int64_t bytes = weight.result().type().bytes();
      if (!erase(graph, weight, "unused weight")) return false;
      graph.context().statistic("weights_removed", 1);
      graph.context().statistic("weight_bytes_removed", bytes > 0 ? bytes : 0);
      return true;
    });
  }

 private:
  // Both false: past the limit on rewrites.
  bool drop(fettle::MutableGraph& graph, fettle::Node call,
            const std::vector<std::size_t>& inputs) {
    fettle::Rewrite rewrite(graph, call, "operands that no nested graph uses");
    if (!rewrite) return false;
    fettle::BlockEdits blocks(graph);
    for (auto k = inputs.rbegin(); k != inputs.rend(); ++k) blocks.drop_input(call, *k);
    rewrite.commit();
    graph.context().statistic("operands_removed", static_cast<std::int64_t>(inputs.size()));
    return true;
  }
  bool erase(fettle::MutableGraph& graph, fettle::Node node, const char* why) {
    fettle::Rewrite rewrite(graph, node, why);
    if (!rewrite) return false;
    rewrite.erase(node);
    rewrite.commit();
    return true;
  }

  bool weights_ = true;
};

}  // namespace

FETTLE_PLUGIN("fettle.dce", "1.0.0", Dce)
