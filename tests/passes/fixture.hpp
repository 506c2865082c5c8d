// What the tests of shipped components share: one host that has loaded them, and graphs from text.
#pragma once

#include <memory>
#include <string>

#include "catch.hpp"
#include "graph/checks.hpp"
#include "graph/journal.hpp"
#include "graph/text.hpp"
#include "host/host.hpp"
#include "ops/facts.hpp"
#include "ops/registry.hpp"

namespace fettle::test {

// The plugins of the build, and no others.
inline const Host& shipped() {
  static const Host host = [] {
    Search search;
    search.plugin_dirs = {FETTLE_SHIPPED_PLUGINS};
    return Host(search);
  }();
  return host;
}

// Kinds of arguments as the operators' schemas tell them, so that texts need not.
inline std::optional<ParameterInfo> parameter_of(std::string_view op, std::size_t position,
                                                 std::string_view name) {
  const OperatorSchema* schema = find_operator(op);
  if (schema == nullptr) return std::nullopt;
  for (std::size_t k = 0; k < schema->arguments.size(); ++k)
    if (name.empty() ? k == position : schema->arguments[k].name == name)
      return ParameterInfo{schema->arguments[k].name, schema->arguments[k].kind};
  return std::nullopt;
}

inline std::unique_ptr<Graph> graph_of(const std::string& text) {
  ParseOptions options;
  options.parameters = parameter_of;
  std::unique_ptr<Graph> graph = parse_graph(text, options);
  bind_schemas(*graph, "test");
  check(*graph);
  check_schemas(*graph);
  return graph;
}

// As tests show graphs: with the values of small constants.
inline std::string text_of(const Graph& graph) {
  PrintOptions options;
  options.constant_elements = 64;
  options.parameters = parameter_of;
  return print(graph, options);
}

}  // namespace fettle::test
