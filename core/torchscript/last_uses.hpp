// Which values of TorchScript code are no longer needed after which node, so that a run of it holds no
// more tensors than libtorch's own interpreter would.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace fettle {

class LastUses {
 public:
  using Values = std::vector<const torch::jit::Value*>;

  // Values of the node's own block whose last use, in nested blocks too, is this node. Each block is
  // looked through once, in time linear in its size.
  const Values& after(const torch::jit::Node& node);

 private:
  void look_through(const torch::jit::Block& block);

  std::unordered_set<const torch::jit::Block*> known_;
  std::unordered_map<const torch::jit::Node*, Values> last_;
};

}  // namespace fettle
