// Text to graph; grammar in graph/text.hpp. Builds through a journal that does not record. Open
// blocks are an explicit stack: after a call come its nested graphs, and then its own block goes
// on.
#include <fmt/format.h>

#include <cctype>
#include <unordered_map>

#include "graph/journal.hpp"
#include "graph/text.hpp"
#include "graph/text_literal.hpp"
#include "graph/text_results.hpp"
#include "graph/text_types.hpp"

namespace fettle {
namespace text {
namespace {

class Parser final : OperandSource {
 public:
  Parser(std::string_view text, const ParseOptions& options)
      : options_(options),
        lexer_(text, options.source),
        graph_(std::make_unique<Graph>()),
        journal_(*graph_, Journal::Recording::off) {}

  std::unique_ptr<Graph> run() {
    journal_.set_shape_constraints(symbols_.parse_declarations(lexer_));
    open_block(kRootBlock);
    while (!frames_.empty()) step();
    if (lexer_.peek().kind != Tok::end) lexer_.fail_expected("the end of the text");
    return std::move(graph_);
  }

 private:
  struct Frame {
    BlockId block;
    std::unordered_map<StringId, ValueId> values;
    std::vector<BlockId> nested;  // of the node just read, those still to come, last first
    bool returned = false;
  };

  void step() {
    Frame& frame = frames_.back();
    if (!frame.nested.empty()) {
      const BlockId block = frame.nested.back();
      frame.nested.pop_back();
      open_block(block);
    } else if (frame.returned) {
      frames_.pop_back();
    } else if (lexer_.take_if("return")) {
      frame.returned = true;
      output();
    } else {
      node();
    }
  }

  // -- names

  Name operand(const Lexer& lexer, const Token& token) override {
    const std::string_view name = token.kind == Tok::quoted ? token.text : token.raw;
    const auto& values = frames_.back().values;
    const auto found = values.find(graph_->strings().find(name));
    if (found == values.end()) {
      lexer.fail(Code::text_unknown_value, token.at, fmt::format("there is no value '{}'", name),
                 suggestion(name));
    }
    operands_.push_back(found->second);
    return {Operand{static_cast<std::uint32_t>(operands_.size() - 1)},
            kind_of_type(graph_->type(found->second))};
  }

  BlockRef block(std::string_view name) override {
    const StringId id = graph_->intern(name);
    const BlockId block = journal_.create_block(id);
    called_blocks_.push_back(block);
    return {block, id};
  }

  std::string suggestion(std::string_view name) const {
    constexpr std::size_t kMost = 1000, kLongest = 100;  // suggesting is not worth more than that
    std::vector<std::string> names;
    for (const auto& [id, value] : frames_.back().values) {
      if (names.size() == kMost) break;
      if (graph_->text(id).size() <= kLongest) names.emplace_back(graph_->text(id));
    }
    const std::string near = name.size() <= kLongest ? nearest(name, names) : std::string();
    return near.empty() ? "a block sees the values defined above in the same block"
                        : fmt::format("did you mean '{}'?", near);
  }

  void define(const Results& results, NodeId node) {
    for (std::uint32_t k = 0; k < results.names.size(); ++k) {
      const auto [at, added] =
          frames_.back().values.emplace(results.names[k], graph_->result(node, k));
      if (!added) {
        lexer_.fail(Code::text_duplicate_name, results.at[k],
                    fmt::format("the name '{}' is taken in this block",
                                graph_->text(results.names[k])));
      }
    }
  }

  StringId intern_name(std::string_view what) { return graph_->intern(lexer_.take_name(what)); }

  // -- blocks

  void open_block(BlockId block) {
    lexer_.expect("graph");
    if (lexer_.is_name()) journal_.set_block_name(block, intern_name("the block's name"));
    frames_.push_back({block, {}, {}, false});
    lexer_.expect("(");
    while (!lexer_.is(")")) {
      input();
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect(")");
    const Attributes attributes = parse_attributes(lexer_, *graph_);
    if (attributes.name || !attributes.metadata.empty()) {
      lexer_.fail_expected("':'", "a block has @single_tensor_return and @unknown_fields only");
    }
    journal_.set_block_details(block, attributes.unknown_fields,
                               attributes.single_tensor_return.value_or(false));
    lexer_.expect(":");
  }

  void input() {
    const std::size_t at = lexer_.peek().at;
    const Results results = parse_result(lexer_, *graph_, symbols_);
    InputSpec spec;
    if (lexer_.take_if("=")) spec = input_spec(results, at);
    Attributes attributes = parse_attributes(lexer_, *graph_);
    NodeSpec node;
    node.opcode = Opcode::placeholder;
    node.name = attributes.name.value_or(results.names[0]);
    node.result_forms = {{kind_of_type(graph_->types().type(results.types[0])), 1}};
    node.result_types = results.types;
    node.result_names = results.names;
    const NodeId id = create(std::move(node), std::move(attributes));
    define(results, id);
    if (frames_.back().block == kRootBlock) journal_.set_input_spec(id, std::move(spec));
  }

  InputSpec input_spec(const Results& results, std::size_t at) {
    InputSpec spec;
    const Token word = lexer_.take();
    const std::optional<InputKind> kind = input_kind_from_name(word.raw);
    if (!kind || frames_.back().block != kRootBlock) {
      lexer_.fail(Code::text_syntax, word.at,
                  fmt::format("'{}' is no kind of input here", word.raw),
                  "inputs of the program are parameter, buffer, tensor_constant, custom_obj, token "
                  "or constant_input; those of nested graphs have none");
    }
    spec.kind = *kind;
    if (spec.kind == InputKind::token || spec.kind == InputKind::user_input) return spec;
    spec.target = lexer_.take_string("the name of what the input stands for");
    if (spec.kind == InputKind::constant_input) {
      spec.constant = argument_value(ArgKind::none);
      if (!operands_.empty() || !called_blocks_.empty()) {
        lexer_.fail(Code::text_bad_kind, word.at,
                    "an input's constant cannot name a value or a nested graph");
      }
      return spec;
    }
    if (lexer_.take_if("persistent")) {
      lexer_.expect("=");
      spec.persistent = lexer_.take_if("True");
      if (!spec.persistent) lexer_.expect("False");
    }
    if (lexer_.take_if("value")) {
      lexer_.expect("=");
      constant(spec, graph_->types().type(results.types[0]), at);
    }
    return spec;
  }

  void constant(const InputSpec& spec, const Type& type, std::size_t at) {
    const Literal literal = parse_literal(lexer_, *graph_, *this);
    if (!operands_.empty()) {
      lexer_.fail(Code::text_bad_constant, at, "a constant's elements are numbers, not values");
    }
    if (graph_->constants().contains(spec.target)) {
      lexer_.fail(Code::text_duplicate_name, at,
                  fmt::format("there is a constant '{}' already", spec.target));
    }
    journal_.add_constant(spec.target, tensor_from(literal, type, lexer_, at));
  }

  void output() {
    NodeSpec node;
    node.opcode = Opcode::output;
    std::vector<OutputSpec> specs;
    lexer_.expect("(");
    while (!lexer_.is(")")) {
      node.arguments.push_back({StringId{}, ArgForm::positional, argument_value(ArgKind::none)});
      specs.push_back(output_spec());
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect(")");
    Attributes attributes = parse_attributes(lexer_, *graph_);
    node.name = attributes.name.value_or(graph_->intern("output"));
    refuse_blocks();
    create(std::move(node), std::move(attributes));
    if (frames_.back().block == kRootBlock) journal_.set_output_specs(std::move(specs));
  }

  OutputSpec output_spec() {
    OutputSpec spec;
    if (!lexer_.take_if("->")) return spec;
    const Token word = lexer_.take();
    const std::optional<OutputKind> kind = output_kind_from_name(word.raw);
    if (!kind || frames_.back().block != kRootBlock) {
      lexer_.fail(Code::text_syntax, word.at,
                  fmt::format("'{}' is no kind of output here", word.raw));
    }
    spec.kind = *kind;
    if (lexer_.peek().kind == Tok::string) spec.target = lexer_.take().text;
    return spec;
  }

  void refuse_blocks() {
    if (called_blocks_.empty()) return;
    lexer_.fail(Code::text_bad_kind, lexer_.peek().at, "only a call's argument is a nested graph");
  }

  // -- nodes

  // With `results =` unless what comes is the operator of a call without results.
  void node() {
    const bool bare = lexer_.peek().kind == Tok::word &&
                      (!lexer_.is_name() || lexer_.after() == '(' || is_opcode());
    const bool quoted_operator = lexer_.peek().kind == Tok::quoted && lexer_.after() == '(';
    Results results;
    if (!bare && !quoted_operator) {
      results = parse_results(lexer_, *graph_, symbols_);
      lexer_.expect("=");
    }
    NodeSpec node;
    node.opcode = opcode();
    if (lexer_.peek().kind != Tok::word && lexer_.peek().kind != Tok::quoted) {
      lexer_.fail_expected("an operator", "a line is `name = operator(arguments)`, or return (…)");
    }
    const Token op = lexer_.take();
    node.op = graph_->intern(op.kind == Tok::quoted ? op.text : op.raw);
    node.arguments = arguments(node.op);
    std::vector<BlockId> nested = std::move(called_blocks_);
    called_blocks_.clear();
    Attributes attributes = parse_attributes(lexer_, *graph_);
    if (attributes.name) results.node_name = attributes.name;
    if (results.node_name) node.name = *results.node_name;
    node.result_forms = results.forms;
    node.result_types = results.types;
    node.result_names = results.names;
    const NodeId id = create(std::move(node), std::move(attributes));
    define(results, id);
    frames_.back().nested.assign(nested.rbegin(), nested.rend());
  }

  // The word before an operator: `call_method sum(x)`.
  bool is_opcode() const {
    return (lexer_.is("get_attr") || lexer_.is("call_method") || lexer_.is("call_module") ||
            lexer_.is("call_function")) &&
           (std::isalpha(static_cast<unsigned char>(lexer_.after())) || lexer_.after() == '_' ||
            lexer_.after() == '%');
  }

  Opcode opcode() {
    if (!is_opcode()) return Opcode::call_function;
    const Token word = lexer_.take();
    return word.raw == "get_attr"      ? Opcode::get_attr
           : word.raw == "call_method" ? Opcode::call_method
           : word.raw == "call_module" ? Opcode::call_module
                                       : Opcode::call_function;
  }

  NodeId create(NodeSpec spec, Attributes attributes) {
    spec.operands = std::move(operands_);
    operands_.clear();
    spec.metadata = std::move(attributes.metadata);
    const NodeId id = journal_.create_node(std::move(spec), {frames_.back().block, {}});
    if (attributes.unknown_fields || attributes.single_tensor_return) {
      journal_.set_node_details(id, attributes.unknown_fields, attributes.single_tensor_return);
    }
    return id;
  }

  // -- arguments

  std::vector<NamedArgument> arguments(StringId op) {
    std::vector<NamedArgument> arguments;
    lexer_.expect("(");
    while (!lexer_.is(")")) {
      arguments.push_back(argument(op, arguments.size()));
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect(")");
    return arguments;
  }

  NamedArgument argument(StringId op, std::size_t position) {
    NamedArgument argument;
    const Token& token = lexer_.peek();
    const bool word = token.kind == Tok::quoted ||
                      (token.kind == Tok::word && token.raw.find('.') == token.raw.npos);
    if (word && (lexer_.after() == '=' || lexer_.after() == ':')) {
      const Token name = lexer_.take();
      argument.name = graph_->intern(name.kind == Tok::quoted ? name.text : name.raw);
      if (lexer_.take_if("=")) {
        argument.form = ArgForm::keyword;
      } else if (lexer_.take_if(":=")) {
        argument.form = ArgForm::defaulted;
      } else {
        lexer_.expect(":");
      }
    }
    ArgKind expected = ArgKind::none;
    if (options_.parameters) {
      const auto info =
          options_.parameters(graph_->text(op), position, graph_->text(argument.name));
      if (info) {
        expected = info->kind;
        if (!argument.name) argument.name = graph_->intern(info->name);
      }
    }
    argument.value = argument_value(expected);
    return argument;
  }

  Argument argument_value(ArgKind expected) {
    const std::size_t at = lexer_.peek().at;
    const Literal literal = parse_literal(lexer_, *graph_, *this);
    const std::optional<ArgKind> kind =
        literal.kind ? literal.kind : natural_kind(literal, expected);
    if (!kind) {
      lexer_.fail(Code::text_bad_kind, at, "the list mixes elements that no kind holds together",
                  "lists are of ints, floats, bools, strings, tensors (with None), symbols and "
                  "numbers, or of such lists; write 1.0 for a float");
    }
    std::optional<Argument> argument = to_argument(literal, *kind);
    if (!argument) {
      lexer_.fail(Code::text_bad_kind, at,
                  fmt::format("the value cannot be of kind '{}'", arg_kind_name(*kind)));
    }
    return std::move(*argument);
  }

  const ParseOptions& options_;
  Lexer lexer_;
  std::unique_ptr<Graph> graph_;
  Journal journal_;
  SymbolText symbols_;
  std::vector<Frame> frames_;
  std::vector<ValueId> operands_;       // of the node being read
  std::vector<BlockId> called_blocks_;  // of the node being read
};

}  // namespace
}  // namespace text

std::unique_ptr<Graph> parse_graph(std::string_view text, const ParseOptions& options) {
  return text::Parser(text, options).run();
}

}  // namespace fettle
