#include "graph/text_results.hpp"

#include <fmt/format.h>

#include "graph/text_literal.hpp"
#include "graph/text_types.hpp"

namespace fettle::text {
namespace {

class ResultsParser {
 public:
  ResultsParser(Lexer& lexer, const Graph& graph, SymbolText& symbols)
      : lexer_(lexer), graph_(graph), symbols_(symbols) {}

  void all(Results& results) {
    if (lexer_.is("(") || lexer_.is("[")) return group(results);
    const std::size_t at = lexer_.peek().at;
    const StringId name = graph_.intern(lexer_.take_name("a value's name"));
    if (lexer_.take_if(":")) {
      if (lexer_.is("(") || lexer_.is("[") || lexer_.is("None")) {
        results.node_name = name;
        return group(results);
      }
      add_result(results, name, at, parse_type(lexer_, symbols_));
    } else {
      add_result(results, name, at, Type{});
    }
    results.forms.push_back({result_kind(results), 1});
    if (!lexer_.is(",")) results.node_name = name;
    while (lexer_.take_if(",")) {
      result(results);
      results.forms.push_back({result_kind(results), 1});
    }
  }

  void result(Results& results) {
    const std::size_t at = lexer_.peek().at;
    const StringId name = graph_.intern(lexer_.take_name("a value's name"));
    add_result(results, name, at, lexer_.take_if(":") ? parse_type(lexer_, symbols_) : Type{});
  }

 private:
  void group(Results& results) {
    if (lexer_.take_if("None")) return;
    if (lexer_.is("[")) return form(results);
    lexer_.expect("(");
    while (!lexer_.is(")")) {
      form(results);
      if (!lexer_.take_if(",")) break;
    }
    lexer_.expect(")");
  }

  void form(Results& results) {
    ResultForm form;
    if (lexer_.take_if("[")) {
      const std::size_t first = results.names.size();
      while (!lexer_.is("]")) {
        result(results);
        if (!lexer_.take_if(",")) break;
      }
      lexer_.expect("]");
      form = {ArgKind::tensors, static_cast<std::uint32_t>(results.names.size() - first)};
    } else if (lexer_.take_if("None")) {
      form = {ArgKind::none, 0};
    } else {
      result(results);
      form = {result_kind(results), 1};
    }
    if (const auto kind = parse_kind_suffix(lexer_)) form.kind = *kind;
    results.forms.push_back(form);
  }

  void add_result(Results& results, StringId name, std::size_t at, Type type) {
    results.names.push_back(name);
    results.types.push_back(graph_.intern(std::move(type)));
    results.at.push_back(at);
  }

  ArgKind result_kind(const Results& results) const {
    return kind_of_type(graph_.types().type(results.types.back()));
  }

  Lexer& lexer_;
  const Graph& graph_;
  SymbolText& symbols_;
};

}  // namespace

Results parse_results(Lexer& lexer, const Graph& graph, SymbolText& symbols) {
  Results results;
  ResultsParser(lexer, graph, symbols).all(results);
  return results;
}

Results parse_result(Lexer& lexer, const Graph& graph, SymbolText& symbols) {
  Results results;
  ResultsParser(lexer, graph, symbols).result(results);
  return results;
}

Attributes parse_attributes(Lexer& lexer, const Graph& graph) {
  Attributes attributes;
  if (!lexer.take_if("{")) return attributes;
  while (!lexer.is("}")) {
    const bool own = lexer.take_if("@");
    const std::size_t at = lexer.peek().at;
    const std::string key = lexer.take_name("the name of an attribute");
    lexer.expect("=");
    const std::string text = lexer.take_string("a quoted text");
    if (!own) {
      attributes.metadata.push_back({graph.intern(key), graph.intern(text)});
    } else if (key == "name") {
      attributes.name = graph.intern(text);
    } else if (key == "single_tensor_return") {
      attributes.single_tensor_return = text == "True";
    } else if (key == "unknown_fields") {
      attributes.unknown_fields = graph.intern(text);
    } else {
      lexer.fail(Code::text_syntax, at, fmt::format("nodes have no field '@{}'", key));
    }
    if (!lexer.take_if(",")) break;
  }
  lexer.expect("}");
  return attributes;
}

}  // namespace fettle::text
