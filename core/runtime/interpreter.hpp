// Executes a plan: for each instruction, in order, the boxed stack is laid out, the operator called
// and its results put into their slots. The frame and the stack live as long as the interpreter, so
// that a run allocates nothing of its own.
#pragma once

#include <ATen/core/stack.h>

#include <atomic>
#include <vector>

#include "runtime/executable.hpp"
#include "runtime/missing_derivatives.hpp"
#include "runtime/plan.hpp"

namespace fettle {

class Interpreter {
 public:
  explicit Interpreter(std::size_t slots) : frame_(slots) {}

  // Asked between iterations of nested graphs; null: never. Throws run_cancelled.
  void set_cancel(const std::atomic<bool>* cancel) { cancel_ = cancel; }

  c10::IValue& slot(Slot slot) { return frame_[slot]; }
  const std::vector<c10::IValue>& frame() const { return frame_; }

  // What memory that nobody initialized holds from now on (RunOptions::uninitialized).
  void fill_uninitialized(std::uint32_t contents) { uninitialized_ = contents; }

  // Told of each operator without a derivative; null: nobody wants gradients.
  void watch_derivatives(MissingDerivatives* missing) { missing_ = missing; }

  // Inputs are in their slots already. Throws operator_failed, and what a hook throws.
  void run(const Plan& plan, const NodeHook* hook);
  std::vector<c10::IValue> take_outputs(const Plan& plan);
  // Frees what a run that threw left behind; `kept` slots stay.
  void clear(const std::vector<bool>& kept);

 private:
  void step(const Instruction& instruction, const NodeHook* hook);
  void call(const Instruction& instruction);
  void call_scalar(const Instruction& instruction);
  void call_offloaded(const Instruction& instruction);
  void store_list(const ResultTarget& target, c10::IValue value);

  // nested_calls.cpp
  void call_nested(const Instruction& instruction, const NodeHook* hook);
  std::vector<c10::IValue> run_body(const Plan& body, std::vector<c10::IValue> inputs,
                                    const NodeHook* hook);
  std::vector<c10::IValue> run_loop(const NestedCall& call, std::vector<c10::IValue> inputs,
                                    const NodeHook* hook);
  std::vector<c10::IValue> run_slices(const NestedCall& call, std::vector<c10::IValue> inputs,
                                      const NodeHook* hook);
  void stop_if_cancelled() const;

  c10::IValue take(SlotUse use) {
    return use.last ? std::move(frame_[use.slot]) : frame_[use.slot];
  }
  std::vector<RunValue> values_of(const std::vector<Slot>& slots) const;

  std::vector<c10::IValue> frame_;
  torch::jit::Stack stack_;
  std::uint32_t uninitialized_ = 0;
  const std::atomic<bool>* cancel_ = nullptr;
  MissingDerivatives* missing_ = nullptr;
};

}  // namespace fettle
