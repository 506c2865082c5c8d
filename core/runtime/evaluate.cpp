// One call on given values: what constant folding asks for. The same plan and interpreter as a whole
// program's, so that a folded value is what the program would have computed.

#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/error.hpp"
#include "ops/facts.hpp"
#include "runtime/executable.hpp"
#include "runtime/interpreter.hpp"
#include "runtime/nested_call.hpp"
#include "runtime/plan_builder.hpp"
#include "ops/quiet_warnings.hpp"
#include "runtime/run_values.hpp"

namespace fettle {

namespace {

// The modes of the calls around the node, the outermost first: a value folded within a region of
// autocast is what the region would have computed.
std::vector<ModeSettings> modes_around(const Graph& graph, NodeId node, const Placement& placement) {
  std::vector<ModeSettings> modes;
  for (NodeId at = graph.block(graph.node(node).block).owner; at;
       at = graph.block(graph.node(at).block).owner) {
    if (const auto call = as_higher_order_call(graph, at)) {
      modes.push_back(mode_of(graph, *call, placement));
    }
  }
  std::ranges::reverse(modes);
  return modes;
}

template <class Fn>
void run_in(std::span<const ModeSettings> modes, const Fn& fn) {
  if (modes.empty()) return fn();
  const ModeGuard guard(modes.front());
  run_in(modes.subspan(1), fn);
}

}  // namespace

std::vector<RunValue> evaluate_call(const Graph& graph, NodeId node,
                                    std::span<const RunValue> operands) {
  const c10::InferenceMode inference(true);
  const QuietWarnings quiet;
  const Placement placement;
  PlanBuilder builder(graph, placement);
  const Plan plan = builder.build_call(node);
  if (operands.size() != plan.inputs.size()) {
    throw Error({.code = Code::input_count,
                 .what = "the call takes " + std::to_string(plan.inputs.size()) +
                         " operands and was given " + std::to_string(operands.size()),
                 .where = "node '" + std::string(graph.text(graph.node(node).name)) + "'"});
  }
  Interpreter interpreter(builder.slot_count());
  for (std::size_t i = 0; i < operands.size(); ++i) {
    interpreter.slot(plan.inputs[i]) = to_ivalue(operands[i]);
  }
  // Operands may lie in an archive's mapped bytes: what the call writes is a copy.
  for (std::uint32_t i : call_facts(graph, node).writes) {
    c10::IValue& operand = interpreter.slot(plan.inputs[i]);
    if (operand.isTensor() && operand.toTensor().defined()) operand = operand.toTensor().clone();
  }
  run_in(modes_around(graph, node, placement), [&] { interpreter.run(plan, nullptr); });
  std::vector<RunValue> results;
  for (const c10::IValue& value : interpreter.take_outputs(plan)) {
    results.push_back(to_run_value(value));
  }
  return results;
}

}  // namespace fettle
