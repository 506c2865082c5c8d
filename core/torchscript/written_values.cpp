#include "torchscript/written_values.hpp"

#include <unordered_set>

namespace fettle {
namespace {

namespace jit = torch::jit;

class Writes {
 public:
  explicit Writes(const jit::Value& value) { same_.insert(&value); }

  bool in(const jit::Block& block) {
    for (const jit::Node* node : block.nodes()) {
      if (in(*node)) return true;
    }
    return false;
  }

 private:
  bool in(const jit::Node& node) {
    if (node.kind() == c10::prim::Loop) follow_loop(node);
    for (const jit::Block* block : node.blocks()) {
      if (in(*block)) return true;
      if (node.kind() == c10::prim::If) hand_on(block->outputs(), node.outputs());
    }
    const c10::FunctionSchema* schema = node.maybeSchema();
    if (!schema) return false;
    bool given = false;
    for (std::size_t i = 0; i < node.inputs().size() && i < schema->arguments().size(); ++i) {
      const auto* alias = schema->arguments()[i].alias_info();
      if (!alias || !same_.contains(node.inputs()[i])) continue;
      if (alias->isWrite()) return true;
      given = true;
    }
    for (std::size_t i = 0; given && i < node.outputs().size(); ++i) {
      if (schema->returns()[i].alias_info()) same_.insert(node.outputs()[i]);
    }
    return false;
  }

  // Carried values: behind the trip count and the condition outside, the trip inside.
  void follow_loop(const jit::Node& loop) {
    for (std::size_t i = 2; i < loop.inputs().size(); ++i) {
      if (same_.contains(loop.inputs()[i])) same_.insert(loop.blocks()[0]->inputs()[i - 1]);
    }
  }

  void hand_on(at::ArrayRef<const jit::Value*> from, at::ArrayRef<const jit::Value*> to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (same_.contains(from[i])) same_.insert(to[i]);
    }
  }

  std::unordered_set<const jit::Value*> same_;
};

}  // namespace

bool writes_to(const jit::Block& block, const jit::Value& value) {
  return Writes(value).in(block);
}

}  // namespace fettle
