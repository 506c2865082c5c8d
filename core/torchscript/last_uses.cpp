#include "torchscript/last_uses.hpp"

namespace fettle {
namespace {

namespace jit = torch::jit;

// The node's inputs, and what the blocks inside of it take; recursion is as deep as blocks nest.
template <class Fn>
void for_each_input(const jit::Node& node, const Fn& fn) {
  for (const jit::Value* input : node.inputs()) fn(input);
  for (const jit::Block* block : node.blocks()) {
    for (const jit::Node* inner : block->nodes()) for_each_input(*inner, fn);
    for (const jit::Value* output : block->outputs()) fn(output);
  }
}

}  // namespace

const LastUses::Values& LastUses::after(const jit::Node& node) {
  if (known_.insert(node.owningBlock()).second) look_through(*node.owningBlock());
  return last_[&node];
}

void LastUses::look_through(const jit::Block& block) {
  std::unordered_set<const jit::Value*> used_later;
  for (const jit::Value* output : block.outputs()) used_later.insert(output);
  for (const jit::Node* node : block.nodes().reverse()) {
    Values& last = last_[node];
    for_each_input(*node, [&](const jit::Value* value) {
      if (value->node()->owningBlock() == &block && used_later.insert(value).second) {
        last.push_back(value);
      }
    });
    for (const jit::Value* output : node->outputs()) {
      if (!used_later.contains(output)) last.push_back(output);
    }
  }
}

}  // namespace fettle
