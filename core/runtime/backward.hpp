// Leaves that libtorch's autograd records from, and the way back to them.
#pragma once

#include <span>
#include <vector>

#include "runtime/interpreter.hpp"

namespace fettle {

struct LeafSlots {
  std::vector<Slot> slots;  // of the placeholders that are this leaf
  bool written = false;     // the program writes it: it works on a copy, through which gradients flow
};

// Makes leaves of what is in the slots, and answers them.
std::vector<at::Tensor> place_leaves(const std::vector<LeafSlots>& leaves, Interpreter& interpreter);

RunValue without_history(const c10::IValue& value);

// By leaf; None: no path. `cotangents`: by output, None for one that counts for nothing. An operator
// whose derivative libtorch has not implemented is added to `missing`, and no leaf has a gradient.
// Throws input_count, input_shape, and operator_failed for what libtorch refuses.
std::vector<RunValue> gradients_of(const std::vector<at::Tensor>& outputs,
                                   std::span<const RunValue> cotangents,
                                   const std::vector<at::Tensor>& leaves,
                                   MissingDerivatives& missing);

}  // namespace fettle
