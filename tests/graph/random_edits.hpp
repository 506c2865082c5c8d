// Edits drawn at random, good and bad ones, of a program with constants and nested graphs.
#pragma once

#include <random>

#include "graph/programs.hpp"

namespace fettle::test {

inline constexpr std::string_view kProgram = R"(
  graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], x: f32[2]):
    relu: f32[2] = aten.relu.default(x)
    add: f32[2] = aten.add.Tensor(relu, x, alpha=2)
    wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, add)
      graph sub(x: f32[2]):
        cos: f32[2] = aten.cos.default(x)
        inner: (in) = higher_order.wrap_with_set_grad_enabled(True, self.deep, cos)
          graph deep(x):
            return (x,)
        return (in,)
    cat: f32[2] = aten.cat.default([sin, sin, relu])
    mul: f32[2] = aten.mul.Tensor(cat, w)
    return (mul, relu)
)";

class RandomEditor {
 public:
  RandomEditor(Graph& graph, Journal& journal, std::uint32_t seed)
      : graph_(graph), journal_(journal), random_(seed) {}

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  // Ids just past the bound are tried too.
  NodeId any_node() { return NodeId(below(graph_.node_bound() + 1)); }
  ValueId any_value() { return ValueId(below(graph_.value_bound() + 1)); }

  // True when the edit was accepted.
  bool edit() {
    try {
      edit_unchecked();
      return true;
    } catch (const Error&) {
      return false;
    }
  }

 private:
  void edit_unchecked() {
    switch (below(13)) {
      case 0:
        journal_.create_node(call(graph_, "aten.f.default", {any_value(), any_value()}),
                             {kRootBlock, any_node()});
        return;
      case 1: journal_.erase_node(any_node()); return;
      case 2: journal_.set_operand(any_node(), below(2), any_value()); return;
      case 3: journal_.replace_all_uses(any_value(), any_value()); return;
      case 4: {
        const NodeSpec spec = call(graph_, "", {any_value()});
        const NodeId node = any_node();  // no placeholder: text does not show arguments of those
        if (graph_.alive(node) && graph_.node(node).opcode == Opcode::placeholder) return;
        journal_.set_arguments(node, spec.arguments, spec.operands);
        return;
      }
      case 5: journal_.move_before(any_node(), any_node()); return;
      case 6: journal_.set_type(any_value(), TypeId(below(3))); return;
      case 7: journal_.rename(any_node(), journal_.fresh_name("n")); return;
      case 8: journal_.rename(any_value(), journal_.fresh_name("v")); return;
      case 9: journal_.set_metadata(any_node(), {{graph_.intern("k"), graph_.intern("v")}}); return;
      case 10: {
        InputSpec spec;
        spec.kind = below(2) == 0 ? InputKind::token : InputKind::user_input;
        journal_.set_input_spec(any_node(), spec);
        return;
      }
      case 11:
        if (below(2) == 0) journal_.remove_constant("w");
        else journal_.add_constant("w", TensorData{make_storage("12345678", 8), Type{}});
        return;
      default: create_nested();
    }
  }

  void create_nested() {
    const BlockId block = below(2) == 0 ? journal_.create_block(graph_.intern("b"))
                                        : BlockId(below(graph_.block_bound()));
    NodeSpec owner = call(graph_, "higher_order.f", {});
    owner.arguments = {{StringId{}, ArgForm::positional,
                        {ArgKind::block, BlockRef{block, graph_.intern("b")}}}};
    journal_.create_node(call(graph_, "aten.f.default", {}), {block, {}});
    journal_.create_node(owner, {BlockId(below(graph_.block_bound())), {}});
  }

  Graph& graph_;
  Journal& journal_;
  std::mt19937 random_;
};

}  // namespace fettle::test
