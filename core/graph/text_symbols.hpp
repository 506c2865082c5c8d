// Symbolic sizes and the program's demands on them in the text form (`expression` and `declaration` of
// graph/text.hpp). An expression is shown as people write it where that reads back as the same one,
// and as a string with its srepr text where not.
#pragma once

#include <string>
#include <unordered_map>

#include "graph/graph.hpp"
#include "graph/symbolic.hpp"
#include "graph/text_lexer.hpp"

namespace fettle::text {

class SymbolText {
 public:
  SymbolText() = default;
  // Takes symbols as the type, or all types of the graph, have them: what sympy knows of each.
  explicit SymbolText(const Type& type);
  explicit SymbolText(const Graph& graph);

  // Symbols of one more type.
  void learn(const Type& type);

  void append(std::string& out, const std::string& srepr);
  std::string parse(Lexer& lexer, bool in_angles);  // srepr

  // The lines before a program. `guards`: those, too.
  void append_declarations(std::string& out, const ShapeConstraints& constraints, bool guards);
  // Reads what declarations there are; symbols are known from then on.
  ShapeConstraints parse_declarations(Lexer& lexer);

 private:
  void learn(const SymInt& size);
  std::string shown(const std::string& srepr);

  Expressions expressions_;
  Expressions::SymbolDetails details_;
  std::unordered_map<std::string, std::string> shown_;   // by srepr
  std::unordered_map<std::string, std::string> parsed_;  // srepr, by what people write
};

}  // namespace fettle::text
