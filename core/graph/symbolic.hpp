// Expressions over a program's symbols, as sizes have them: "2*s77".
//
// The archive writes them as sympy's srepr text, Mul(Integer(2), Symbol('s77', integer=True)), and
// that text stays what a graph stores (SymInt::expression). Here it is understood: parsed once for
// each distinct text into shared nodes, evaluated under values of the symbols, bounded under their
// ranges, and written for people in a notation that parses back to the very same expression.
//
// What is not known survives: a function that has no meaning here is a call like any other, whose
// value is undetermined; text that is not srepr at all, or nested deeper than kDeepest, is kept as
// it is. Nothing here throws on any text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/python_number.hpp"
#include "graph/interning.hpp"
#include "graph/types.hpp"

namespace fettle {

using ExprId = Id<struct ExprTag>;  // an expression of one Expressions; equal ids, equal srepr

// What symbols stand for, by name.
using SymbolValues = std::map<std::string, std::int64_t, std::less<>>;

// The value of an expression, or why it has none.
struct Evaluation {
  std::optional<ScalarValue> value;
  std::string why;  // "u0 has no value", "the function 'Foo' is not known", "division by zero" …
};

// Inclusive; a missing bound: none is known.
struct Interval {
  std::optional<std::int64_t> low, high;
  friend bool operator==(const Interval&, const Interval&) = default;
};
using SymbolRanges = std::map<std::string, Interval, std::less<>>;

class Expressions {
 public:
  static constexpr int kDeepest = 200;  // calls in calls; a bound on recursion for any text

  enum class Kind : std::uint8_t {
    integer,   // Integer(2): `value`
    rational,  // Rational(1, 2): `value` / `denominator`
    real,      // Float('0.5', precision=53): `text` is 0.5, `details` what follows it
    symbol,    // Symbol('s77', integer=True): `text` is s77, `details` what follows it
    constant,  // true, oo: `text`
    call,      // Add(…): `text` is the function, its arguments the children
    opaque,    // no srepr: `text` is all of it
  };
  struct Node {
    Kind kind = Kind::opaque;
    StringId text, details;
    std::int64_t value = 0, denominator = 1;
    std::uint32_t first_child = 0, child_count = 0;
    int depth = 1;
  };

  // Linear in the text, and paid once: the same text again is looked up.
  ExprId parse(std::string_view srepr);
  // The notation of print, and Python's: `2*s77`, `(s0//2) + 1`, `a % 4 == 0 and b >= 2`,
  // `L['x'].size()[0] < 8`. Nothing if it is neither. `details`: what is known of symbols ("integer=True"), by
  // name; others have what export gives them.
  using SymbolDetails = std::map<std::string, std::string, std::less<>>;
  std::optional<ExprId> parse_infix(std::string_view text, const SymbolDetails& details = {});

  std::string srepr(ExprId id) const;
  // For people: "2*s77". Empty where that would not parse back to the same expression.
  std::string infix(ExprId id, const SymbolDetails& details = {});

  const Node& node(ExprId id) const { return nodes_[id.index]; }
  std::span<const ExprId> children(ExprId id) const {
    return {children_.data() + node(id).first_child, node(id).child_count};
  }
  std::string_view text(StringId id) const { return id ? strings_.text(id) : std::string_view{}; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(nodes_.size()); }

  // Names of the symbols in it, sorted, each once.
  std::vector<std::string> symbols(ExprId id) const;

  Evaluation evaluate(ExprId id, const SymbolValues& values) const;
  // As a size: a whole number. A float without fraction is one.
  std::optional<std::int64_t> evaluate_size(ExprId id, const SymbolValues& values) const;
  Interval bounds(ExprId id, const SymbolRanges& ranges) const;

  // Building blocks of the parsers: each answers the one node that says this.
  ExprId integer(std::int64_t value);
  ExprId rational(std::int64_t numerator, std::int64_t denominator);
  ExprId symbol(std::string_view name, std::string_view details);
  ExprId atom(Kind kind, std::string_view text, std::string_view details = {});
  ExprId call(std::string_view function, std::span<const ExprId> arguments);

 private:
  ExprId unique(Node node, std::span<const ExprId> children);

  StringPool strings_;
  std::vector<Node> nodes_;  // children before their parents
  std::vector<ExprId> children_;
  std::unordered_multimap<std::size_t, ExprId> ids_;  // by hash
  std::unordered_map<std::string, ExprId> parsed_;    // by srepr text
};

// What torch.export says of a symbol of that name: sizes (s77) are positive, others (u0) integers.
std::string_view usual_symbol_details(std::string_view name);

}  // namespace fettle
