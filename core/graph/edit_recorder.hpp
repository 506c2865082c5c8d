// The calls that changed a graph, as bytes: the journal's wire format.
//
// A recorder is told by a Journal of each call that it carried out, as it came out: names are made,
// places are found. Whoever replays the calls on an equal graph gets an equal graph, with the same
// ids, rewrites and marks; what was undone is replayed and undone too, as ids are never reused.
//
// Strings and types go by their ids, which mean the same on both sides as long as both interned the
// same ones in the same order: `Interned` (graph/edit_wire.hpp) carries what is new. Constants go
// beside the bytes, so that recording a large one does not copy it.
//
// Costs what it writes; a journal without a recorder pays one comparison a call.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "graph/graph.hpp"

namespace fettle {

enum class EditCall : std::uint8_t {
  journal_begin,
  rewrite_begin,
  rewrite_end,
  rewrite_abort,
  rollback,
  create_node,
  erase_node,
  set_operand,
  replace_all_uses,
  set_arguments,
  move_before,
  set_type,
  rename_node,
  rename_value,
  set_metadata,
  create_block,
  set_input_spec,
  set_output_specs,
  add_constant,
  remove_constant,
};

class EditRecorder {
 public:
  // The recorded calls since the beginning; `constants` by the index that the bytes have for them.
  std::string_view bytes() const { return out_.text(); }
  const std::vector<TensorData>& constants() const { return constants_; }

  // For Journal alone, after each call. A graph is known from journal_begun on.
  void journal_begun(const Graph& graph);
  void rewrite_begun(NodeId root, std::string_view why);
  void rewrite_ended();
  void rewrite_aborted();
  void rolled_back(std::uint64_t mark);
  void node_created(NodeId node);
  void node_erased(NodeId node);
  void operand_set(NodeId node, std::uint32_t operand);
  void uses_replaced(ValueId value, ValueId replacement);
  void arguments_set(NodeId node);
  void node_moved(NodeId node);
  void type_set(ValueId value);
  void node_renamed(NodeId node);
  void value_renamed(ValueId value);
  void metadata_set(NodeId node);
  void block_created(BlockId block);
  void input_spec_set(NodeId node);
  void output_specs_set(NodeId output);
  void constant_added(std::string_view name, const TensorData& data);
  void constant_removed(std::string_view name);

 private:
  void call(EditCall call);
  void operands_and_arguments(const Node& node);

  const Graph* graph_ = nullptr;
  ByteWriter out_;
  std::vector<TensorData> constants_;
};

}  // namespace fettle
