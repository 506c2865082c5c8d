#include "graph/block_copy.hpp"

#include <unordered_map>

#include "graph/journal_refusal.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle {
namespace {

// Copies nodes of one block to an insertion point; values are looked up by what they were.
class Copier {
 public:
  Copier(Journal& journal, std::string_view edit)
      : journal_(journal), graph_(journal.graph()), edit_(edit) {}

  void stands_for(ValueId original, ValueId copy) { copies_[original] = copy; }

  ValueId copy_of(ValueId original) const {
    const ValueId copy = copies_.at(original);
    if (!copy) {
      refuse(Code::graph_bad_edit, edit_,
             "'" + std::string(graph_.text(graph_.value(original).name)) +
                 "' is used, and nothing was given that stands for it");
    }
    return copy;
  }

  void copy(NodeId id, InsertPoint where) {
    const Node& node = graph_.node(id);
    NodeSpec spec;
    spec.opcode = node.opcode;
    spec.op = node.op;
    // Archives have no name for what a block returns.
    spec.name = node.opcode == Opcode::output ? node.name
                                              : journal_.fresh_name(graph_.text(node.name));
    spec.arguments = node.arguments;
    for (ValueId operand : node.operands) spec.operands.push_back(copy_of(operand));
    for (NamedArgument& argument : spec.arguments) {
      auto* ref = std::get_if<BlockRef>(&argument.value.payload);
      if (!ref) continue;
      ref->block = clone_block(journal_, ref->block);
      ref->name = graph_.block(ref->block).name;
    }
    spec.result_forms = node.result_forms;
    for (ValueId result : graph_.results(id)) {
      const Value& value = graph_.value(result);
      spec.result_types.push_back(value.type);
      const bool named_alike = node.result_count == 1 && value.name == node.name;
      spec.result_names.push_back(named_alike ? spec.name
                                              : journal_.fresh_name(graph_.text(value.name)));
    }
    spec.metadata = node.metadata;
    spec.unknown_fields = node.unknown_fields;
    spec.hop_single_tensor_return = node.hop_single_tensor_return;
    const NodeId made = journal_.create_node(std::move(spec), where);
    for (std::uint32_t k = 0; k < graph_.node(id).result_count; ++k) {
      stands_for(graph_.result(id, k), graph_.result(made, k));
    }
  }

 private:
  Journal& journal_;
  const Graph& graph_;
  std::string_view edit_;
  std::unordered_map<ValueId, ValueId> copies_;
};

}  // namespace

BlockId clone_block(Journal& journal, BlockId block) {
  const Graph& graph = journal.graph();
  const Block& original = graph.block(block);
  const BlockId made = journal.create_block(journal.fresh_name(graph.text(original.name)),
                                            original.is_single_tensor_return);
  Copier copier(journal, "clone_block");
  for (NodeId id : graph.nodes(block)) copier.copy(id, {made, {}});
  return made;
}

std::vector<ValueId> inline_block(Journal& journal, BlockId block, NodeId before,
                                  std::span<const ValueId> inputs) {
  constexpr std::string_view kEdit = "inline_block";
  const Graph& graph = journal.graph();
  const NodeId output = graph.output_node(block);
  if (!output) refuse(Code::graph_bad_edit, kEdit, "the block returns nothing");
  if (graph.node(before).block == block) {
    refuse(Code::graph_bad_edit, kEdit, "a block cannot be copied into itself");
  }
  const std::vector<ValueId> placeholders = block_inputs(graph, block);
  if (placeholders.size() != inputs.size()) {
    refuse(Code::graph_bad_edit, kEdit,
           "the block has " + std::to_string(placeholders.size()) + " placeholders and " +
               std::to_string(inputs.size()) + " values were given");
  }
  Copier copier(journal, kEdit);
  for (std::size_t k = 0; k < inputs.size(); ++k) copier.stands_for(placeholders[k], inputs[k]);
  for (NodeId id : graph.nodes(block)) {
    if (graph.node(id).opcode == Opcode::call_function) copier.copy(id, {.before = before});
  }
  std::vector<ValueId> outputs;
  for (const NamedArgument& argument : graph.node(output).arguments) {
    const auto* operand = std::get_if<Operand>(&argument.value.payload);
    outputs.push_back(operand ? copier.copy_of(graph.node(output).operands[operand->index])
                              : ValueId{});
  }
  return outputs;
}

}  // namespace fettle
