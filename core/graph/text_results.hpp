// What stands left of a call's "=" and in braces behind it (`results` and `attributes` of the
// grammar in graph/text.hpp).
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.hpp"
#include "graph/text_lexer.hpp"
#include "graph/text_symbols.hpp"

namespace fettle::text {

struct Results {
  std::optional<StringId> node_name;  // none: a fresh one
  ResultForms forms;
  std::vector<TypeId> types;
  std::vector<StringId> names;
  std::vector<std::size_t> at;  // where each name stands
};

struct Attributes {
  std::vector<MetadataEntry> metadata;
  std::optional<StringId> name;
  std::optional<bool> single_tensor_return;
  StringId unknown_fields;
};

Results parse_results(Lexer& lexer, const Graph& graph, SymbolText& symbols);
// One value, as inputs are.
Results parse_result(Lexer& lexer, const Graph& graph, SymbolText& symbols);
Attributes parse_attributes(Lexer& lexer, const Graph& graph);

}  // namespace fettle::text
