#include "archive/argument_json.hpp"
#include "archive/graph_json.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

class BlockWriter {
 public:
  BlockWriter(JsonWriter& out, const Graph& graph, const Originals& originals)
      : out_(out),
        graph_(graph),
        originals_(originals),
        arguments_(out, graph, [this](JsonWriter&, BlockId block) { write_nested(block); }) {}

  // Fields in the order of torch's schema.
  void write(BlockId block) {
    const NodeId output = graph_.output_node(block);
    out_.raw("{");
    out_.key("inputs", true);
    write_inputs(block);
    out_.key("outputs");
    std::uint32_t position = 0;
    out_.list(graph_.node(output).arguments, [&](const NamedArgument&) {
      write_element({Element::output, output.index, position++});
    });
    out_.key("nodes");
    write_nodes(block);
    write_types(block, TypeKind::tensor);
    write_types(block, TypeKind::sym_int);
    write_types(block, TypeKind::sym_bool);
    out_.key("is_single_tensor_return");
    out_.boolean(graph_.block(block).is_single_tensor_return);
    write_types(block, TypeKind::custom_obj);
    write_types(block, TypeKind::sym_float);
    write_unknown(graph_.block(block).unknown_fields);
    out_.raw("}");
  }

  // fettle's own text for the element, nested graphs left out.
  void write_plain(ElementKey key) {
    switch (key.element) {
      case Element::node:
        return write_node(graph_.node(NodeId(key.id)));
      case Element::type:
        return write_type(ValueId(key.id));
      case Element::input:
        return write_input(NodeId(key.id));
      case Element::output: {
        const Node& node = graph_.node(NodeId(key.id));
        return arguments_.write(node.arguments[key.position].value, node.operands);
      }
      default:
        return;
    }
  }

  std::size_t hash(ElementKey key, std::vector<BlockId>& nested) {
    const std::size_t begin = out_.size();
    left_out_ = &nested;
    write_plain(key);
    left_out_ = nullptr;
    const std::size_t hash = hash_text(out_.since(begin));
    out_.truncate(begin);
    return hash;
  }

 private:
  void write_nested(BlockId block) {
    if (!left_out_) return BlockWriter(out_, graph_, originals_).write(block);
    left_out_->push_back(block);
    out_.raw("null");
  }

  void write_element(ElementKey key) {
    const auto* original = originals_.find(key);
    if (!original) return write_plain(key);
    std::vector<BlockId> nested;
    if (hash(key, nested) != original->own_hash) return write_plain(key);
    write_original(out_, *original, [&](std::size_t k) { write_nested(nested.at(k)); });
  }

  void write_unknown(StringId fields) {  // the text of an object, merged into this one
    const std::string_view text = graph_.text(fields);
    if (text.empty()) return;
    out_.raw(", ");
    out_.raw(text.substr(1, text.size() - 2));
  }

  void name_object(StringId name) {
    out_.raw("{\"name\": ");
    out_.string(graph_.text(name));
    out_.raw("}");
  }

  void write_inputs(BlockId block) {
    bool first = true;
    out_.raw("[");
    for (const NodeId node : graph_.nodes(block)) {
      if (graph_.node(node).opcode != Opcode::placeholder) break;
      out_.comma(first);
      first = false;
      write_element({Element::input, node.index});
    }
    out_.raw("]");
  }

  void write_input(NodeId node) {
    const InputSpec* spec = graph_.node(node).input_spec.get();
    if (spec && spec->kind == InputKind::constant_input)
      return arguments_.write(spec->constant, {});
    write_value(graph_.result(node), input_argument_kind(graph_.type(graph_.result(node))));
  }

  // {"as_tensor": {"name": "x"}} for a value that is defined here.
  void write_value(ValueId value, ArgKind kind) {
    arguments_.write({kind, Operand{0}}, {&value, 1});
  }

  void write_custom_obj(ValueId value) {
    out_.raw("{\"name\": ");
    out_.string(graph_.text(graph_.value(value).name));
    out_.key("class_fqn");
    out_.string(graph_.type(value).text);
    out_.raw("}");
  }

  void write_results(const Node& node) {
    std::uint32_t next = node.first_result;
    out_.list(node.result_forms, [&](const ResultForm& form) {
      const std::uint32_t first = next;
      next += form.count;
      if (form.kind == ArgKind::none) return out_.raw("{\"as_none\": true}");
      if (form.kind != ArgKind::tensors) return write_value(ValueId(first), form.kind);
      out_.raw("{\"as_tensors\": ");
      out_.list(std::views::iota(first, next),
                [&](std::uint32_t i) { name_object(graph_.value(ValueId(i)).name); });
      out_.raw("}");
    });
  }

  void write_nodes(BlockId block) {
    bool first = true;
    out_.raw("[");
    for (const NodeId id : graph_.nodes(block)) {
      const Node& node = graph_.node(id);
      if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
      out_.comma(first);
      first = false;
      write_element({Element::node, id.index});
    }
    out_.raw("]");
  }

  void write_node(const Node& node) {
    out_.raw("{");
    out_.key("target", true);
    out_.string(target_from_operator(graph_.text(node.op)));
    out_.key("inputs");
    write_arguments(node);
    out_.key("outputs");
    write_results(node);
    out_.key("metadata");
    out_.raw("{");
    bool first = true;
    for (const MetadataEntry& entry : node.metadata) {
      out_.key(graph_.text(entry.key), first);
      first = false;
      out_.string(graph_.text(entry.text));
    }
    out_.raw("}");
    out_.key("is_hop_single_tensor_return");
    node.hop_single_tensor_return ? out_.boolean(*node.hop_single_tensor_return) : out_.raw("null");
    out_.key("name");
    out_.string(graph_.text(node.name));
    write_unknown(node.unknown_fields);
    out_.raw("}");
  }

  void write_arguments(const Node& node) {
    bool first = true;
    out_.raw("[");
    for (const NamedArgument& argument : node.arguments) {
      if (argument.form == ArgForm::defaulted) continue;  // the call did not give it
      out_.comma(first);
      first = false;
      out_.raw("{");
      out_.key("name", true);
      out_.string(graph_.text(argument.name));
      out_.key("arg");
      arguments_.write(argument.value, node.operands);
      out_.key("kind");
      out_.integer(argument.form == ArgForm::positional ? 1 : 2);
      out_.raw("}");
    }
    out_.raw("]");
  }

  void write_types(BlockId block, TypeKind kind) {
    bool first = true;
    out_.key(type_field(kind).name);
    out_.raw("{");
    for (const NodeId node : graph_.nodes(block)) {
      for (const ValueId value : graph_.results(node)) {
        if (graph_.type(value).kind != kind) continue;
        out_.key(graph_.text(graph_.value(value).name), first);
        first = false;
        write_element({Element::type, value.index});
      }
    }
    const ElementKey strays{Element::stray_types, block.index, static_cast<std::uint32_t>(kind)};
    if (const auto* original = originals_.find(strays)) write_members(out_, *original, first);
    out_.raw("}");
  }

  void write_type(ValueId value) {
    const Type& type = graph_.type(value);
    if (type.kind == TypeKind::tensor) return write_tensor_meta(out_, type);
    if (type.kind == TypeKind::custom_obj) return write_custom_obj(value);
    write_sym_type(out_, type);
  }

  JsonWriter& out_;
  const Graph& graph_;
  const Originals& originals_;
  ArgumentWriter arguments_;
  std::vector<BlockId>* left_out_ = nullptr;  // nested graphs, while an element is hashed
};

}  // namespace

void write_graph(JsonWriter& out, const Graph& graph, const Originals& originals) {
  BlockWriter(out, graph, originals).write(kRootBlock);
}

std::size_t graph_element_hash(const Graph& graph, ElementKey key) {
  std::string text;
  JsonWriter out(text);
  std::vector<BlockId> nested;
  return BlockWriter(out, graph, {}).hash(key, nested);
}

}  // namespace fettle
