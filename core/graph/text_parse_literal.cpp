// Reads `value` of the grammar (graph/text.hpp).
#include <fmt/format.h>

#include "graph/text_literal.hpp"

namespace fettle::text {

namespace {

constexpr int kDeepest = 64;  // lists in lists; a bound on recursion for any text

class LiteralParser {
 public:
  LiteralParser(Lexer& lexer, const Graph& graph, OperandSource& source)
      : lexer_(lexer), graph_(graph), source_(source) {}

  Literal value(int depth) {
    const Token& token = lexer_.peek();
    if (depth > kDeepest) lexer_.fail(Code::text_syntax, token.at, "lists are nested too deep");
    switch (token.kind) {
      case Tok::integer: return {lexer_.take().integer, {}};
      case Tok::real: return {lexer_.take().real, {}};
      case Tok::string: return {graph_.intern(lexer_.take().text), {}};
      case Tok::punct:
        if (lexer_.take_if("[")) return list(depth);
        if (lexer_.take_if("{")) return dict(depth);
        break;
      case Tok::quoted: return {source_.operand(lexer_, lexer_.take()), {}};
      case Tok::word: return word();
      case Tok::end: break;
    }
    lexer_.fail_expected("a value");
  }

 private:
  Literal word() {
    if (lexer_.is_name()) return {source_.operand(lexer_, lexer_.take()), {}};
    if (lexer_.take_if("None")) return {};
    if (lexer_.take_if("True")) return {true, {}};
    if (lexer_.take_if("False")) return {false, {}};
    if (lexer_.is("device")) return device();
    if (lexer_.is("complex")) return complex_number();
    const Token token = lexer_.take();
    if (token.raw == "self") {
      lexer_.expect(".");
      return {source_.block(lexer_.take_name("the name of a nested graph")), {}};
    }
    if (token.raw.starts_with("self.")) return {source_.block(token.raw.substr(5)), {}};
    if (token.raw.starts_with("torch.")) return {torch(token), {}};
    lexer_.fail(Code::text_syntax, token.at,
                fmt::format("expected a value, found '{}'", token.raw));
  }

  Torch torch(const Token& token) {
    const std::string_view name = token.raw.substr(6);
    if (const auto dtype = dtype_from_torch_name(name)) {
      return {ArgKind::dtype, static_cast<std::int64_t>(*dtype)};
    }
    if (const auto layout = layout_from_name(name)) return {ArgKind::layout, *layout};
    if (const auto format = memory_format_from_name(name)) {
      return {ArgKind::memory_format, *format};
    }
    lexer_.fail(Code::text_syntax, token.at,
                fmt::format("'{}' is no dtype, layout or memory format", token.raw));
  }

  Literal device() {
    lexer_.take();
    lexer_.expect("(");
    lexer_.expect("type");
    lexer_.expect("=");
    Device device{lexer_.take_string("the device's type"), {}};
    if (lexer_.take_if(",")) {
      lexer_.expect("index");
      lexer_.expect("=");
      device.index = lexer_.take_integer("the device's index");
    }
    lexer_.expect(")");
    return {std::move(device), {}};
  }

  double real() {
    if (lexer_.peek().kind != Tok::real) lexer_.fail_expected("a number with a point");
    return lexer_.take().real;
  }

  Literal complex_number() {
    lexer_.take();
    lexer_.expect("(");
    const double re = real();
    lexer_.expect(",");
    const double im = real();
    lexer_.expect(")");
    return {std::complex<double>(re, im), {}};
  }

  Literal list(int depth) {
    std::vector<Literal> items;
    while (!lexer_.is("]")) {
      items.push_back(value(depth + 1));
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect("]");
    return {std::move(items), {}};
  }

  Literal dict(int depth) {
    std::vector<LiteralEntry> entries;
    while (!lexer_.is("}")) {
      const StringId key = graph_.intern(lexer_.take_string("a key"));
      lexer_.expect(":");
      entries.push_back({key, value(depth + 1)});
      entries.back().value.kind = parse_kind_suffix(lexer_);
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect("}");
    return {std::move(entries), {}};
  }

  Lexer& lexer_;
  const Graph& graph_;
  OperandSource& source_;
};

}  // namespace

std::optional<ArgKind> parse_kind_suffix(Lexer& lexer) {
  if (!lexer.take_if("!")) return std::nullopt;
  const Token token = lexer.take();
  const std::optional<ArgKind> kind = arg_kind_from_name(token.raw);
  if (!kind) {
    lexer.fail(Code::text_bad_kind, token.at, fmt::format("'{}' is no kind of argument", token.raw),
               "the kinds are those of the exported schema: tensors, sym_ints, scalar_type …");
  }
  return kind;
}

Literal parse_literal(Lexer& lexer, const Graph& graph, OperandSource& source) {
  Literal literal = LiteralParser(lexer, graph, source).value(0);
  literal.kind = parse_kind_suffix(lexer);
  return literal;
}

}  // namespace fettle::text
