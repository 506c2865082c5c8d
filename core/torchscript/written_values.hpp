// Whether TorchScript code writes in place to a value it is given: directly, or through views of
// it.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace fettle {

// Looks into nested blocks, not into functions that are called. Linear in the block's size.
bool writes_to(const torch::jit::Block& block, const torch::jit::Value& value);

}  // namespace fettle
