#include "bisect/smallest.hpp"

#include <unordered_set>

#include "base/error.hpp"
#include "graph/checks.hpp"
#include "ops/registry.hpp"
#include "runtime/input_checks.hpp"

namespace fettle {
namespace {

void run_program(const FrozenProgram& program, const Device& device, const NodeHook* hook) {
  Executable executable(*program.graph, {.device = device});
  RunOptions how;
  how.seed = 0;
  how.hook = hook;
  executable.run(program.inputs, how);
}

// As it is now: a later call may write to it.
RunValue frozen(const RunValue& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor && tensor->defined() ? RunValue(Tensor::from_constant(tensor->to_constant(), false))
                                     : value;
}

}  // namespace

void Smallest::run(const NodeHook& hook) const {
  run_program(program_, setup_.device, &hook);
}

std::unordered_map<ValueId, RunValue> Smallest::values_of(
    const std::vector<ValueId>& wanted) const {
  std::unordered_map<ValueId, RunValue> values;
  const std::vector<ValueId> given = user_inputs(graph()).values;
  for (std::size_t k = 0; k < given.size(); ++k) values.emplace(given[k], program_.inputs.at(k));
  std::unordered_set<ValueId> missing(wanted.begin(), wanted.end());
  std::erase_if(missing, [&](ValueId value) { return values.contains(value); });
  if (missing.empty()) return values;
  const auto take = [&](ValueId value, const RunValue& computed) {
    if (missing.erase(value) > 0) values.emplace(value, frozen(computed));
  };
  NodeHook hook;
  hook.before = [&](NodeId node, std::span<const RunValue> operands) {  // a nested graph's inputs
    for (std::size_t k = 0; k < operands.size(); ++k)
      take(graph().node(node).operands[k], operands[k]);
  };
  hook.after = [&](NodeId node, std::span<const RunValue> results) {
    for (std::size_t r = 0; r < results.size(); ++r) {
      take(graph().result(node, static_cast<std::uint32_t>(r)), results[r]);
    }
  };
  run(hook);
  return values;
}

bool Smallest::tried(const std::function<bool()>& step) {
  try {
    return step();
  } catch (const Error& error) {
    if (error.code() == Code::interrupted) throw;
    return false;
  } catch (const std::exception&) {  // a program that nobody would have written
    return false;
  }
}

void Smallest::require_sound(const FrozenProgram& program) const {
  check(*program.graph);
  check_schemas(*program.graph);
  run_program(program, setup_.device, nullptr);
}

bool Smallest::fails_twice(FrozenProgram smaller, Alike alike) {
  for (int time = 0; time < 2; ++time) {
    if (!setup_.fails(smaller, alike)) return false;
  }
  program_ = std::move(smaller);
  setup_.told(call_count(graph()));
  return true;
}

}  // namespace fettle
