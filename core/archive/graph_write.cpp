#include "archive/argument_json.hpp"
#include "archive/graph_json.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

class BlockWriter {
 public:
  BlockWriter(JsonWriter& out, const Graph& graph)
      : out_(out), graph_(graph), arguments_(out, graph, [this](JsonWriter& nested, BlockId block) {
          BlockWriter(nested, graph_).write(block);
        }) {}

  // Fields in the order of torch's schema.
  void write(BlockId block) {
    const NodeId output = graph_.output_node(block);
    out_.raw("{");
    out_.key("inputs", true);
    write_inputs(block);
    out_.key("outputs");
    out_.list(graph_.node(output).arguments, [&](const NamedArgument& argument) {
      arguments_.write(argument.value, graph_.node(output).operands);
    });
    out_.key("nodes");
    write_nodes(block);
    write_types(block, "tensor_values", TypeKind::tensor);
    write_types(block, "sym_int_values", TypeKind::sym_int);
    write_types(block, "sym_bool_values", TypeKind::sym_bool);
    out_.key("is_single_tensor_return");
    out_.boolean(graph_.block(block).is_single_tensor_return);
    write_types(block, "custom_obj_values", TypeKind::custom_obj);
    write_types(block, "sym_float_values", TypeKind::sym_float);
    write_unknown(graph_.block(block).unknown_fields);
    out_.raw("}");
  }

 private:
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
      const InputSpec* spec = graph_.node(node).input_spec.get();
      if (spec && spec->kind == InputKind::constant_input) {
        arguments_.write(spec->constant, {});
        continue;
      }
      write_value(graph_.result(node), input_argument_kind(graph_.type(graph_.result(node))));
    }
    out_.raw("]");
  }

  // {"as_tensor": {"name": "x"}} for a value that is defined here.
  void write_value(ValueId value, ArgKind kind) { arguments_.write({kind, Operand{0}}, {value}); }

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
      write_node(node);
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

  void write_types(BlockId block, std::string_view field, TypeKind kind) {
    bool first = true;
    out_.key(field);
    out_.raw("{");
    for (const NodeId node : graph_.nodes(block)) {
      for (const ValueId value : graph_.results(node)) {
        const Type& type = graph_.type(value);
        if (type.kind != kind) continue;
        out_.key(graph_.text(graph_.value(value).name), first);
        first = false;
        if (kind == TypeKind::tensor) {
          write_tensor_meta(out_, type);
        } else if (kind == TypeKind::custom_obj) {
          write_custom_obj(value);
        } else {
          write_sym_type(out_, type);
        }
      }
    }
    out_.raw("}");
  }

  JsonWriter& out_;
  const Graph& graph_;
  ArgumentWriter arguments_;
};

}  // namespace

void write_graph(JsonWriter& out, const Graph& graph) {
  BlockWriter(out, graph).write(kRootBlock);
}

}  // namespace fettle
