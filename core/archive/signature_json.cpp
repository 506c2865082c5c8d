#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "archive/argument_json.hpp"
#include "archive/graph_json.hpp"

namespace fettle {
namespace {

struct InputTag {
  std::string_view tag;
  InputKind kind;
  std::string_view target;  // the field that names what the input stands for
};
constexpr std::array kInputs = {
    InputTag{"user_input", InputKind::user_input, ""},
    InputTag{"parameter", InputKind::parameter, "parameter_name"},
    InputTag{"buffer", InputKind::buffer, "buffer_name"},
    InputTag{"tensor_constant", InputKind::tensor_constant, "tensor_constant_name"},
    InputTag{"custom_obj", InputKind::custom_obj, "custom_obj_name"},
    InputTag{"token", InputKind::token, ""},
    InputTag{"constant_input", InputKind::constant_input, ""},
};

struct OutputTag {
  std::string_view tag;
  OutputKind kind;
  std::string_view target;
};
constexpr std::array kOutputs = {
    OutputTag{"user_output", OutputKind::user_output, ""},
    OutputTag{"loss_output", OutputKind::loss_output, ""},
    OutputTag{"buffer_mutation", OutputKind::buffer_mutation, "buffer_name"},
    OutputTag{"gradient_to_parameter", OutputKind::gradient_to_parameter, "parameter_name"},
    OutputTag{"gradient_to_user_input", OutputKind::gradient_to_user_input, "user_input_name"},
    OutputTag{"user_input_mutation", OutputKind::user_input_mutation, "user_input_name"},
    OutputTag{"token", OutputKind::token, ""},
    OutputTag{"parameter_mutation", OutputKind::parameter_mutation, "parameter_name"},
};

template <class Table>
const auto& by_tag(const Table& table, std::string_view tag, const JsonRef& at) {
  for (const auto& row : table) {
    if (row.tag == tag) return row;
  }
  at.fail(Code::archive_json_shape, fmt::format("'{}' is no kind of input or output", tag));
}

template <class Table, class Kind>
const auto& by_kind(const Table& table, Kind kind) {
  return *std::find_if(table.begin(), table.end(),
                       [&](const auto& row) { return row.kind == kind; });
}

// The value that an argument names: {"name": "x"}, {"as_tensor": {"name": "x"}},
// {"as_sym_int": {"as_name": "x"}}; nothing for a constant.
std::optional<std::string> named_value(const JsonRef& argument) {
  if (argument.value().is_object() && argument.object().contains("name")) {
    return std::string(argument.get("name").string());
  }
  const auto [tag, value] = argument.tagged();
  if (!value.value().is_object()) return std::nullopt;
  for (const std::string_view field : {"name", "as_name"}) {
    if (const auto name = value.find(field)) return std::string(name->string());
  }
  return std::nullopt;
}

void expect_name(const JsonRef& argument, std::string_view expected) {
  const auto name = named_value(argument);
  if (!name || *name == expected) return;
  argument.fail(Code::archive_signature,
                fmt::format("the signature names '{}' where the graph has '{}'", *name, expected));
}

void expect_count(const JsonRef& specs, std::size_t count, std::string_view what) {
  if (specs.array().size() == count) return;
  specs.fail(Code::archive_signature,
             fmt::format("the signature describes {} {} and the graph has {}", specs.array().size(),
                         what, count));
}

// {"as_int": 3}: one of the few kinds that an input of a Python function can be fixed to.
Argument read_constant(const JsonRef& value, const Graph& graph) {
  const auto [tag, inner] = value.tagged();
  if (tag != "as_int" && tag != "as_float" && tag != "as_bool" && tag != "as_none" &&
      tag != "as_string") {
    inner.fail(Code::archive_json_shape, fmt::format("'{}' cannot be a constant input", tag));
  }
  const ValueNames none;
  std::vector<ValueId> operands;
  return ArgumentReader(graph, none, nullptr).read(value, operands);
}

InputSpec read_input_spec(const JsonRef& json, const Graph& graph, NodeId placeholder) {
  const auto [tag, fields] = json.tagged();
  const InputTag& row = by_tag(kInputs, tag, fields);
  const std::string_view name = graph.text(graph.node(placeholder).name);
  InputSpec spec;
  spec.kind = row.kind;
  const bool constant = graph.type(graph.result(placeholder)).kind == TypeKind::none;
  if (constant != (row.kind == InputKind::constant_input)) {
    fields.fail(Code::archive_signature,
                fmt::format("graph and signature disagree whether '{}' is a constant", name));
  }
  if (constant) {
    spec.constant = read_constant(fields.get("value"), graph);
    return spec;
  }
  if (!row.target.empty()) spec.target = fields.get(row.target).string();
  if (row.kind == InputKind::buffer) spec.persistent = fields.get("persistent").boolean();
  expect_name(fields.get("arg"), name);
  return spec;
}

void write_operand_name(JsonWriter& out, std::string_view name) {
  out.raw("{\"name\": ");
  out.string(name);
  out.raw("}");
}

// {"buffer": {"arg": …, "buffer_name": "x", "persistent": true}}
template <class Row, class WriteArgument>
void write_spec(JsonWriter& out, const Row& row, const std::string& target,
                WriteArgument&& write_argument) {
  out.raw("{");
  out.key(row.tag, true);
  out.raw("{");
  out.key("arg", true);
  write_argument();
  if (!row.target.empty()) {
    out.key(row.target);
    out.string(target);
  }
}

// {"as_tensor": {"name": "x"}} for a user input; {"name": "x"} for what else is a tensor.
void write_input_argument(JsonWriter& out, const Graph& graph, NodeId placeholder, InputKind kind) {
  const ValueId value = graph.result(placeholder);
  if (kind != InputKind::user_input) {
    return write_operand_name(out, graph.text(graph.value(value).name));
  }
  ArgumentWriter(out, graph, nullptr)
      .write({input_argument_kind(graph.type(value)), Operand{0}}, {&value, 1});
}

void write_constant_input(JsonWriter& out, const Graph& graph, NodeId placeholder,
                          const Argument& constant) {
  out.raw("{\"constant_input\": {\"name\": ");
  out.string(graph.text(graph.node(placeholder).name));
  out.key("value");
  ArgumentWriter(out, graph, nullptr).write(constant, {});
  out.raw("}}");
}

void write_input_spec(JsonWriter& out, const Graph& graph, NodeId node) {
  const InputSpec& spec = *graph.node(node).input_spec;
  if (spec.kind == InputKind::constant_input)
    return write_constant_input(out, graph, node, spec.constant);
  write_spec(out, by_kind(kInputs, spec.kind), spec.target,
             [&] { write_input_argument(out, graph, node, spec.kind); });
  if (spec.kind == InputKind::buffer) {
    out.key("persistent");
    out.boolean(spec.persistent);
  }
  out.raw("}}");
}

void write_output_spec(JsonWriter& out, const Graph& graph, std::size_t position) {
  const Node& output = graph.node(graph.output_node());
  const OutputSpec& spec = output.output_specs[position];
  const Argument& argument = output.arguments[position].value;
  write_spec(out, by_kind(kOutputs, spec.kind), spec.target, [&] {
    if (spec.kind == OutputKind::user_output)
      return ArgumentWriter(out, graph, nullptr).write(argument, output.operands);
    for_each_operand(argument, [&](const Operand& operand) {
      write_operand_name(out, graph.text(graph.value(output.operands[operand.index]).name));
    });
  });
  out.raw("}}");
}

void write_plain(JsonWriter& out, const Graph& graph, ElementKey key) {
  key.element == Element::input_spec ? write_input_spec(out, graph, NodeId(key.id))
                                     : write_output_spec(out, graph, key.position);
}

void write_element(JsonWriter& out, const Graph& graph, const Originals& originals,
                   ElementKey key) {
  const auto* original = originals.find(key);
  original && original->own_hash == signature_element_hash(graph, key)
      ? out.raw(original->text)
      : write_plain(out, graph, key);
}

}  // namespace

std::size_t signature_element_hash(const Graph& graph, ElementKey key) {
  std::string text;
  JsonWriter out(text);
  write_plain(out, graph, key);
  return hash_text(text);
}

void read_signature(const JsonRef& signature, Journal& journal, Originals& originals) {
  const Graph& graph = journal.graph();
  const JsonRef inputs = signature.get("input_specs"), outputs = signature.get("output_specs");
  std::vector<NodeId> placeholders;
  for (const NodeId node : graph.nodes()) {
    if (graph.node(node).opcode == Opcode::placeholder) placeholders.push_back(node);
  }
  expect_count(inputs, placeholders.size(), "inputs");
  for (std::size_t i = 0; i < placeholders.size(); ++i) {
    const JsonRef input = inputs.at(i);
    journal.set_input_spec(placeholders[i], read_input_spec(input, graph, placeholders[i]));
    originals.keep_odd({Element::input_spec, placeholders[i].index}, input.value(),
                       shapes::input_spec);
  }

  const Node& output = graph.node(graph.output_node());
  expect_count(outputs, output.arguments.size(), "outputs");
  std::vector<OutputSpec> specs;
  for (std::uint32_t i = 0; i < output.arguments.size(); ++i) {
    const JsonRef json = outputs.at(i);
    originals.keep_odd({Element::output_spec, 0, i}, json.value(), shapes::output_spec);
    const auto [tag, fields] = json.tagged();
    const OutputTag& row = by_tag(kOutputs, tag, fields);
    specs.push_back({row.kind, row.target.empty() ? std::string()
                                                  : std::string(fields.get(row.target).string())});
    for_each_operand(output.arguments[i].value, [&](const Operand& operand) {
      expect_name(fields.get("arg"), graph.text(graph.value(output.operands[operand.index]).name));
    });
  }
  journal.set_output_specs(std::move(specs));
}

void write_input_specs(JsonWriter& out, const Graph& graph, const Originals& originals) {
  bool first = true;
  out.raw("[");
  for (const NodeId node : graph.nodes()) {
    if (graph.node(node).opcode != Opcode::placeholder) break;
    out.comma(first);
    first = false;
    write_element(out, graph, originals, {Element::input_spec, node.index});
  }
  out.raw("]");
}

void write_output_specs(JsonWriter& out, const Graph& graph, const Originals& originals) {
  std::uint32_t position = 0;
  out.list(graph.node(graph.output_node()).output_specs, [&](const OutputSpec&) {
    write_element(out, graph, originals, {Element::output_spec, 0, position++});
  });
}

}  // namespace fettle
