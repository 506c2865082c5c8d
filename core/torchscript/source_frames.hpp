// Where a TorchScript operator stands in the Python that was scripted or traced: the frames of calls
// that lead to it, as text for messages and as the metadata that torch.export writes.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// One call of a function, linked to its caller's. `module` and `class_name` are empty outside of
// modules.
struct SourceFrames {
  const SourceFrames* caller = nullptr;
  const torch::jit::Node* site = nullptr;  // in the caller
  std::string function;                    // "forward"
  std::string module;                      // "encoder.layer.0"
  std::string class_name;                  // "torch.nn.modules.linear.Linear"
};

// "model.py:12 in forward: return self.conv(x)"; empty when the archive does not say.
std::string source_line(const torch::jit::Node& node, const SourceFrames& frame);

// stack_trace and nn_module_stack.
std::vector<MetadataEntry> source_metadata(const torch::jit::Node& node, const SourceFrames& frame,
                                           const Graph& graph);

// "__torch__.torch.nn.modules.conv.___torch_mangle_4.Conv2d" → "torch.nn.modules.conv.Conv2d".
std::string python_class_name(const std::string& qualified);

}  // namespace fettle
