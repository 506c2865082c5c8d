#include "graph/journal.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse(Code code, std::string_view edit, std::string why, std::string hint = {}) {
  throw Error({.code = code,
               .what = "the edit '" + std::string(edit) + "' was refused",
               .why = std::move(why),
               .hint = std::move(hint)});
}

template <class Fn>
void for_each_block(const std::vector<NamedArgument>& arguments, Fn&& fn) {
  for (const NamedArgument& argument : arguments) {
    if (const auto* ref = std::get_if<BlockRef>(&argument.value.payload)) fn(ref->block);
  }
}

}  // namespace

void NodeSpec::add_tensor(StringId argument_name, ValueId value) {
  const Operand operand = add_operand(value);
  arguments.push_back({argument_name, ArgForm::positional, {ArgKind::tensor, operand}});
}

Journal::Journal(Graph& graph, Recording recording) : graph_(graph), recording_(recording) {}

// -- rewrites

bool Journal::begin_rewrite(NodeId root, std::string_view why) {
  require(root, "rewrite_begin");
  if (open_rewrite_) {
    refuse(Code::graph_bad_edit, "rewrite_begin", "a rewrite is open already",
           "end the rewrite before beginning the next; rewrites do not nest");
  }
  if (rewrites_ >= limit_) return false;
  open_rewrite_ = Rewrite{root, std::string(why), entries_.size(), 0};
  return true;
}

void Journal::end_rewrite() {
  if (!open_rewrite_) refuse(Code::graph_bad_edit, "rewrite_end", "no rewrite is open");
  if (entries_.size() > open_rewrite_->first) {
    open_rewrite_->last = entries_.size();
    kept_.push_back(std::move(*open_rewrite_));
    ++rewrites_;
  }
  open_rewrite_.reset();
}

void Journal::abort_rewrite() {
  if (!open_rewrite_) refuse(Code::graph_bad_edit, "rewrite_abort", "no rewrite is open");
  rollback(open_rewrite_->first);
  open_rewrite_.reset();
}

// -- checks

void Journal::require_open(std::string_view edit) const {
  if (recording_ == Recording::on && !open_rewrite_) {
    refuse(Code::graph_bad_edit, edit, "no rewrite is open",
           "call rewrite_begin(root, why) first, so that the edit can be limited and blamed");
  }
}

void Journal::require_builder(std::string_view edit) const {
  if (recording_ == Recording::on) {
    refuse(Code::graph_bad_edit, edit, "only builders set this: it is not recorded");
  }
}

void Journal::require_known(StringId text, std::string_view edit) const {
  if (text && text.index >= graph_.strings().size()) {
    refuse(Code::graph_stale_id, edit, "there is no string " + std::to_string(text.index));
  }
}

void Journal::require_known(TypeId type, std::string_view edit) const {
  if (type.index >= graph_.types().size()) {
    refuse(Code::graph_stale_id, edit, "there is no type " + std::to_string(type.index));
  }
}

const Node& Journal::require(NodeId node, std::string_view edit) const {
  if (!graph_.alive(node)) {
    refuse(Code::graph_stale_id, edit,
           "node " + std::to_string(node.index) + " does not exist or was erased");
  }
  return graph_.node(node);
}

const Value& Journal::require(ValueId value, std::string_view edit) const {
  if (!graph_.alive(value)) {
    refuse(Code::graph_stale_id, edit,
           "value " + std::to_string(value.index) + " does not exist or its node was erased");
  }
  return graph_.value(value);
}

void Journal::require_arguments(const std::vector<NamedArgument>& arguments,
                                const std::vector<ValueId>& operands, BlockId block,
                                std::string_view edit) const {
  for (ValueId operand : operands) {
    const Value& value = require(operand, edit);
    if (graph_.node(value.producer).block != block) {
      refuse(Code::graph_foreign_value, edit,
             "value '" + std::string(graph_.text(value.name)) + "' belongs to another block",
             "pass it to the nested graph as an operand of the call that owns it");
    }
  }
  std::uint32_t named = 0;
  for (const NamedArgument& argument : arguments) {
    for_each_operand(argument.value, [&](const Operand& operand) {
      if (operand.index != named) {
        refuse(Code::graph_bad_edit, edit,
               "arguments must name the operands once each, in order; operand " +
                   std::to_string(operand.index) + " stands where " + std::to_string(named) +
                   " was expected");
      }
      ++named;
    });
  }
  if (named != operands.size()) {
    refuse(Code::graph_bad_edit, edit,
           std::to_string(operands.size()) + " operands were given and arguments name " +
               std::to_string(named));
  }
}

void Journal::require_block(BlockId block, std::string_view edit) const {
  const bool exists = block.index < graph_.block_bound();
  if (!exists || (graph_.block(block).owner && !graph_.alive(block))) {
    refuse(Code::graph_stale_id, edit,
           "block " + std::to_string(block.index) + " does not exist or its call was erased");
  }
}

// Each nested graph is without owner, named once, and does not hold the place of its future owner.
void Journal::require_free_blocks(const NodeSpec& spec, BlockId where,
                                  std::string_view edit) const {
  std::vector<BlockId> named;
  for_each_block(spec.arguments, [&](BlockId block) { named.push_back(block); });
  if (named.empty()) return;
  std::ranges::sort(named);
  if (std::ranges::adjacent_find(named) != named.end()) {
    refuse(Code::graph_bad_edit, edit, "a call names a nested graph twice");
  }
  for (BlockId block : named) {
    if (block.index >= graph_.block_bound() || block == kRootBlock || graph_.block(block).owner) {
      refuse(Code::graph_bad_edit, edit, "a nested graph does not exist or has an owner already");
    }
  }
  // Only a graph with nodes can hold anything; builders name empty ones, and need not climb.
  const bool filled =
      std::ranges::any_of(named, [&](BlockId b) { return bool(graph_.block(b).first); });
  for (BlockId at = where;;) {
    if (std::ranges::binary_search(named, at)) {
      refuse(Code::graph_bad_edit, edit, "a nested graph would hold the call that owns it");
    }
    if (!filled || !graph_.block(at).owner) break;
    at = graph_.node(graph_.block(at).owner).block;
  }
}

// -- primitives

void Journal::link(NodeId id, BlockId block_id, NodeId before) {
  Node& node = graph_.nodes_[id.index];
  Block& block = graph_.blocks_[block_id.index];
  node.block = block_id;
  node.next = before;
  node.prev = before ? graph_.nodes_[before.index].prev : block.last;
  (node.prev ? graph_.nodes_[node.prev.index].next : block.first) = id;
  (node.next ? graph_.nodes_[node.next.index].prev : block.last) = id;
  ++block.node_count;
}

void Journal::unlink(NodeId id) {
  const Node& node = graph_.nodes_[id.index];
  Block& block = graph_.blocks_[node.block.index];
  (node.prev ? graph_.nodes_[node.prev.index].next : block.first) = node.next;
  (node.next ? graph_.nodes_[node.next.index].prev : block.last) = node.prev;
  --block.node_count;
}

void Journal::add_use(NodeId id, std::uint32_t operand, Use prev) {
  Node& node = graph_.nodes_[id.index];
  Value& value = graph_.values_[node.operands[operand].index];
  const Use use{id, operand};
  Use& link = prev ? graph_.nodes_[prev.user.index].operand_next[prev.operand] : value.first_use;
  const Use next = link;
  link = use;
  node.operand_prev[operand] = prev;
  node.operand_next[operand] = next;
  if (next) graph_.nodes_[next.user.index].operand_prev[next.operand] = use;
  ++value.use_count;
}

Use Journal::drop_use(NodeId id, std::uint32_t operand) {
  const Node& node = graph_.nodes_[id.index];
  Value& value = graph_.values_[node.operands[operand].index];
  const Use next = node.operand_next[operand];
  const Use prev = node.operand_prev[operand];
  if (next) graph_.nodes_[next.user.index].operand_prev[next.operand] = prev;
  (prev ? graph_.nodes_[prev.user.index].operand_next[prev.operand] : value.first_use) = next;
  --value.use_count;
  return prev;
}

Use Journal::put_operand(NodeId id, std::uint32_t operand, ValueId value, Use prev) {
  const Use old_prev = drop_use(id, operand);
  graph_.nodes_[id.index].operands[operand] = value;
  add_use(id, operand, prev);
  return old_prev;
}

void Journal::drop_uses(NodeId id) {
  const auto count = static_cast<std::uint32_t>(graph_.node(id).operands.size());
  for (std::uint32_t i = 0; i < count; ++i) drop_use(id, i);
}

// The last dropped comes back first, so that each finds the list as it left it.
void Journal::restore_uses(NodeId id) {
  const Node& node = graph_.node(id);
  for (auto i = static_cast<std::uint32_t>(node.operands.size()); i-- > 0;) {
    add_use(id, i, node.operand_prev[i]);
  }
}

// Expects the uses of the old operands dropped.
void Journal::put_arguments(NodeId id, std::vector<NamedArgument> arguments,
                            std::vector<ValueId> operands) {
  Node& node = graph_.nodes_[id.index];
  node.arguments = std::move(arguments);
  node.operands = std::move(operands);
  node.operand_next.assign(node.operands.size(), {});
  node.operand_prev.assign(node.operands.size(), {});
  for (std::uint32_t i = 0; i < node.operands.size(); ++i) add_use(id, i);
}

void Journal::mark_nested(NodeId id, bool alive) {
  // An explicit list of calls, not recursion: graphs can be nested as deeply as a file says.
  std::vector<NodeId> calls = {id};
  while (!calls.empty()) {
    const NodeId call = calls.back();
    calls.pop_back();
    for_each_block(graph_.node(call).arguments, [&](BlockId block) {
      for (NodeId inner : graph_.nodes(block)) {
        graph_.nodes_[inner.index].alive = alive;
        graph_.live_nodes_ += alive ? 1u : ~0u;
        calls.push_back(inner);
      }
    });
  }
}

void Journal::bury(NodeId id) {
  mark_nested(id, false);
  drop_uses(id);
  unlink(id);
  graph_.nodes_[id.index].alive = false;
  --graph_.live_nodes_;
}

void Journal::revive(NodeId id) {
  const Node& node = graph_.node(id);
  link(id, node.block, node.next);
  graph_.nodes_[id.index].alive = true;
  ++graph_.live_nodes_;
  restore_uses(id);
  mark_nested(id, true);
}

void Journal::uncreate(NodeId id) {
  for_each_block(graph_.node(id).arguments, [&](BlockId b) { graph_.blocks_[b.index].owner = {}; });
  drop_uses(id);
  unlink(id);
  graph_.nodes_[id.index].alive = false;
  --graph_.live_nodes_;
}

void Journal::record(Entry entry) {
  ++graph_.version_;
  if (recording_ == Recording::on) entries_.push_back(std::move(entry));
}

// -- edits

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
  for (std::uint32_t k = 0; k < counted; ++k) {
    Value& value = graph_.values_.emplace_back();
    value.producer = id;
    value.result = k;
    value.type = spec.result_types[k];
    if (k < spec.result_names.size()) {
      value.name = spec.result_names[k];
    } else {
      value.name = k == 0 && counted == 1
                       ? node.name
                       : fresh_name(std::string(graph_.text(node.name)) + "_" + std::to_string(k));
    }
  }
  link(id, where.block, where.before);
  ++graph_.live_nodes_;
  for_each_block(spec.arguments, [&](BlockId b) { graph_.blocks_[b.index].owner = id; });
  put_arguments(id, std::move(spec.arguments), std::move(spec.operands));
  record(Created{id});
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
  if (same_call(node.arguments, arguments) && node.operands == operands) return;
  drop_uses(id);
  ArgumentsSet entry{id, node.arguments, node.operands, node.operand_prev};
  put_arguments(id, std::move(arguments), std::move(operands));
  record(std::move(entry));
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
}

void Journal::set_type(ValueId value, TypeId type) {
  require_open("set_type");
  const TypeId old = require(value, "set_type").type;
  require_known(type, "set_type");
  if (old == type) return;
  graph_.values_[value.index].type = type;
  record(TypeSet{value, old});
}

void Journal::rename(NodeId node, StringId name) {
  require_open("rename");
  const StringId old = require(node, "rename").name;
  if (!name) refuse(Code::graph_bad_edit, "rename", "the new name is missing");
  require_known(name, "rename");
  if (old == name) return;
  graph_.nodes_[node.index].name = name;
  record(NodeRenamed{node, old});
}

void Journal::rename(ValueId value, StringId name) {
  require_open("rename");
  const StringId old = require(value, "rename").name;
  if (!name) refuse(Code::graph_bad_edit, "rename", "the new name is missing");
  require_known(name, "rename");
  if (old == name) return;
  graph_.values_[value.index].name = name;
  record(ValueRenamed{value, old});
}

void Journal::set_metadata(NodeId node, std::vector<MetadataEntry> metadata) {
  require_open("set_metadata");
  MetadataSet entry{node, require(node, "set_metadata").metadata};
  for (const MetadataEntry& item : metadata) {
    require_known(item.key, "set_metadata");
    require_known(item.text, "set_metadata");
  }
  if (entry.old == metadata) return;
  graph_.nodes_[node.index].metadata = std::move(metadata);
  record(std::move(entry));
}

BlockId Journal::create_block(StringId name) {
  // Not recorded: a block without an owner is not part of the program.
  require_open("create_block");
  require_known(name, "create_block");
  const BlockId id(graph_.block_bound());
  graph_.blocks_.emplace_back().name = name;
  return id;
}

// -- signature and constants

void Journal::set_input_spec(NodeId placeholder, InputSpec spec) {
  require_open("set_input_spec");
  const Node& node = require(placeholder, "set_input_spec");
  if (node.opcode != Opcode::placeholder || node.block != kRootBlock) {
    refuse(Code::graph_bad_edit, "set_input_spec", "only placeholders of the program have one");
  }
  if (node.input_spec && *node.input_spec == spec) return;
  InputSpecSet entry{placeholder, node.input_spec};
  graph_.nodes_[placeholder.index].input_spec = std::make_shared<const InputSpec>(std::move(spec));
  record(std::move(entry));
}

void Journal::set_output_specs(std::vector<OutputSpec> specs) {
  require_open("set_output_specs");
  const NodeId output = graph_.output_node();
  if (!output || graph_.node(output).arguments.size() != specs.size()) {
    refuse(Code::graph_bad_edit, "set_output_specs", "the program needs one spec for each output");
  }
  Node& node = graph_.nodes_[output.index];
  if (node.output_specs == specs) return;
  OutputSpecsSet entry{std::move(node.output_specs)};
  node.output_specs = std::move(specs);
  record(std::move(entry));
}

void Journal::add_constant(std::string name, TensorData data) {
  require_open("add_constant");
  if (graph_.constants_.contains(name)) {
    refuse(Code::graph_bad_edit, "add_constant", "there is a constant '" + name + "' already");
  }
  graph_.constants_.emplace(name, std::move(data));
  record(ConstantAdded{std::move(name)});
}

void Journal::remove_constant(std::string_view name) {
  require_open("remove_constant");
  const auto found = graph_.constants_.find(name);
  if (found == graph_.constants_.end()) {
    refuse(Code::graph_bad_edit, "remove_constant",
           "there is no constant '" + std::string(name) + "'");
  }
  ConstantRemoved entry{found->first, std::move(found->second)};
  graph_.constants_.erase(found);
  record(std::move(entry));
}

void Journal::set_node_details(NodeId node, StringId unknown_fields,
                               std::optional<bool> hop_single_return) {
  require_builder("set_node_details");
  graph_.nodes_[node.index].unknown_fields = unknown_fields;
  graph_.nodes_[node.index].hop_single_tensor_return = hop_single_return;
}

void Journal::set_block_details(BlockId block, StringId unknown_fields,
                                bool is_single_tensor_return) {
  require_builder("set_block_details");
  graph_.blocks_[block.index].unknown_fields = unknown_fields;
  graph_.blocks_[block.index].is_single_tensor_return = is_single_tensor_return;
}

void Journal::set_block_name(BlockId block, StringId name) {
  require_builder("set_block_name");
  graph_.blocks_[block.index].name = name;
}

StringId Journal::fresh_name(std::string_view base) {
  // A name is free if the pool never saw it: stricter than needed, and O(1).
  std::string name(base.empty() ? "node" : base);
  if (!graph_.strings().find(name)) return graph_.intern(name);
  std::uint32_t& counter = name_counters_[name];
  for (;;) {
    const std::string candidate = name + "_" + std::to_string(++counter);
    if (!graph_.strings().find(candidate)) return graph_.intern(candidate);
  }
}

}  // namespace fettle
