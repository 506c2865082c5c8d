// Graph to text; grammar in graph/text.hpp. Needs a graph whose links are sound, nothing more, so
// that what a pass broke can still be shown. Nested graphs are followed with an explicit stack.
#include <fmt/format.h>

#include <algorithm>

#include "graph/nested_blocks.hpp"
#include "graph/text.hpp"
#include "graph/text_literal.hpp"
#include "graph/text_types.hpp"

namespace fettle {
namespace text {
namespace {

constexpr std::size_t kLineWidth = 100;
constexpr std::size_t kDeepestIndent = 80;  // so that deep nesting stays linear

class Printer {
 public:
  Printer(const Graph& graph, const PrintOptions& options) : graph_(graph), options_(options) {}

  std::string program() {
    symbols_.emplace(graph_);
    if (types_known()) {
      symbols_->append_declarations(out_, graph_.shape_constraints(), options_.metadata);
    }
    open_block(kRootBlock, 0);
    while (!frames_.empty()) step();
    return std::move(out_);
  }

  std::string node(NodeId id) {
    symbols_.emplace();  // not of the whole graph: printing one node depends on that node alone
    for (ValueId value : graph_.results(id)) symbols_->learn(graph_.type(value));
    if (graph_.node(id).opcode == Opcode::placeholder) input(id);
    else if (graph_.node(id).opcode == Opcode::output) output(id);
    else call(id);
    return std::move(out_);
  }

 private:
  struct Frame {
    NodeId at;                       // the next node to print
    std::vector<BlockId> nested;     // of the node just printed, those still to come, last first
    std::size_t indent = 0;          // of the block's header
  };

  // Prints one node, or opens the next nested graph of the node before.
  void step() {
    Frame& frame = frames_.back();
    if (!frame.nested.empty()) {
      const BlockId block = frame.nested.back();
      frame.nested.pop_back();
      return open_block(block, std::min(frame.indent + 4, kDeepestIndent));
    }
    if (!frame.at) return frames_.pop_back();
    const NodeId id = frame.at;
    frame.at = graph_.node(id).next;
    out_.append(frame.indent + 2, ' ');
    if (graph_.node(id).opcode == Opcode::output) {
      output(id);
    } else {
      call(id);
      for_each_block(graph_.node(id).arguments, [&](BlockId b) { frame.nested.push_back(b); });
      std::ranges::reverse(frame.nested);
    }
    out_ += '\n';
  }

  void open_block(BlockId block_id, std::size_t indent) {
    const Block& block = graph_.block(block_id);
    out_.append(indent, ' ');
    out_ += "graph";
    if (!graph_.text(block.name).empty()) {
      out_ += ' ';
      append_name(out_, graph_.text(block.name));
    }
    const std::size_t head = out_.size();
    NodeId at = inputs(block.first, ", ");
    if (out_.size() - head + indent > kLineWidth) {  // too long for one line: one input a line
      out_.resize(head);
      const std::string line(indent + 4, ' ');
      at = inputs(block.first, ",\n" + line, "\n" + line);
    }
    AttributeList attributes(*this);
    if (options_.metadata) {
      if (block.is_single_tensor_return) attributes.add_own("single_tensor_return", "True");
      attributes.add_own_if_any("unknown_fields", graph_.text(block.unknown_fields));
    }
    attributes.close();
    out_ += ":\n";
    frames_.push_back({at, {}, indent});
  }

  // "(x: f32[2], …)"; answers the first node that is no placeholder.
  NodeId inputs(NodeId at, std::string_view separator, std::string_view first = {}) {
    out_ += '(';
    bool any = false;
    for (; at && graph_.node(at).opcode == Opcode::placeholder; at = graph_.node(at).next) {
      out_ += any ? separator : first;
      input(at);
      any = true;
    }
    out_ += ')';
    return at;
  }

  void input(NodeId id) {
    const Node& node = graph_.node(id);
    for (ValueId value : graph_.results(id)) result(value);
    if (node.input_spec) spec(id, *node.input_spec);
    AttributeList attributes(*this);
    const bool own_name =
        node.result_count != 1 || node.name != graph_.value(graph_.result(id)).name;
    node_attributes(attributes, node, own_name ? graph_.text(node.name) : std::string_view{});
  }

  void spec(NodeId id, const InputSpec& spec) {
    if (spec.kind == InputKind::user_input) return;
    out_ += " = ";
    out_ += input_kind_name(spec.kind);
    if (spec.kind == InputKind::token) return;
    out_ += ' ';
    append_string(out_, spec.target);
    if (spec.kind == InputKind::constant_input) {
      out_ += ' ';
      argument_value(graph_.node(id), spec.constant, ArgKind::none);
    }
    if (!spec.persistent) out_ += " persistent=False";
    const auto found = graph_.constants().find(spec.target);
    if (options_.constant_elements > 0 && spec.kind != InputKind::custom_obj &&
        found != graph_.constants().end() && can_print_elements(found->second) &&
        *element_count(found->second.type) <=
            static_cast<std::int64_t>(options_.constant_elements)) {
      out_ += " value=";
      append_elements(out_, found->second);
    }
  }

  void result(ValueId id) {
    append_name(out_, graph_.text(graph_.value(id).name));
    type_of(id);
  }

  void type_of(ValueId id) {
    const Type& type = graph_.type(id);
    if (options_.types == PrintOptions::Types::none || type.kind == TypeKind::unknown) return;
    out_ += ": ";
    append_type(out_, type, options_.types, *symbols_);
  }

  bool types_known() const { return options_.types != PrintOptions::Types::none; }
  ArgKind natural_form(ValueId id) const {
    return types_known() ? kind_of_type(graph_.type(id)) : ArgKind::tensor;
  }

  // One result that the node is named after needs no group.
  bool is_plain(NodeId id) const {
    const Node& node = graph_.node(id);
    if (node.result_forms.size() != 1 || node.result_count != 1) return false;
    const ValueId value = graph_.result(id);
    return node.result_forms[0].kind == natural_form(value) &&
           node.name == graph_.value(value).name && graph_.type(value).kind != TypeKind::none;
  }

  void results(NodeId id) {
    const Node& node = graph_.node(id);
    if (is_plain(id)) return result(graph_.result(id));
    append_name(out_, graph_.text(node.name));
    out_ += ": ";
    if (node.result_forms.empty()) {
      out_ += "None";
      return;
    }
    const bool one_list = node.result_forms.size() == 1 && is_list(node.result_forms[0]);
    if (!one_list) out_ += '(';
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < node.result_forms.size(); ++i) {
      if (i > 0) out_ += ", ";
      form(id, node.result_forms[i], next);
      next += node.result_forms[i].count;
    }
    if (!one_list) out_ += node.result_forms[0].kind == ArgKind::none && next == 0 ? ",)" : ")";
  }

  static bool is_list(const ResultForm& form) {
    return form.count > 1 || element_kind(form.kind) != ArgKind::none;
  }

  void form(NodeId id, const ResultForm& form, std::uint32_t first) {
    ArgKind natural = ArgKind::none;
    if (is_list(form)) {
      natural = ArgKind::tensors;
      out_ += '[';
      for (std::uint32_t k = 0; k < form.count; ++k) {
        if (k > 0) out_ += ", ";
        result(graph_.result(id, first + k));
      }
      out_ += ']';
    } else if (form.count == 0) {
      out_ += "None";
    } else {
      natural = natural_form(graph_.result(id, first));
      result(graph_.result(id, first));
    }
    if (natural != form.kind) {
      out_ += '!';
      out_ += arg_kind_name(form.kind);
    }
  }

  void call(NodeId id) {
    const Node& node = graph_.node(id);
    results(id);
    out_ += " = ";
    if (node.opcode != Opcode::call_function) {
      out_ += opcode_name(node.opcode);
      out_ += ' ';
    }
    append_operator(out_, graph_.text(node.op));
    out_ += '(';
    bool any = false;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const NamedArgument& named = node.arguments[i];
      if (named.form == ArgForm::defaulted && !options_.argument_names) continue;
      if (any) out_ += ", ";
      any = true;
      argument(node, named, i);
    }
    out_ += ')';
    AttributeList attributes(*this);
    node_attributes(attributes, node, {});
  }

  void argument(const Node& node, const NamedArgument& named, std::size_t position) {
    const std::string_view name = graph_.text(named.name);
    if (named.form == ArgForm::keyword) {
      argument_name(name);
      out_ += '=';
    } else if (options_.argument_names && !name.empty()) {
      argument_name(name);
      out_ += named.form == ArgForm::defaulted ? ":=" : ": ";
    }
    ArgKind expected = ArgKind::none;
    if (options_.parameters) {
      const auto info = options_.parameters(graph_.text(node.op), position, name);
      if (info) expected = info->kind;
    }
    argument_value(node, named.value, expected);
  }

  // `self` and `device` are usual here; what follows the name tells it from a value.
  void argument_name(std::string_view name) {
    if (is_identifier(name)) out_ += name;
    else append_name(out_, name);
  }

  void argument_value(const Node& node, const Argument& argument, ArgKind expected) {
    append_literal(out_, graph_, &node, to_literal(graph_, node, argument, types_known()),
                   expected);
  }

  void output(NodeId id) {
    const Node& node = graph_.node(id);
    out_ += "return (";
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      if (i > 0) out_ += ", ";
      argument_value(node, node.arguments[i].value, ArgKind::none);
      if (i < node.output_specs.size()) target(node.output_specs[i]);
    }
    out_ += node.arguments.size() == 1 ? ",)" : ")";
    AttributeList attributes(*this);
    const std::string_view name = graph_.text(node.name);
    node_attributes(attributes, node, name == "output" ? std::string_view{} : name);
  }

  void target(const OutputSpec& spec) {
    if (spec.kind == OutputKind::user_output && spec.target.empty()) return;
    out_ += " -> ";
    out_ += output_kind_name(spec.kind);
    if (spec.target.empty()) return;
    out_ += ' ';
    append_string(out_, spec.target);
  }

  class AttributeList {
   public:
    explicit AttributeList(Printer& printer) : out_(printer.out_) {}
    void add(std::string_view key, std::string_view value) {
      next();
      append_name(out_, key);
      assign(value);
    }
    void add_own(std::string_view key, std::string_view value) {
      next();
      out_ += '@';
      out_ += key;
      assign(value);
    }
    void add_own_if_any(std::string_view key, std::string_view value) {
      if (!value.empty()) add_own(key, value);
    }
    void close() {
      if (any_) out_ += '}';
    }

   private:
    void next() {
      out_ += any_ ? ", " : " {";
      any_ = true;
    }
    void assign(std::string_view value) {
      out_ += '=';
      append_string(out_, value);
    }

    std::string& out_;
    bool any_ = false;
  };

  void node_attributes(AttributeList& attributes, const Node& node, std::string_view own_name) {
    if (options_.metadata) {
      attributes.add_own_if_any("name", own_name);
      if (node.hop_single_tensor_return) {
        attributes.add_own("single_tensor_return",
                           *node.hop_single_tensor_return ? "True" : "False");
      }
      attributes.add_own_if_any("unknown_fields", graph_.text(node.unknown_fields));
      for (const MetadataEntry& entry : node.metadata) {
        attributes.add(graph_.text(entry.key), graph_.text(entry.text));
      }
    }
    attributes.close();
  }

  const Graph& graph_;
  const PrintOptions& options_;
  std::optional<SymbolText> symbols_;
  std::string out_;
  std::vector<Frame> frames_;
};

}  // namespace
}  // namespace text

PrintOptions PrintOptions::exact() {
  PrintOptions options;
  options.types = Types::full;
  options.argument_names = true;
  options.metadata = true;
  options.constant_elements = 0;
  return options;
}

std::string print(const Graph& graph, const PrintOptions& options) {
  return text::Printer(graph, options).program();
}

std::string print_node(const Graph& graph, NodeId node, const PrintOptions& options) {
  return text::Printer(graph, options).node(node);
}

}  // namespace fettle
