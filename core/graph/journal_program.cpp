// The edits of what the program is besides its nodes: signature, constants, names.
#include "graph/edit_recorder.hpp"
#include "graph/journal.hpp"
#include "graph/journal_refusal.hpp"
#include "graph/python_names.hpp"

namespace fettle {

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
  if (recorder_) recorder_->input_spec_set(placeholder);
}

void Journal::set_output_specs(std::vector<OutputSpec> specs) {
  require_open("set_output_specs");
  const NodeId output = graph_.output_node();
  if (!output || graph_.node(output).arguments.size() != specs.size()) {
    refuse(Code::graph_bad_edit, "set_output_specs", "the program needs one spec for each output");
  }
  Node& node = graph_.nodes_[output.index];
  if (node.output_specs == specs) return;
  OutputSpecsSet entry{std::make_unique<std::vector<OutputSpec>>(std::move(node.output_specs))};
  node.output_specs = std::move(specs);
  record(std::move(entry));
  if (recorder_) recorder_->output_specs_set(output);
}

void Journal::add_constant(std::string name, TensorData data) {
  require_open("add_constant");
  if (graph_.constants_.contains(name)) {
    refuse(Code::graph_bad_edit, "add_constant", "there is a constant '" + name + "' already");
  }
  graph_.constants_.emplace(name, std::move(data));
  if (recorder_) recorder_->constant_added(name, graph_.constants_.find(name)->second);
  record(ConstantAdded{std::make_unique<std::string>(std::move(name))});
}

void Journal::remove_constant(std::string_view name) {
  require_open("remove_constant");
  const auto found = graph_.constants_.find(name);
  if (found == graph_.constants_.end()) {
    refuse(Code::graph_bad_edit, "remove_constant",
           "there is no constant '" + std::string(name) + "'");
  }
  if (recorder_) recorder_->constant_removed(found->first);
  ConstantRemoved entry{std::make_unique<Constant>(found->first, std::move(found->second))};
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

void Journal::set_shape_constraints(ShapeConstraints constraints) {
  require_builder("set_shape_constraints");
  graph_.shape_constraints_ = std::move(constraints);
}

StringId Journal::fresh_name(std::string_view base) {
  // A name is free if the pool never saw it: stricter than needed, and O(1).
  std::string name(base.empty() ? "node" : base);
  if (!taken_by_python(name) && !graph_.strings().find(name)) return graph_.intern(name);
  std::uint32_t& counter = name_counters_[name];
  for (;;) {
    const std::string candidate = name + "_" + std::to_string(++counter);
    if (!graph_.strings().find(candidate)) return graph_.intern(candidate);
  }
}

}  // namespace fettle
