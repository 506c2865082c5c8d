// Which module each node of a block was recorded in, from torch.export's `nn_module_stack`:
//
//   L__self__,,models.Net;L__self___encoder,encoder,models.Encoder;…   (key,path,class)
//
// A node without a record (a pass made it, or export did) lies in what the nearest nodes with one,
// before and behind it, have in common: it then splits no stretch of a module's nodes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct ModuleLevel {
  std::string path, type;  // "encoder.layer.0", "BertLayer"
};

// Those with a path of their own, the outermost first, at most 32: without the whole model, whose
// path is empty.
struct ModuleStack {
  std::vector<ModuleLevel> levels;
  std::string model;  // the class of the whole model
};

std::size_t common_levels(std::span<const ModuleLevel> a, std::span<const ModuleLevel> b);

class ModulePaths {
 public:
  explicit ModulePaths(const Graph& graph) : graph_(graph) {}

  const ModuleStack* recorded(NodeId node);  // null: nothing is recorded
  // Of each node of the block, in program order; borrowed until this dies. Linear. Placeholders
  // and the output lie in no module.
  std::vector<std::span<const ModuleLevel>> of_block(BlockId block);

 private:
  const Graph& graph_;
  std::unordered_map<StringId, ModuleStack> stacks_;  // by the record's text
};

}  // namespace fettle
