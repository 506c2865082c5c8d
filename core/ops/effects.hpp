// A program's effects: what a run leaves behind for the caller of the Python program, besides what
// it returns. Two sources, which a program may mix:
//   - calls that write in place (TRAINING): every input or constant whose alias class is written;
//   - outputs that update an input or a constant (ATEN): the caller copies them back after a run.
//     Python's buffers may share storage, and then each name is changed.
// And the gradients that a joint forward-backward program returns.
//
// What may be written is listed: a run may well leave it as it was.
#pragma once

#include <vector>

#include "graph/effects.hpp"
#include "ops/facts.hpp"

namespace fettle {

struct Effect {
  EffectName name;
  ValueId value;                       // the placeholder; of a gradient: what it is the gradient of
  std::vector<std::uint32_t> outputs;  // positions of outputs that update it, or are the gradient
  bool gradient() const {
    return name.kind == EffectKind::parameter_gradient ||
           name.kind == EffectKind::user_input_gradient;
  }
};

// Placeholders in the signature's order, then gradients in that of the outputs. Linear.
std::vector<Effect> program_effects(const Graph& graph, const AliasClasses& aliases);

}  // namespace fettle
