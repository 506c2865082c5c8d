// Dead code elimination: removes calls whose results nobody uses, and weights nobody reads.
//
//   %a = aten.relu.default(%x)
//   %b = aten.neg.default(%a)      # unused: goes
//   return (%a)
//
// The idea: program order is a valid execution order, so that walking it backwards meets every user
// before what it uses. One sweep is enough: when a call is met, all that kept it alive has been
// met. Nested graphs come right before the call that owns them in the columns, so the sweep meets
// the call first; when it goes, its graphs go with it, and when it stays, they are swept like any
// other. A call with several results goes only if all are unused.
//
// Exact: only pure calls go (same operands, same results, nothing else), and nothing else changes.
// Refused: whatever draws random numbers (later draws would change), writes memory, asserts, prints
// or is unknown; user inputs, which are the caller's; weights that a run changes, if only under
// another name; unused results of nested graphs that others of their results keep alive.
#include <algorithm>
#include <fettle/fettle.hpp>
#include <vector>

#include "../changed_weights.hpp"
#include "../result_columns.hpp"

namespace {

// Calls `visit(node)` for each dead call, backwards; it may erase the call. Stops when visit is
// false. The columns are read as they were at the start, but for the uses, which are counted down
// here: the host is asked about dead calls alone.
template <class Visit>
void for_each_dead_call(const fettle::Graph& graph, Visit visit) {
  const fettle_columns columns = graph.columns();
  const ResultColumns results(columns);
  std::vector<std::uint32_t> uses(columns.use_counts, columns.use_counts + columns.n_values);
  for (std::uint64_t i = columns.n_nodes; i-- > 0;) {
    if (columns.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION) continue;
    const auto first = uses.begin() + results.first(i);
    if (std::any_of(first, first + results.count(i), [](auto n) { return n != 0; })) continue;
    const fettle::Node call = graph.node(columns.nodes[i]);
    if (call.op().empty()) continue;  // it went with the call that owned its graph
    if (!call.facts().pure()) continue;
    if (!visit(call)) return;
    for (std::uint64_t k = columns.operand_offsets[i]; k < columns.operand_offsets[i + 1]; ++k)
      --uses[columns.operands[k]];
  }
}

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

  static void declare(fettle::Options<Dce>& options) {
    options.add("weights", &Dce::weights_,
                "also remove parameters, buffers and constants that nothing reads");
  }

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    bool found = false;
    const auto stop = [&](fettle::Node) { return !(found = true); };
    for_each_dead_call(graph, stop);
    if (!found && weights_) for_each_dead_weight(graph, stop);
    if (found) return std::nullopt;
    return "every call is used or has to stay" +
           std::string(weights_ ? ", and every weight is read" : "");
  }

  void transform(fettle::MutableGraph& graph) override {
    for_each_dead_call(graph, [&](fettle::Node call) { return erase(graph, call, "unused call"); });
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
  // False: past the limit on rewrites.
  bool erase(fettle::MutableGraph& graph, fettle::Node node, const char* why) {
    fettle::Rewrite rewrite(graph, node, why);
    if (!rewrite) return false;
    if (node.is_call()) graph.context().statistic("calls_removed", 1);
    rewrite.erase(node);
    rewrite.commit();
    return true;
  }

  bool weights_ = true;
};

}  // namespace

FETTLE_PLUGIN("fettle.dce", "1.0.0", Dce)
