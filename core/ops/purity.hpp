// Is a call safe to move, merge or remove, and why: what ops/facts.hpp knows, in words for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"
#include "ops/facts.hpp"

namespace fettle {

struct Purity {
  std::string call;   // as the text form shows it
  bool safe = false;  // pure: to move, to merge with an equal call, and to remove when unused
  std::vector<std::string> reasons;     // why not
  std::vector<std::string> conditions;  // what has to hold where it is safe
  std::string source;                   // the rule that decided
};

// Of a call in its program: what else touches the storage is taken into account.
Purity purity_of(const Graph& graph, NodeId node);

// Of a call by itself, in the text form: "aten.dropout.default(x, 0.5, False)"; names stand for
// tensors. Throws operator_unknown, graph_bad_arguments and text_* errors.
Purity purity_of_call(std::string_view call);

// Of an operator by its name. Where it depends on flags and numbers, one for each combination that
// makes a difference, of `when` ("train=False, p=0.5"); else one, of which `when` is empty.
struct PurityCase {
  std::string when;
  Purity purity;
};
std::vector<PurityCase> purity_of_operator(std::string_view name);

}  // namespace fettle
