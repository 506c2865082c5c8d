// What fettle claims of calls, for tests/python to hold against what they do.
//
//   claim_facts < FILE      graphs in text form, each with one call, ended by a line "---"
//   answers a line of JSON each: {"operands": [names], "known": …, "writes": [k], …}; or {"error": …}
#include <boost/json.hpp>
#include <iostream>

#include "base/error.hpp"
#include "graph/text.hpp"
#include "ops/facts.hpp"
#include "ops/registry.hpp"

using namespace fettle;
namespace json = boost::json;

namespace {

NodeId first_call(const Graph& graph) {
  for (const NodeId node : graph.nodes())
    if (graph.node(node).opcode == Opcode::call_function) return node;
  return {};
}

json::object claims(const std::string& text) {
  const std::unique_ptr<Graph> graph = parse_graph(text);
  bind_schemas(*graph, "the call");
  const NodeId call = first_call(*graph);
  const CallFacts facts = call_facts(*graph, call);
  json::array operands;
  for (const ValueId operand : graph->node(call).operands)
    operands.emplace_back(graph->text(graph->value(operand).name));
  return {{"operands", operands},
          {"known", facts.known},
          {"random", facts.random},
          {"side_effect", facts.side_effect},
          {"writes", json::value_from(facts.writes)},
          {"results_alias", json::value_from(facts.results_alias)},
          {"results_share", facts.results_share},
          {"plain", PlainCalls(*graph).contains(call)},
          {"why", facts.why}};
}

}  // namespace

int main() {
  std::string text;
  for (std::string line; std::getline(std::cin, line);) {
    if (line != "---") {
      text += line + '\n';
      continue;
    }
    try {
      std::cout << claims(text) << '\n';
    } catch (const Error& error) {
      std::cout << json::object{{"error", error.what()}} << '\n';
    }
    text.clear();
  }
}
