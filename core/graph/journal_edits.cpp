// The edits of nodes and values: each checks, then changes, then records.
#include <algorithm>

#include "graph/edit_recorder.hpp"
#include "graph/journal.hpp"
#include "graph/journal_refusal.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle {

NodeId Journal::create_node(NodeSpec spec, InsertPoint where) {
  constexpr std::string_view kEdit = "create_node";
  require_open(kEdit);
  if (where.before) where.block = require(where.before, kEdit).block;
  require_block(where.block, kEdit);
  if (!where.before && spec.opcode != Opcode::output) where.before = graph_.output_node(where.block);
  require_arguments(spec.arguments, spec.operands, where.block, kEdit);
  std::size_t counted = 0;
  for (const ResultForm& form : spec.result_forms) counted += form.count;
  if (counted != spec.result_types.size()) {
    refuse(Code::graph_bad_edit, kEdit,
           "result forms count " + std::to_string(counted) + " values and " +
               std::to_string(spec.result_types.size()) + " types were given");
  }
  require_free_blocks(spec, where.block, kEdit);
  require_known(spec.op, kEdit);
  require_known(spec.name, kEdit);
  for (TypeId type : spec.result_types) require_known(type, kEdit);
  for (StringId name : spec.result_names) require_known(name, kEdit);
  for (const MetadataEntry& item : spec.metadata) {
    require_known(item.key, kEdit);
    require_known(item.text, kEdit);
  }
  if (graph_.nodes_.size() >= NodeId::kNone || graph_.values_.size() + counted >= ValueId::kNone) {
    refuse(Code::graph_bad_edit, kEdit, "the graph has no 32-bit ids left");
  }

  const NodeId id(graph_.node_bound());
  Node& node = graph_.nodes_.emplace_back();
  node.opcode = spec.opcode;
  node.op = spec.op;
  if (!spec.name) {
    std::string_view base = graph_.text(spec.op);  // "aten.add.Tensor" names its nodes add, add_1 …
    if (const std::size_t dot = base.find('.'); dot != base.npos) base.remove_prefix(dot + 1);
    spec.name = fresh_name(base.substr(0, base.find('.')));
  }
  node.name = spec.name;
  node.first_result = graph_.value_bound();
  node.result_count = static_cast<std::uint32_t>(counted);
  node.result_forms = std::move(spec.result_forms);
  node.metadata = std::move(spec.metadata);
  node.unknown_fields = spec.unknown_fields;
  node.hop_single_tensor_return = spec.hop_single_tensor_return;
  // A tensor in a list of one is an element of what the node answers, which Python names apart.
  const bool alone = counted == 1 && node.result_forms.size() == 1 &&
                     node.result_forms[0].kind != ArgKind::tensors &&
                     node.hop_single_tensor_return.value_or(true);
  for (std::uint32_t k = 0; k < counted; ++k) {
    Value& value = graph_.values_.emplace_back();
    value.producer = id;
    value.result = k;
    value.type = spec.result_types[k];
    if (k < spec.result_names.size()) {
      value.name = spec.result_names[k];
    } else {
      value.name = alone
                       ? node.name
                       : fresh_name(std::string(graph_.text(node.name)) + "_" + std::to_string(k));
    }
  }
  link(id, where.block, where.before);
  ++graph_.live_nodes_;
  for_each_block(spec.arguments, [&](BlockId b) { graph_.blocks_[b.index].owner = id; });
  put_arguments(id, std::move(spec.arguments), spec.operands);
  record(Created{id});
  if (recorder_) recorder_->node_created(id);
  return id;
}

void Journal::erase_node(NodeId id) {
  require_open("erase_node");
  const Node& node = require(id, "erase_node");
  if (node.opcode == Opcode::output) {
    refuse(Code::graph_bad_edit, "erase_node", "the output node of a block cannot be erased");
  }
  for (ValueId result : graph_.results(id)) {
    if (graph_.value(result).use_count == 0) continue;
    const Use use = graph_.value(result).first_use;
    refuse(Code::graph_has_users, "erase_node",
           "'" + std::string(graph_.text(graph_.value(result).name)) + "' is used " +
               std::to_string(graph_.value(result).use_count) + " times, first by '" +
               std::string(graph_.text(graph_.node(use.user).name)) + "'",
           "replace its uses first");
  }
  bury(id);
  record(Erased{id});
  if (recorder_) recorder_->node_erased(id);
}

void Journal::set_operand(NodeId id, std::uint32_t operand, ValueId value) {
  require_open("set_operand");
  const Node& node = require(id, "set_operand");
  if (operand >= node.operands.size()) {
    refuse(Code::graph_bad_edit, "set_operand",
           "the node has " + std::to_string(node.operands.size()) + " operands, not " +
               std::to_string(std::uint64_t{operand} + 1));
  }
  if (graph_.node(require(value, "set_operand").producer).block != node.block) {
    refuse(Code::graph_foreign_value, "set_operand", "the value belongs to another block");
  }
  const ValueId old = node.operands[operand];
  if (old == value) return;
  const Use old_prev = put_operand(id, operand, value);
  record(OperandSet{id, operand, old, old_prev});
  if (recorder_) recorder_->operand_set(id, operand);
}

void Journal::replace_all_uses(ValueId value, ValueId replacement) {
  require_open("replace_all_uses");
  const Value& from = require(value, "replace_all_uses");
  const Value& to = require(replacement, "replace_all_uses");
  if (graph_.node(from.producer).block != graph_.node(to.producer).block) {
    refuse(Code::graph_foreign_value, "replace_all_uses",
           "value and replacement belong to different blocks");
  }
  if (value == replacement) return;
  while (from.first_use) {
    const Use use = from.first_use;
    const Use old_prev = put_operand(use.user, use.operand, replacement);
    record(OperandSet{use.user, use.operand, value, old_prev});
  }
  if (recorder_) recorder_->uses_replaced(value, replacement);
}

void Journal::set_arguments(NodeId id, std::vector<NamedArgument> arguments,
                            std::vector<ValueId> operands) {
  require_open("set_arguments");
  const Node& node = require(id, "set_arguments");
  require_arguments(arguments, operands, node.block, "set_arguments");
  std::vector<BlockId> before, after;
  for_each_block(node.arguments, [&](BlockId b) { before.push_back(b); });
  for_each_block(arguments, [&](BlockId b) { after.push_back(b); });
  if (before != after) {
    refuse(Code::graph_bad_edit, "set_arguments", "a call keeps the nested graphs it owns",
           "create a new call with the other nested graphs and erase this one");
  }
  if (same_call(node.arguments, arguments) && std::ranges::equal(node.operands, operands)) return;
  drop_uses(id);
  std::unique_ptr<Call> old;
  if (recording_ == Recording::on)
    old = std::make_unique<Call>(node.arguments, node.operands, node.links);
  put_arguments(id, std::move(arguments), operands);
  record(ArgumentsSet{id, std::move(old)});
  if (recorder_) recorder_->arguments_set(id);
}

void Journal::move_before(NodeId id, NodeId before) {
  require_open("move_before");
  const Node& node = require(id, "move_before");
  if (require(before, "move_before").block != node.block || node.opcode == Opcode::output) {
    refuse(Code::graph_bad_edit, "move_before",
           "a node moves within its own block, and the output node not at all");
  }
  if (id == before || node.next == before) return;
  const NodeId old_next = node.next;
  unlink(id);
  link(id, node.block, before);
  record(Moved{id, old_next});
  if (recorder_) recorder_->node_moved(id);
}

void Journal::set_type(ValueId value, TypeId type) {
  require_open("set_type");
  const TypeId old = require(value, "set_type").type;
  require_known(type, "set_type");
  if (old == type) return;
  graph_.values_[value.index].type = type;
  record(TypeSet{value, old});
  if (recorder_) recorder_->type_set(value);
}

void Journal::rename(NodeId node, StringId name) {
  require_open("rename");
  const StringId old = require(node, "rename").name;
  if (!name) refuse(Code::graph_bad_edit, "rename", "the new name is missing");
  require_known(name, "rename");
  if (old == name) return;
  graph_.nodes_[node.index].name = name;
  record(NodeRenamed{node, old});
  if (recorder_) recorder_->node_renamed(node);
}

void Journal::rename(ValueId value, StringId name) {
  require_open("rename");
  const StringId old = require(value, "rename").name;
  if (!name) refuse(Code::graph_bad_edit, "rename", "the new name is missing");
  require_known(name, "rename");
  if (old == name) return;
  graph_.values_[value.index].name = name;
  record(ValueRenamed{value, old});
  if (recorder_) recorder_->value_renamed(value);
}

void Journal::set_metadata(NodeId node, std::vector<MetadataEntry> metadata) {
  require_open("set_metadata");
  const std::vector<MetadataEntry>& old = require(node, "set_metadata").metadata;
  for (const MetadataEntry& item : metadata) {
    require_known(item.key, "set_metadata");
    require_known(item.text, "set_metadata");
  }
  if (old == metadata) return;
  MetadataSet entry{node, std::make_unique<std::vector<MetadataEntry>>(old)};
  graph_.nodes_[node.index].metadata = std::move(metadata);
  record(std::move(entry));
  if (recorder_) recorder_->metadata_set(node);
}

BlockId Journal::create_block(StringId name, bool is_single_tensor_return) {
  // Not recorded: a block without an owner is not part of the program.
  require_open("create_block");
  require_known(name, "create_block");
  const BlockId id(graph_.block_bound());
  Block& block = graph_.blocks_.emplace_back();
  block.name = name;
  block.is_single_tensor_return = is_single_tensor_return;
  if (recorder_) recorder_->block_created(id);
  return id;
}

}  // namespace fettle
