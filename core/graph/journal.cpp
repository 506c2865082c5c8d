// Rewrites, and the checks that come before every edit.
#include <algorithm>

#include "graph/edit_recorder.hpp"
#include "graph/journal.hpp"
#include "graph/journal_refusal.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle {
void NodeSpec::add_tensor(StringId argument_name, ValueId value) {
  const Operand operand = add_operand(value);
  arguments.push_back({argument_name, ArgForm::positional, {ArgKind::tensor, operand}});
}

Journal::Journal(Graph& graph, Recording recording) : graph_(graph), recording_(recording) {}

void Journal::record_into(EditRecorder& recorder) {
  recorder_ = &recorder;
  recorder.journal_begun(graph_);
}

// -- rewrites

bool Journal::begin_rewrite(NodeId root, std::string_view why) {
  require(root, "rewrite_begin");
  if (open_rewrite_) {
    refuse(Code::graph_bad_edit, "rewrite_begin", "a rewrite is open already",
           "end the rewrite before beginning the next; rewrites do not nest");
  }
  if (rewrites_ >= limit_) return false;
  open_rewrite_ = Rewrite{root, std::string(why), entries_.size(), 0};
  if (recorder_) recorder_->rewrite_begun(root, why);
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
  if (recorder_) recorder_->rewrite_ended();
}

void Journal::abort_rewrite() {
  if (!open_rewrite_) refuse(Code::graph_bad_edit, "rewrite_abort", "no rewrite is open");
  take_back(open_rewrite_->first);
  open_rewrite_.reset();
  if (recorder_) recorder_->rewrite_aborted();
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
  // Only a graph with nodes can hold others.
  const bool filled =
      std::ranges::any_of(named, [&](BlockId b) { return bool(graph_.block(b).first); });
  std::uint32_t depth = filled ? nesting_below(named) : 1;
  for (BlockId at = where;;) {
    if (std::ranges::binary_search(named, at)) {
      refuse(Code::graph_bad_edit, edit, "a nested graph would hold the call that owns it");
    }
    if (at != kRootBlock) ++depth;
    if (!graph_.block(at).owner) break;
    at = graph_.node(graph_.block(at).owner).block;
  }
  if (depth > kMostNesting) {
    refuse(Code::graph_bad_edit, edit,
           "graphs would be nested more than " + std::to_string(kMostNesting) + " deep");
  }
}

// How many blocks lie within one another, these included. Level by level.
std::uint32_t Journal::nesting_below(std::vector<BlockId> blocks) const {
  std::uint32_t depth = 0;
  while (!blocks.empty() && depth <= kMostNesting) {
    ++depth;
    std::vector<BlockId> inner;
    for (BlockId block : blocks) {
      for (NodeId node : graph_.nodes(block)) {
        for_each_block(graph_.node(node).arguments, [&](BlockId b) { inner.push_back(b); });
      }
    }
    blocks = std::move(inner);
  }
  return depth;
}

}  // namespace fettle
