#include "graph/extract.hpp"

#include <unordered_map>
#include <unordered_set>

#include "graph/journal.hpp"
#include "graph/text_literal.hpp"

namespace fettle {
namespace {

class Extraction {
 public:
  explicit Extraction(const Graph& source)
      : source_(source),
        out_{std::make_unique<Graph>(), {}},
        to_(*out_.graph, Journal::Recording::off) {
    ShapeConstraints constraints;
    constraints.ranges = source.shape_constraints().ranges;
    to_.set_shape_constraints(std::move(constraints));
  }

  Extract run(std::span<const NodeId> calls, std::span<const ValueId> inputs,
              std::span<const ValueId> outputs) {
    // Placeholders come first, so that all that is missing has to be known before the first call.
    const std::unordered_set<ValueId> given(inputs.begin(), inputs.end());
    std::vector<ValueId> weights, missing(inputs.begin(), inputs.end());
    std::unordered_set<ValueId> seen(inputs.begin(), inputs.end());
    std::unordered_set<NodeId> taken(calls.begin(), calls.end());
    const auto want = [&](ValueId value) {
      if (taken.contains(source_.value(value).producer) && !given.contains(value)) return;
      if (!seen.insert(value).second) return;
      (is_weight(value) ? weights : missing).push_back(value);
    };
    for (const NodeId call : calls) {
      for (const ValueId operand : source_.node(call).operands) want(operand);
    }
    for (const ValueId output : outputs) want(output);

    for (const ValueId weight : weights) add_weight(weight);
    for (const ValueId value : missing) add_input(value);
    out_.inputs = std::move(missing);
    for (const NodeId call : calls) copy(call, kRootBlock);
    add_output(outputs);
    return std::move(out_);
  }

 private:
  Graph& made() { return *out_.graph; }
  StringId translated(StringId id) { return id ? made().intern(source_.text(id)) : StringId{}; }

  bool is_weight(ValueId value) const {
    const Node& node = source_.node(source_.value(value).producer);
    return node.opcode == Opcode::placeholder && node.input_spec &&
           node.input_spec->kind != InputKind::user_input;
  }

  void add_weight(ValueId value) {
    const Node& node = source_.node(source_.value(value).producer);
    const NodeId placeholder = add_placeholder(value, node.result_forms);
    to_.set_input_spec(placeholder, *node.input_spec);
    const auto constant = source_.constants().find(node.input_spec->target);
    if (constant != source_.constants().end() &&
        !made().constants().contains(node.input_spec->target)) {
      to_.add_constant(node.input_spec->target, constant->second);
    }
  }

  void add_input(ValueId value) {
    const ArgKind kind = text::kind_of_type(source_.type(value));
    to_.set_input_spec(add_placeholder(value, {{kind, 1}}), InputSpec{});
  }

  NodeId add_placeholder(ValueId value, ResultForms forms) {
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.name = fresh(source_.value(value).name);
    spec.result_forms = std::move(forms);
    spec.result_types = {made().intern(source_.type(value))};
    spec.result_names = {spec.name};
    const NodeId node = to_.create_node(std::move(spec), {kRootBlock, {}});
    copies_[value] = made().result(node);
    return node;
  }

  StringId fresh(StringId name) {
    return made().intern(made().text(to_.fresh_name(source_.text(name))));
  }

  void add_output(std::span<const ValueId> outputs) {
    NodeSpec spec;
    spec.opcode = Opcode::output;
    spec.name = made().intern("output");
    for (const ValueId output : outputs) {
      const Operand operand = spec.add_operand(copies_.at(output));
      spec.arguments.push_back({StringId{}, ArgForm::positional,
                                {text::kind_of_type(source_.type(output)), operand}});
    }
    to_.create_node(std::move(spec), {kRootBlock, {}});
    to_.set_output_specs(std::vector<OutputSpec>(outputs.size()));
  }

  void copy(NodeId id, BlockId block) {
    const Node& node = source_.node(id);
    NodeSpec spec;
    spec.opcode = node.opcode;
    spec.op = translated(node.op);
    // A block sees its own values alone: below the root, names may stay as they were.
    const auto named = [&](StringId name) {
      return block == kRootBlock ? fresh(name) : translated(name);
    };
    spec.name = named(node.name);
    for (const ValueId operand : node.operands) spec.operands.push_back(copies_.at(operand));
    for (const NamedArgument& argument : node.arguments) {
      spec.arguments.push_back(
          {translated(argument.name), argument.form, translated(argument.value)});
    }
    spec.result_forms = node.result_forms;
    for (const ValueId result : source_.results(id)) {
      const Value& value = source_.value(result);
      spec.result_types.push_back(made().intern(source_.type(result)));
      const bool alike = node.result_count == 1 && value.name == node.name;
      spec.result_names.push_back(alike ? spec.name : named(value.name));
    }
    for (const MetadataEntry& entry : node.metadata) {
      spec.metadata.push_back({translated(entry.key), translated(entry.text)});
    }
    spec.unknown_fields = translated(node.unknown_fields);
    spec.hop_single_tensor_return = node.hop_single_tensor_return;
    const NodeId copied = to_.create_node(std::move(spec), {block, {}});
    for (std::uint32_t k = 0; k < node.result_count; ++k) {
      copies_[source_.result(id, k)] = made().result(copied, k);
    }
  }

  // As deep as graphs and lists nest.
  Argument translated(const Argument& argument) {
    Argument out{argument.kind, argument.payload};
    if (auto* string = std::get_if<StringId>(&out.payload)) {
      *string = translated(*string);
    } else if (auto* ref = std::get_if<BlockRef>(&out.payload)) {
      *ref = {copy_block(ref->block), translated(ref->name)};
    } else if (auto* list = std::get_if<std::vector<Argument>>(&out.payload)) {
      for (Argument& element : *list) element = translated(element);
    } else if (auto* entries = std::get_if<std::vector<DictEntry>>(&out.payload)) {
      for (DictEntry& entry : *entries) entry = {translated(entry.key), translated(entry.value)};
    }
    return out;
  }

  BlockId copy_block(BlockId original) {
    const Block& block = source_.block(original);
    const BlockId copied = to_.create_block(translated(block.name), block.is_single_tensor_return);
    to_.set_block_details(copied, translated(block.unknown_fields), block.is_single_tensor_return);
    for (const NodeId node : source_.nodes(original)) copy(node, copied);
    return copied;
  }

  const Graph& source_;
  Extract out_;
  Journal to_;
  std::unordered_map<ValueId, ValueId> copies_;
};

}  // namespace

Extract extract(const Graph& source, std::span<const NodeId> calls, std::span<const ValueId> inputs,
                std::span<const ValueId> outputs) {
  return Extraction(source).run(calls, inputs, outputs);
}

}  // namespace fettle
