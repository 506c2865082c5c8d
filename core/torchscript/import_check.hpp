// The proof of an import: the graph, run by fettle, and the TorchScript module, run by libtorch, give
// the same on the same inputs.
#pragma once

#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// Random operators draw the same numbers on both sides.
inline constexpr std::uint64_t kImportSeed = 0;

// Throws torchscript_disagrees, which names the output and the largest difference.
void check_import(const Graph& graph, const std::vector<c10::IValue>& inputs,
                  const std::vector<c10::IValue>& expected, const std::string& file);

}  // namespace fettle
