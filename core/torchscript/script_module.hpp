// A TorchScript archive loaded by libtorch: the module on the CPU, in evaluation mode, with the names
// of its tensors, and the inputs that a trace was made with.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/signature.hpp"

namespace fettle {

// Throws torchscript_unreadable.
torch::jit::Module load_script_module(const std::string& file);

// One tensor among the attributes of a module, by its path ("encoder.weight").
struct NamedTensor {
  InputSpec spec;  // parameter, buffer, or tensor_constant: an attribute that is neither
  at::Tensor tensor;
};

// Parameters first, then buffers, then other tensors; each path once. Two modules of the same class
// list the same paths in the same order.
std::vector<NamedTensor> named_tensors(const torch::jit::Module& module);

// Paths of the submodules by the object that holds their attributes ("" for the module itself).
std::unordered_map<const c10::ivalue::Object*, std::string> module_paths(
    const torch::jit::Module& module);

// The inputs of `forward` that the archive remembers: tensors without data. None when it has none.
std::vector<c10::IValue> traced_inputs(const std::string& file);

}  // namespace fettle
