// A graph in Graphviz's DOT language, for `fettle inspect --format dot`.
#pragma once

#include <string>

#include "graph/graph.hpp"

namespace fettle {

// One digraph for the program and one for each nested graph, in the order of the text form. A
// vertex is a node, labelled with its name, operator and result types; an edge is a use, labelled
// with the value where the producer has several.
std::string to_dot(const Graph& graph);

}  // namespace fettle
