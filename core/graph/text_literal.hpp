// Between text and Argument: a Literal is what a person wrote, before its ArgKind is known (`[]` may
// be any of ten). The printer turns arguments into literals too, and both ask natural_kind what one
// means by itself; so a kind is written exactly where reading would go wrong without it.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/graph.hpp"
#include "graph/text_lexer.hpp"

namespace fettle::text {

struct Name {  // a value: operand `operand` of the node
  Operand operand;
  ArgKind kind = ArgKind::tensor;  // what the value's type says
};

struct Torch {  // torch.float32, torch.strided, torch.preserve_format
  ArgKind kind = ArgKind::dtype;
  std::int64_t number = 0;
};

struct Literal;
struct LiteralEntry;

struct Literal {
  std::variant<std::monostate, bool, std::int64_t, double, std::complex<double>, StringId, Name,
               BlockRef, Torch, Device, std::vector<Literal>, std::vector<LiteralEntry>>
      payload;
  std::optional<ArgKind> kind;  // of `!kind`, or the argument's; not in a list's elements
};

struct LiteralEntry {
  StringId key;
  Literal value;
};

// The kind that a literal has without a suffix. `expected`: what the operator's schema says of the
// parameter (none: unknown); it decides only what the text leaves open. nullopt: a list that mixes
// what no kind holds together.
std::optional<ArgKind> natural_kind(const Literal& literal, ArgKind expected);

// The argument of that kind, or nullopt when the literal cannot be one.
std::optional<Argument> to_argument(const Literal& literal, ArgKind kind);

// The kind of argument by which a value of that type is passed.
ArgKind kind_of_type(const Type& type);

// `types_known`: whether the text says the values' types, so that names have their kinds.
Literal to_literal(const Graph& graph, const Node& node, const Argument& argument,
                   bool types_known);

// Who knows what names stand for while a node is read.
class OperandSource {
 public:
  virtual ~OperandSource() = default;
  virtual Name operand(const Lexer& lexer, const Token& name) = 0;
  virtual BlockRef block(std::string_view name) = 0;
};
std::optional<ArgKind> parse_kind_suffix(Lexer& lexer);  // "!kind", if it is there
// `value` of the grammar, with its kind suffix.
Literal parse_literal(Lexer& lexer, const Graph& graph, OperandSource& source);

// Prints the literal, with its kind where reading would not find it.
void append_literal(std::string& out, const Graph& graph, const Node* node, const Literal& literal,
                    ArgKind expected);

std::string_view memory_format_name(std::int64_t number);  // "preserve_format"; empty if unknown
std::string_view layout_name(std::int64_t number);
std::optional<std::int64_t> layout_from_name(std::string_view name);
std::optional<std::int64_t> memory_format_from_name(std::string_view name);

}  // namespace fettle::text
