// Which backend runs which calls of the optimized program, as a pipeline says it:
//
//   backend: reference                          # all that it claims
//
//   backends:                                   # or in detail: a node's rule, its operator's, the default
//     default: aten
//     operators: {aten.linear.default: reference}
//     nodes: {conv2d_3: aten}
//
// "aten" is libtorch: it runs what no rule names and what a backend does not claim. Verifiers and
// benchmarks then run the optimized program so; the original is always libtorch's.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "host/backends.hpp"
#include "host/host.hpp"

namespace fettle {

struct ComponentUse {
  std::string name;
  std::vector<Host::GivenOption> options;
  std::string where;  // "file:line:column"
};

struct BackendRules {
  struct Rule {
    std::string key;  // an operator or a node
    std::string where;
    ComponentUse backend;
  };
  ComponentUse otherwise{std::string(kAten), {}, {}};
  std::vector<Rule> operators, nodes;
  bool given = false;  // the pipeline says something of backends
};

// Every use of a backend in the rules, aten among them.
template <class Rules, class Fn>
void for_each_backend(Rules& rules, const Fn& fn) {
  fn(rules.otherwise);
  for (auto& rule : rules.operators) fn(rule.backend);
  for (auto& rule : rules.nodes) fn(rule.backend);
}

// Instances of the backends, one for each name. Null: libtorch runs everything. Throws
// component_unknown with the file's position, and operator_unknown.
std::shared_ptr<const BackendChoice> choose_backends(const BackendRules& rules, const Host& host);

// Throws pipeline_bad_value for a rule about a node that the program does not have.
void check_node_rules(const BackendRules& rules, const Graph& graph);

// Who ran what, for reports and people.
boost::json::object to_json(const BackendUse& use);
std::string backend_use_text(const BackendUse& use);

}  // namespace fettle
