#include <fmt/core.h>

#include <algorithm>

#include "archive/argument_json.hpp"
#include "archive/graph_json.hpp"
#include "archive/type_json.hpp"
#include "graph/nested_blocks.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

// Reads one block; nested graphs are read by a builder of their own, since they see no outer
// values.
class BlockBuilder {
 public:
  BlockBuilder(Journal& journal, BlockId block, const JsonRef& graph, Originals& originals,
               std::uint32_t depth = 0)
      : journal_(journal),
        graph_(journal.graph()),
        originals_(originals),
        block_(block),
        depth_(depth),
        json_(graph),
        arguments_(graph_, names_, [this](const JsonRef& nested) { return read_nested(nested); }) {}

  void read(const JsonRef* input_specs) {
    const JsonRef inputs = json_.get("inputs"), nodes = json_.get("nodes"),
                  outputs = json_.get("outputs");
    if (block_ == kRootBlock) graph_.reserve_strings(2 * nodes.array().size());
    collect_types();
    const std::size_t input_count = inputs.array().size();
    for (std::size_t i = 0; i < input_count; ++i) read_input(inputs.at(i), i, input_specs);
    const std::size_t node_count = nodes.array().size();
    names_.reserve(input_count + node_count);
    for (std::size_t i = 0; i < node_count; ++i) read_node(nodes.at(i));
    read_outputs(outputs);
    keep_odd_types();
    const std::string unknown = unknown_fields(
        json_.object(),
        {"inputs", "outputs", "nodes", "tensor_values", "sym_int_values", "sym_bool_values",
         "is_single_tensor_return", "custom_obj_values", "sym_float_values"});
    const auto single = json_.find("is_single_tensor_return");
    journal_.set_block_details(block_, optional_text(unknown), single && single->boolean());
  }

 private:
  StringId optional_text(const std::string& text) {
    return text.empty() ? StringId{} : graph_.intern(text);
  }

  static Type read_custom_obj_type(const JsonRef& object) {
    Type type;
    type.kind = TypeKind::custom_obj;
    type.text = object.get("class_fqn").string();
    return type;
  }

  void collect_types() {
    collect(TypeKind::tensor, read_tensor_meta);
    collect(TypeKind::sym_int, read_sym_int_type);
    collect(TypeKind::sym_bool, read_sym_bool_type);
    collect(TypeKind::sym_float, read_sym_float_type);
    collect(TypeKind::custom_obj, read_custom_obj_type);
  }

  template <class Fn>
  void collect(TypeKind kind, Fn&& read_type) {
    const auto values = json_.find(type_field(kind).name);
    if (!values) return;
    values->object();
    const std::size_t count = values->size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name =
          (values->object().begin() + static_cast<std::ptrdiff_t>(i))->key();
      types_.emplace(graph_.intern(name), graph_.intern(read_type(values->at(i))));
      ++type_count_;
    }
  }

  // A value has the type that its name has in one of the fields; whatever else is in them strays.
  void keep_odd_types() {
    const bool strays = type_count_ != used_types_;
    for (const TypeField& field : kTypeFields) {
      const auto values = json_.find(field.name);
      if (!values) continue;
      boost::json::object stray;
      for (const auto& member : values->object()) {
        if (!strays && has_shape(member.value(), field.shape)) continue;
        const auto value = names_.find(graph_.strings().find(member.key()));
        if (value == names_.end() || graph_.type(value->second).kind != field.kind) {
          stray.emplace(member.key(),
                        boost::json::value(member.value(), boost::json::storage_ptr()));
        } else {
          originals_.keep_odd({Element::type, value->second.index}, member.value(), field.shape);
        }
      }
      if (stray.empty()) continue;
      originals_.keep({Element::stray_types, block_.index, static_cast<std::uint32_t>(field.kind)},
                      stray);
    }
  }

  TypeId type_of(StringId name) {
    const auto found = types_.find(name);
    if (found == types_.end()) return graph_.intern(Type{});
    ++used_types_;
    return found->second;
  }

  void define(ValueId value, const JsonRef& at) {
    const StringId name = graph_.value(value).name;
    if (!names_.emplace(name, value).second) {
      at.fail(Code::archive_duplicate_value,
              fmt::format("the value '{}' is defined twice", graph_.text(name)));
    }
  }

  void create_placeholder(std::string_view name, TypeId type, const JsonRef& at) {
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.name = graph_.intern(name);
    spec.result_forms = {ResultForm{}};
    spec.result_types = {type};
    spec.result_names = {spec.name};
    const NodeId node = journal_.create_node(std::move(spec), {block_, {}});
    define(graph_.result(node), at);
    originals_.keep_odd({Element::input, node.index}, at.value(), shapes::argument);
  }

  void read_input(const JsonRef& input, std::size_t index, const JsonRef* input_specs) {
    const auto [tag, value] = input.tagged();
    if (tag == "as_tensor" || tag == "as_custom_obj" || tag == "as_sym_int") {
      const std::string_view name = value.get(tag == "as_sym_int" ? "as_name" : "name").string();
      return create_placeholder(name, type_of(graph_.intern(name)), input);
    }
    if (tag != "as_int" && tag != "as_float" && tag != "as_bool" && tag != "as_none" &&
        tag != "as_string") {
      value.fail(Code::archive_json_shape, fmt::format("'{}' cannot be an input", tag));
    }
    if (!input_specs) {
      value.fail(Code::archive_unsupported, "a nested graph takes a Python constant");
    }
    Type type;
    type.kind = TypeKind::none;
    create_placeholder(constant_name(index, *input_specs), graph_.intern(type), input);
  }

  // A Python constant among the inputs has its name, and its value, in the signature.
  static std::string constant_name(std::size_t index, const JsonRef& input_specs) {
    if (index < input_specs.array().size()) {
      const JsonRef spec = input_specs.at(index);
      if (const auto constant = spec.find("constant_input")) {
        const auto name = constant->find("name");
        if (name && !name->string().empty()) return std::string(name->string());
      }
    }
    return fmt::format("arg{}", index);
  }

  // Older torch did not say; then the schema decides, as torch.export.load has it.
  static ArgForm form_by_schema(std::string_view op, std::string_view name) {
    const OperatorSchema* schema = find_operator(op);
    if (!schema || schema->source == SchemaSource::higher_order)
      return name.empty() ? ArgForm::positional : ArgForm::keyword;
    const auto found = std::ranges::find(schema->arguments, name, &SchemaArgument::name);
    const bool positional =
        found == schema->arguments.end() || (!found->default_value && !found->keyword_only);
    return positional ? ArgForm::positional : ArgForm::keyword;
  }

  ArgForm read_form(const JsonRef& input, StringId op, StringId name) {
    const auto kind = input.find("kind");
    const std::int64_t number = kind ? kind->integer() : 0;
    if (number < 0 || number > 2) {
      kind->fail(Code::archive_json_shape,
                 fmt::format("there is no kind of argument number {}", number));
    }
    if (number == 0) return form_by_schema(graph_.text(op), graph_.text(name));
    return number == 1 ? ArgForm::positional : ArgForm::keyword;
  }

  void read_result(const JsonRef& output, NodeSpec& spec) {
    const auto add = [&](const JsonRef& name) {
      spec.result_names.push_back(graph_.intern(name.string()));
      spec.result_types.push_back(type_of(spec.result_names.back()));
    };
    const auto [tag, value] = output.tagged();
    const auto kind = argument_kind(tag);
    const std::size_t before = spec.result_names.size();
    switch (kind.value_or(ArgKind::dict)) {
      case ArgKind::none:
        break;
      case ArgKind::tensor:
      case ArgKind::custom_obj:
        add(value.get("name"));
        break;
      case ArgKind::sym_int:
      case ArgKind::sym_float:
      case ArgKind::sym_bool:
        add(value.get("as_name"));
        break;
      case ArgKind::tensors: {
        const std::size_t count = value.array().size();
        for (std::size_t i = 0; i < count; ++i) {
          const JsonRef tensor = value.at(i);
          add(tensor.get("name"));
        }
        break;
      }
      default:
        value.fail(Code::archive_json_shape,
                   fmt::format("'{}' cannot be the result of a node", tag));
    }
    spec.result_forms.push_back(
        {*kind, static_cast<std::uint32_t>(spec.result_names.size() - before)});
  }

  void read_node(const JsonRef& node) {
    NodeSpec spec;
    spec.op = graph_.intern(operator_from_target(node.get("target").string()));
    const JsonRef inputs = node.get("inputs"), outputs = node.get("outputs"),
                  metadata = node.get("metadata");
    const std::size_t input_count = inputs.array().size();
    for (std::size_t i = 0; i < input_count; ++i) {
      const JsonRef input = inputs.at(i);
      const StringId name = graph_.intern(input.get("name").string());
      spec.arguments.push_back({name, read_form(input, spec.op, name),
                                arguments_.read(input.get("arg"), spec.operands)});
    }
    const std::size_t output_count = outputs.array().size();
    for (std::size_t i = 0; i < output_count; ++i) read_result(outputs.at(i), spec);
    const std::size_t metadata_count = metadata.object().size();
    for (std::size_t i = 0; i < metadata_count; ++i) {
      const std::string_view key =
          (metadata.object().begin() + static_cast<std::ptrdiff_t>(i))->key();
      spec.metadata.push_back({graph_.intern(key), graph_.intern(metadata.at(i).string())});
    }
    if (const auto name = node.find("name")) {
      spec.name = graph_.intern(name->string());
    } else if (spec.result_names.size() == 1) {
      spec.name = spec.result_names[0];
    }
    std::optional<bool> single;
    if (const auto flag = node.find("is_hop_single_tensor_return")) single = flag->boolean();
    const std::string unknown = unknown_fields(
        node.object(),
        {"target", "inputs", "outputs", "metadata", "is_hop_single_tensor_return", "name"});
    const NodeId id = journal_.create_node(std::move(spec), {block_, {}});
    journal_.set_node_details(id, optional_text(unknown), single);
    for (const ValueId result : graph_.results(id)) define(result, outputs);
    originals_.keep_odd({Element::node, id.index}, node.value(), shapes::node);
  }

  void read_outputs(const JsonRef& outputs) {
    NodeSpec spec;
    spec.opcode = Opcode::output;
    spec.name = graph_.intern("output");
    const std::size_t count = outputs.array().size();
    for (std::size_t i = 0; i < count; ++i) {
      spec.arguments.push_back(
          {graph_.intern(""), ArgForm::positional, arguments_.read(outputs.at(i), spec.operands)});
    }
    const NodeId node = journal_.create_node(std::move(spec), {block_, {}});
    for (std::uint32_t i = 0; i < count; ++i) {
      originals_.keep_odd({Element::output, node.index, i}, outputs.at(i).value(),
                          shapes::argument);
    }
  }

  BlockRef read_nested(const JsonRef& nested) {
    if (depth_ == kMostNesting) {
      nested.fail(Code::archive_unsupported,
                  fmt::format("graphs are nested more than {} deep", kMostNesting));
    }
    const StringId name = graph_.intern(nested.get("name").string());
    const JsonRef graph = nested.get("graph");
    const BlockId block = journal_.create_block(name);
    BlockBuilder(journal_, block, graph, originals_, depth_ + 1).read(nullptr);
    return {block, name};
  }

  Journal& journal_;
  const Graph& graph_;
  Originals& originals_;
  BlockId block_;
  std::uint32_t depth_;  // of nested graphs around this one
  const JsonRef& json_;
  ValueNames names_;
  boost::unordered_flat_map<StringId, TypeId, std::hash<StringId>> types_;
  std::size_t type_count_ = 0, used_types_ = 0;
  ArgumentReader arguments_;
};

}  // namespace

void read_graph(const JsonRef& graph, const JsonRef& input_specs, Journal& journal,
                Originals& originals) {
  BlockBuilder(journal, kRootBlock, graph, originals).read(&input_specs);
}

}  // namespace fettle
