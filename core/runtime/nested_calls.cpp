// How nested graphs run: what torch's own eager implementations do (torch/_higher_order_ops),
// without Python. A nested graph's values lie in the same frame; its inputs are put into its placeholders'
// slots, and moved there where the call used them last.

#include <ATen/ops/empty.h>

#include "base/error.hpp"
#include "runtime/interpreter.hpp"
#include "runtime/nested_call.hpp"

namespace fettle {
namespace {

using Values = std::vector<c10::IValue>;

// As Python's `if value:`.
bool truth(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().is_nonzero();
  if (value.isBool()) return value.toBool();
  if (value.isInt()) return value.toInt() != 0;
  if (value.isDouble()) return value.toDouble() != 0;
  throw std::runtime_error("the predicate is neither a tensor nor a number");
}

std::int64_t slice_count(const NestedCall& call, const Values& inputs) {
  std::int64_t count = -1;
  for (std::size_t k = call.carried; k < call.carried + call.sliced; ++k) {
    const at::Tensor& tensor = inputs[k].toTensor();
    if (tensor.dim() == 0) throw std::runtime_error("a tensor without dimensions has no slices");
    if (count >= 0 && tensor.size(0) != count) {
      throw std::runtime_error("the tensors to slice have " + std::to_string(count) + " and " +
                               std::to_string(tensor.size(0)) + " slices");
    }
    count = tensor.size(0);
  }
  if (count == 0) throw std::runtime_error("there are no slices, so no shape of the results");
  return count;
}

// Outputs of all iterations, one tensor for each output; what is no tensor becomes None.
class Stacked {
 public:
  void add(std::size_t output, std::int64_t slice, std::int64_t slices, const c10::IValue& value) {
    if (slice == 0) {
      const bool tensor = value.isTensor() && value.toTensor().defined();
      stacked_.push_back(tensor ? room_for(value.toTensor(), slices) : at::Tensor());
    }
    at::Tensor& all = stacked_[output];
    if (!all.defined()) return;
    const at::Tensor& one = value.toTensor();
    at::Tensor place = all.select(0, slice);
    if (one.sizes() != place.sizes() || one.scalar_type() != place.scalar_type()) {
      throw std::runtime_error("output " + std::to_string(output) +
                               " differs in shape or dtype from one iteration to the next");
    }
    place.copy_(one);
  }
  std::vector<at::Tensor> take() { return std::move(stacked_); }

 private:
  static at::Tensor room_for(const at::Tensor& one, std::int64_t slices) {
    std::vector<std::int64_t> sizes = {slices};
    sizes.insert(sizes.end(), one.sizes().begin(), one.sizes().end());
    return at::empty(sizes, one.options());
  }
  std::vector<at::Tensor> stacked_;
};

}  // namespace

void Interpreter::stop_if_cancelled() const {
  if (!cancel_ || !cancel_->load(std::memory_order_relaxed)) return;
  throw Error({.code = Code::run_cancelled,
               .what = "the run was stopped between two iterations of a nested graph"});
}

void Interpreter::call_nested(const Instruction& instruction, const NodeHook* hook) {
  const NestedCall& call = *instruction.nested;
  Values inputs = instruction.constants;
  for (const Fill& fill : instruction.fills) inputs[fill.position] = take(fill.use);
  Values results;
  {
    const ModeGuard mode(call.mode);
    switch (call.run) {
      case HigherOrderRun::once: results = run_body(call.bodies[0], std::move(inputs), hook); break;
      case HigherOrderRun::branch: {
        const bool first = truth(inputs.back());
        inputs.pop_back();
        results = run_body(call.bodies[first ? 0 : 1], std::move(inputs), hook);
        break;
      }
      case HigherOrderRun::loop: results = run_loop(call, std::move(inputs), hook); break;
      case HigherOrderRun::scan:
      case HigherOrderRun::map: results = run_slices(call, std::move(inputs), hook); break;
    }
  }
  for (std::size_t k = 0; k < instruction.targets.size(); ++k) {
    const ResultTarget& target = instruction.targets[k];
    if (target.count > 0) frame_[target.first] = std::move(results[k]);
  }
}

Values Interpreter::run_body(const Plan& body, Values inputs, const NodeHook* hook) {
  for (std::size_t k = 0; k < inputs.size(); ++k) frame_[body.inputs[k]] = std::move(inputs[k]);
  run(body, hook);
  return take_outputs(body);
}

// `inputs` are the next iteration's at any time: the first ones are carried.
Values Interpreter::run_loop(const NestedCall& call, Values inputs, const NodeHook* hook) {
  const auto carried = static_cast<std::ptrdiff_t>(call.carried);
  for (bool ran = false;; ran = true) {
    stop_if_cancelled();
    const Values answer = run_body(call.bodies[0], inputs, hook);
    if (!truth(answer[0])) {
      inputs.resize(call.carried);
      // The results of no iteration are copies, as torch has it.
      for (c10::IValue& value : inputs) {
        if (!ran && value.isTensor()) value = value.toTensor().clone();
      }
      return inputs;
    }
    Values next = inputs;
    for (auto value = inputs.begin(); value != inputs.begin() + carried; ++value) *value = {};
    next = run_body(call.bodies[1], std::move(next), hook);
    std::move(next.begin(), next.end(), inputs.begin());
  }
}

Values Interpreter::run_slices(const NestedCall& call, Values inputs, const NodeHook* hook) {
  const std::int64_t slices = slice_count(call, inputs);
  const std::size_t passed = call.carried + call.sliced;
  Values carried(std::make_move_iterator(inputs.begin()),
                 std::make_move_iterator(inputs.begin() + call.carried));
  Stacked stacked;
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    stop_if_cancelled();
    Values next = std::move(carried);
    for (std::size_t k = call.carried; k < passed; ++k) {
      next.emplace_back(inputs[k].toTensor().select(0, slice));
    }
    next.insert(next.end(), inputs.begin() + static_cast<std::ptrdiff_t>(passed), inputs.end());
    Values outputs = run_body(call.bodies[0], std::move(next), hook);
    for (std::size_t k = call.stacked_from; k < outputs.size(); ++k) {
      stacked.add(k - call.stacked_from, slice, slices, outputs[k]);
    }
    outputs.resize(call.carried);
    carried = std::move(outputs);
  }
  for (at::Tensor& tensor : stacked.take()) {
    carried.push_back(tensor.defined() ? c10::IValue(std::move(tensor)) : c10::IValue());
  }
  return carried;
}

}  // namespace fettle
