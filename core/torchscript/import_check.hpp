// The proof of an import: the graph, run by fettle, and the TorchScript module, run by libtorch, give
// the same on the same inputs.
#pragma once

#include <ATen/core/ivalue.h>

#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "graph/graph.hpp"

namespace fettle {

// Random operators draw the same numbers on both sides.
inline constexpr std::uint64_t kImportSeed = 0;

// Throws torchscript_disagrees, which names the output and the largest difference.
void check_import(const Graph& graph, const std::vector<c10::IValue>& inputs,
                  const std::vector<c10::IValue>& expected, const std::string& file);

// Runs a graph with nested graphs, and gives up where its loops do not end within 200,000
// calls: the module, which nothing can stop, must not be run on such inputs. Adds the nested graphs
// that ran to `ran`. Answers why it did not end, or failed; empty: it ended.
std::string why_not_ended(const Graph& graph, const std::vector<c10::IValue>& inputs,
                          std::set<BlockId>& ran);

// A note for each nested graph that is not among those that ran.
std::vector<Diagnostic> not_compared(const Graph& graph, const std::set<BlockId>& ran,
                                     const std::string& file);

}  // namespace fettle
