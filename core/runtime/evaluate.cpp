// One call on given values: what constant folding asks for. The same plan and interpreter as a whole
// program's, so that a folded value is what the program would have computed.

#include <c10/core/InferenceMode.h>

#include "base/error.hpp"
#include "ops/facts.hpp"
#include "runtime/executable.hpp"
#include "runtime/interpreter.hpp"
#include "runtime/plan_builder.hpp"
#include "runtime/quiet_warnings.hpp"
#include "runtime/run_values.hpp"

namespace fettle {

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
  interpreter.run(plan, nullptr);
  std::vector<RunValue> results;
  for (const c10::IValue& value : interpreter.take_outputs(plan)) {
    results.push_back(to_run_value(value));
  }
  return results;
}

}  // namespace fettle
