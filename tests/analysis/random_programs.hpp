// Programs for properties of analyses: small enough for a textbook's definition, varied by a seed.
#pragma once

#include <array>
#include <random>

#include "graph/programs.hpp"

namespace fettle::test {

// Calls on up to three values each; two seeds of three take them among the last few values and
// seldom make a call without any, so that deep trees come up as well as flat ones. Every eighth
// call or so owns a nested graph made the same way.
class RandomProgram {
 public:
  RandomProgram(std::uint32_t size, std::uint32_t seed)
      : random_(seed), among_(seed % 3 == 0 ? 1000 : 1 + seed % 3) {
    graph_ = parse_graph("graph(x: f32[4], y: f32[8]): return (x,)");
    journal_.emplace(*graph_, Journal::Recording::off);
    fill(kRootBlock, {value(*graph_, "x"), value(*graph_, "y")}, size, 2);
  }
  const Graph& graph() const { return *graph_; }

 private:
  void fill(BlockId block, std::vector<ValueId> values, std::uint32_t size, int nesting) {
    for (std::uint32_t i = 0; i < size; ++i) {
      std::vector<ValueId> operands;
      const bool none = random_() % (among_ == 1000 ? 4 : 32) == 0;
      for (auto k = none ? 0 : 1 + random_() % 3; k > 0; --k) operands.push_back(pick(values));
      NodeSpec spec = call(*graph_, operator_for(operands.size()), operands);
      if (nesting > 0 && random_() % 8 == 0) own_block(spec, nesting);
      values.push_back(graph_->result(journal_->create_node(std::move(spec), {block, {}})));
    }
    if (block == kRootBlock) return;
    NodeSpec output;
    output.opcode = Opcode::output;
    output.name = graph_->intern("output");
    output.add_tensor(graph_->intern(""), pick(values));
    journal_->create_node(std::move(output), {block, {}});
  }

  void own_block(NodeSpec& spec, int nesting) {
    const StringId name = graph_->intern("body_" + std::to_string(graph_->block_bound()));
    const BlockId block = journal_->create_block(name);
    NodeSpec input;
    input.opcode = Opcode::placeholder;
    input.name = graph_->intern("in");
    input.result_forms = {{ArgKind::tensor, 1}};
    input.result_types = {graph_->value(value(*graph_, "x")).type};
    const NodeId placeholder = journal_->create_node(std::move(input), {block, {}});
    fill(block, {graph_->result(placeholder)}, 1 + random_() % 8, nesting - 1);
    spec.arguments.push_back(
        {graph_->intern(""), ArgForm::positional, {ArgKind::block, BlockRef{block, name}}});
  }

  // One that allocates, one that returns a view, or one that nobody knows.
  std::string_view operator_for(std::size_t operands) {
    if (operands != 1) return "a.f";
    constexpr std::array ops = {"aten.relu.default", "aten.alias.default", "a.f"};
    return ops[random_() % ops.size()];
  }

  ValueId pick(const std::vector<ValueId>& values) {
    return values[values.size() - 1 - random_() % std::min(values.size(), among_)];
  }

  std::mt19937 random_;
  std::size_t among_;
  std::unique_ptr<Graph> graph_;
  std::optional<Journal> journal_;
};

}  // namespace fettle::test
