#include "graph/text_symbols.hpp"

#include <fmt/format.h>

#include <vector>

namespace fettle::text {
namespace {

// Whether a range's expression can stand in the text without quotes.
bool is_bare(std::string_view expression) {
  Expressions all;
  return all.parse_infix(expression) && !expression.starts_with("-n") &&
         !expression.starts_with("-i") && !expression.ends_with(' ') &&
         expression.find_first_of("=\n#<>'[]") == expression.npos &&
         (expression[0] != ' ' && expression.find(',') == expression.npos);
}

void append_bound(std::string& out, std::optional<std::int64_t> bound, std::string_view infinite) {
  bound ? out += std::to_string(*bound) : out += infinite;
}

std::optional<std::int64_t> parse_bound(Lexer& lexer) {
  if (lexer.peek().kind == Tok::integer) return lexer.take().integer;
  if (lexer.peek().raw != "inf" && lexer.peek().raw != "-inf") {
    lexer.fail_expected("a bound: a number, -inf or inf");
  }
  lexer.take();
  return std::nullopt;
}

}  // namespace

SymbolText::SymbolText(const Type& type) { learn(type); }

SymbolText::SymbolText(const Graph& graph) {
  std::vector<bool> seen(graph.types().size());
  for (std::uint32_t i = 0; i < graph.value_bound(); ++i) {
    if (!graph.alive(ValueId(i))) continue;
    const TypeId type = graph.value(ValueId(i)).type;
    if (!type || seen[type.index]) continue;
    seen[type.index] = true;
    learn(graph.types().type(type));
  }
}

void SymbolText::learn(const Type& type) {
  for (const SymInt& size : type.sizes) learn(size);
  for (const SymInt& stride : type.strides) learn(stride);
  learn(type.storage_offset);
  learn(type.scalar);
}

// Where expressions say different things of a symbol, the usual one counts, else the first by
// alphabet, so that the text does not depend on the order of values; others are quoted.
void SymbolText::learn(const SymInt& size) {
  if (!size.symbolic() || !shown_.try_emplace(size.expression).second) return;
  std::vector<ExprId> open = {expressions_.parse(size.expression)};
  while (!open.empty()) {
    const ExprId at = open.back();
    open.pop_back();
    const Expressions::Node& node = expressions_.node(at);
    if (node.kind == Expressions::Kind::symbol) {
      const std::string_view name = expressions_.text(node.text);
      const std::string_view details = expressions_.text(node.details);
      const std::string_view usual = usual_symbol_details(name);
      std::string& known = details_.try_emplace(std::string(name), details).first->second;
      if (known != usual && (details == usual || details < known)) known = details;
    }
    for (const ExprId child : expressions_.children(at)) open.push_back(child);
  }
}

std::string SymbolText::shown(const std::string& srepr) {
  const ExprId id = expressions_.parse(srepr);
  std::string text = expressions_.infix(id, details_);
  const bool number = expressions_.node(id).kind == Expressions::Kind::integer;
  if (number || text.starts_with("-n") || text.starts_with("-i")) text.clear();
  if (text.empty()) append_string(text, srepr);
  return text;
}

void SymbolText::append(std::string& out, const std::string& srepr) {
  std::string& known = shown_[srepr];
  if (known.empty()) known = shown(srepr);
  out += known;
}

std::string SymbolText::parse(Lexer& lexer, bool in_angles) {
  const std::size_t at = lexer.peek().at;
  const std::string text(lexer.take_expression(in_angles));
  const auto [known, added] = parsed_.try_emplace(text);
  if (added) {
    const auto id = expressions_.parse_infix(text, details_);
    if (!id) {
      lexer.fail(Code::text_syntax, at, fmt::format("'{}' is no size", text),
                 "a size is a number, an expression over symbols such as 2*s77, or a quoted one");
    }
    known->second = expressions_.srepr(*id);
  }
  return known->second;
}

void SymbolText::append_declarations(std::string& out, const ShapeConstraints& constraints,
                                     bool guards) {
  for (const auto& [name, details] : details_) {
    if (details == usual_symbol_details(name)) continue;
    out += "symbol ";
    append_name(out, name);
    out += ": ";
    append_string(out, details);
    out += '\n';
  }
  for (const SizeRange& range : constraints.ranges) {
    out += "range ";
    is_bare(range.expression) ? out += range.expression : (append_string(out, range.expression), out);
    out += " in [";
    append_bound(out, range.low, "-inf");
    out += ", ";
    append_bound(out, range.high, "inf");
    out += "]\n";
  }
  if (!guards) return;
  for (const std::string& guard : constraints.guards) {
    out += "guard ";
    append_string(out, guard);
    out += '\n';
  }
}

ShapeConstraints SymbolText::parse_declarations(Lexer& lexer) {
  ShapeConstraints constraints;
  for (;;) {
    if (lexer.take_if("symbol")) {
      const std::string name = lexer.take_name("a symbol");
      lexer.expect(":");
      details_[name] = lexer.take_string("what is known of the symbol: 'integer=True'");
    } else if (lexer.take_if("range")) {
      SizeRange& range = constraints.ranges.emplace_back();
      range.expression = lexer.peek().kind == Tok::string ? lexer.take().text
                                                          : std::string(lexer.take_expression());
      lexer.expect("in");
      lexer.expect("[");
      range.low = parse_bound(lexer);
      lexer.expect(",");
      range.high = parse_bound(lexer);
      lexer.expect("]");
    } else if (lexer.take_if("guard")) {
      constraints.guards.push_back(lexer.take_string("a guard: a quoted Python expression"));
    } else {
      return constraints;
    }
  }
}

}  // namespace fettle::text
