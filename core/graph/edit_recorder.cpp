#include "graph/edit_recorder.hpp"

#include "graph/edit_wire.hpp"

namespace fettle {

void EditRecorder::call(EditCall call) {
  out_.choice(call);
}

void EditRecorder::journal_begun(const Graph& graph) {
  graph_ = &graph;
  call(EditCall::journal_begin);
}

void EditRecorder::rewrite_begun(NodeId root, std::string_view why) {
  call(EditCall::rewrite_begin);
  out_.id(root);
  out_.text(why);
}

void EditRecorder::rewrite_ended() {
  call(EditCall::rewrite_end);
}

void EditRecorder::rewrite_aborted() {
  call(EditCall::rewrite_abort);
}

void EditRecorder::rolled_back(std::uint64_t mark) {
  call(EditCall::rollback);
  out_.number(mark);
}

void EditRecorder::operands_and_arguments(const Node& node) {
  out_.list(node.operands, [&](ValueId value) { out_.id(value); });
  write_arguments(out_, node.arguments);
}

void EditRecorder::node_created(NodeId id) {
  const Node& node = graph_->node(id);
  call(EditCall::create_node);
  out_.id(node.block);
  out_.id(node.next);
  out_.choice(node.opcode);
  out_.id(node.op);
  out_.id(node.name);
  out_.id(node.unknown_fields);
  out_.number(static_cast<std::uint8_t>(
      node.hop_single_tensor_return ? 1 + *node.hop_single_tensor_return : 0));
  out_.list(node.result_forms, [&](const ResultForm& form) {
    out_.choice(form.kind);
    out_.number(form.count);
  });
  out_.count(node.result_count);
  for (ValueId result : graph_->results(id)) {
    out_.id(graph_->value(result).type);
    out_.id(graph_->value(result).name);
  }
  write_metadata(out_, node.metadata);
  operands_and_arguments(node);
}

void EditRecorder::node_erased(NodeId node) {
  call(EditCall::erase_node);
  out_.id(node);
}

void EditRecorder::operand_set(NodeId node, std::uint32_t operand) {
  call(EditCall::set_operand);
  out_.id(node);
  out_.number(operand);
  out_.id(graph_->node(node).operands[operand]);
}

void EditRecorder::uses_replaced(ValueId value, ValueId replacement) {
  call(EditCall::replace_all_uses);
  out_.id(value);
  out_.id(replacement);
}

void EditRecorder::arguments_set(NodeId node) {
  call(EditCall::set_arguments);
  out_.id(node);
  operands_and_arguments(graph_->node(node));
}

void EditRecorder::node_moved(NodeId node) {
  call(EditCall::move_before);
  out_.id(node);
  out_.id(graph_->node(node).next);
}

void EditRecorder::type_set(ValueId value) {
  call(EditCall::set_type);
  out_.id(value);
  out_.id(graph_->value(value).type);
}

void EditRecorder::node_renamed(NodeId node) {
  call(EditCall::rename_node);
  out_.id(node);
  out_.id(graph_->node(node).name);
}

void EditRecorder::value_renamed(ValueId value) {
  call(EditCall::rename_value);
  out_.id(value);
  out_.id(graph_->value(value).name);
}

void EditRecorder::metadata_set(NodeId node) {
  call(EditCall::set_metadata);
  out_.id(node);
  write_metadata(out_, graph_->node(node).metadata);
}

void EditRecorder::block_created(BlockId block) {
  call(EditCall::create_block);
  out_.id(graph_->block(block).name);
  out_.number(static_cast<std::uint8_t>(graph_->block(block).is_single_tensor_return));
}

void EditRecorder::input_spec_set(NodeId node) {
  const InputSpec& spec = *graph_->node(node).input_spec;
  call(EditCall::set_input_spec);
  out_.id(node);
  out_.choice(spec.kind);
  out_.text(spec.target);
  out_.number(static_cast<std::uint8_t>(spec.persistent));
  write_argument(out_, spec.constant);
}

void EditRecorder::output_specs_set(NodeId output) {
  call(EditCall::set_output_specs);
  out_.list(graph_->node(output).output_specs, [&](const OutputSpec& spec) {
    out_.choice(spec.kind);
    out_.text(spec.target);
  });
}

void EditRecorder::constant_added(std::string_view name, const TensorData& data) {
  call(EditCall::add_constant);
  out_.text(name);
  out_.number(static_cast<std::uint32_t>(constants_.size()));
  constants_.push_back(data);
}

void EditRecorder::constant_removed(std::string_view name) {
  call(EditCall::remove_constant);
  out_.text(name);
}

}  // namespace fettle
