// Where in the model's Python source a node comes from, for messages: the innermost frame of the
// stack trace that export recorded.
#pragma once

#include <string>

#include "graph/graph.hpp"

namespace fettle {

// "model.py:12 in forward: y = self.linear(x)", or empty.
std::string source_line(const Graph& graph, NodeId node);

}  // namespace fettle
