#include "runtime/interpreter.hpp"

#include "base/error.hpp"
#include "runtime/boxing.hpp"
#include "runtime/offloaded_plan.hpp"
#include "runtime/run_values.hpp"
#include "ops/torch_errors.hpp"
#include "runtime/uninitialized.hpp"

namespace fettle {
namespace {

[[noreturn]] void failed(const Origin& origin, const std::exception& error) {
  throw Error({.code = Code::operator_failed,
               .what = "the operator '" + origin.op + "' failed in node '" + origin.node + "'",
               .where = origin.source,
               .why = first_line(error)});
}

ScalarValue scalar_value(const c10::IValue& value) {
  if (value.isBool()) return value.toBool();
  if (value.isDouble()) return value.toDouble();
  return value.toInt();
}

}  // namespace

void Interpreter::run(const Plan& plan, const NodeHook* hook) {
  const Instruction* const first = plan.instructions.data();
  const Instruction* at = first;
  const Instruction* const last = first + plan.instructions.size();
  try {
    for (; at != last; ++at) step(*at, hook);
  } catch (const Error&) {
    throw;  // a hook's, or a nested graph's
  } catch (const std::exception& error) {
    failed(plan.origins[static_cast<std::size_t>(at - first)], error);
  }
}

void Interpreter::step(const Instruction& instruction, const NodeHook* hook) {
  if (instruction.kind == Instruction::Kind::offloaded) return call_offloaded(instruction);
  if (hook && hook->before) hook->before(instruction.node, values_of(instruction.operands));
  switch (instruction.kind) {
    case Instruction::Kind::call: call(instruction); break;
    case Instruction::Kind::scalar: call_scalar(instruction); break;
    case Instruction::Kind::nested: call_nested(instruction, hook); break;
    case Instruction::Kind::offloaded: break;
  }
  if (hook && hook->after) hook->after(instruction.node, values_of(instruction.results));
  for (Slot slot : instruction.frees) frame_[slot] = c10::IValue();
}

void Interpreter::call(const Instruction& instruction) {
  stack_.assign(instruction.constants.begin(), instruction.constants.end());
  for (const Fill& fill : instruction.fills) {
    stack_[fill.position] =
        fill.adapt == Adapt::none ? take(fill.use) : adapted(take(fill.use), fill.adapt);
  }
  for (const ListFill& list : instruction.lists) {
    std::vector<c10::IValue> elements = list.constants;
    for (const Fill& fill : list.fills) elements[fill.position] = take(fill.use);
    stack_[list.position] = make_list(list.kind, elements);
  }
  if (instruction.drawn_in) lower_to(*instruction.drawn_in, stack_);
  const bool watched = missing_ && MissingDerivatives::wanted(stack_);
  if (instruction.uninitialized && uninitialized_ != 0) {
    const StorageSizes before(stack_);
    instruction.op->callBoxed(stack_);
    before.fill_new(stack_, uninitialized_);
  } else {
    instruction.op->callBoxed(stack_);
  }
  if (watched) missing_->add_unless_recorded(*instruction.op, stack_);
  if (instruction.drawn_in) lift_to_float64(stack_);
  for (std::size_t k = 0; k < instruction.targets.size(); ++k) {
    const ResultTarget& target = instruction.targets[k];
    if (target.kind == ArgKind::none || target.count == 0) continue;
    if (target.kind == ArgKind::tensors || target.kind == ArgKind::optional_tensors) {
      store_list(target, std::move(stack_.at(k)));
    } else {
      frame_[target.first] = std::move(stack_.at(k));
    }
  }
  stack_.clear();
}

void Interpreter::store_list(const ResultTarget& target, c10::IValue value) {
  const auto elements = value.toListRef();
  if (elements.size() != target.count) {
    throw std::runtime_error("it returned " + std::to_string(elements.size()) +
                             " tensors where the graph has " + std::to_string(target.count));
  }
  for (std::uint32_t i = 0; i < target.count; ++i) frame_[target.first + i] = elements[i];
}

void Interpreter::call_scalar(const Instruction& instruction) {
  std::vector<c10::IValue> values = instruction.constants;
  for (const Fill& fill : instruction.fills) values[fill.position] = take(fill.use);
  std::vector<ScalarValue> numbers;
  for (const c10::IValue& value : values) numbers.push_back(scalar_value(value));
  frame_[instruction.targets[0].first] = std::visit(
      [](auto result) { return c10::IValue(result); }, instruction.scalar->evaluate(numbers));
}

// Inputs stay in their slots until the part is through: it borrows them.
void Interpreter::call_offloaded(const Instruction& instruction) {
  std::vector<RunValue> inputs;
  inputs.reserve(instruction.fills.size());
  for (const Fill& fill : instruction.fills) inputs.push_back(to_run_value(frame_[fill.use.slot]));
  std::vector<at::Tensor> outputs = launch(*instruction.offloaded, inputs, cancel_);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    frame_[instruction.results[k]] = std::move(outputs[k]);
  }
  for (const Fill& fill : instruction.fills) {
    if (fill.use.last) frame_[fill.use.slot] = c10::IValue();
  }
}

std::vector<c10::IValue> Interpreter::take_outputs(const Plan& plan) {
  std::vector<c10::IValue> outputs;
  outputs.reserve(plan.outputs.size());
  for (const OutputSource& source : plan.outputs) {
    outputs.push_back(source.slot ? frame_[*source.slot] : source.constant);
  }
  for (Slot slot : plan.frees) frame_[slot] = c10::IValue();
  return outputs;
}

void Interpreter::clear(const std::vector<bool>& kept) {
  stack_.clear();
  for (std::size_t slot = 0; slot < frame_.size(); ++slot) {
    if (slot >= kept.size() || !kept[slot]) frame_[slot] = c10::IValue();
  }
}

std::vector<RunValue> Interpreter::values_of(const std::vector<Slot>& slots) const {
  std::vector<RunValue> values;
  values.reserve(slots.size());
  for (Slot slot : slots) values.push_back(to_run_value(frame_[slot]));
  return values;
}

}  // namespace fettle
