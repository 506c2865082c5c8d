// A program on one page of HTML that needs nothing else: no server, no network, no Graphviz.
//
// It holds the graph, folded by module, to be opened and searched; the legend; the live bytes over
// the schedule with the peak and what makes it up; the trees of dominators and post-dominators; and
// totals. The page forbids itself to load anything (Content-Security-Policy).
#pragma once

#include <string>

#include "pictures/picture.hpp"

namespace fettle {

// `picture` of `graph`, as dataflow_picture makes it, coloured and folded. Linear; about 300 bytes
// a node.
std::string to_html(const Graph& graph, const Picture& picture);

}  // namespace fettle
