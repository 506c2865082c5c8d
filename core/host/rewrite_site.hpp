// Where a rewrite lies: the one graph, the program's own or a nested one, whose calls show all of
// it.
#pragma once

#include <vector>

#include "graph/journal.hpp"

namespace fettle {

struct RewriteSite {
  BlockId block;
  std::vector<Journal::Footprint::Replaced> replaced;  // what calls of the block took and take
  std::vector<NodeId> recalled;  // calls of the block, on both sides: with other arguments, or
                                 // other nested graphs
};

// `before` and `after` are the graph on either side of the rewrite, ids alike. What it does inside
// of a call that it also changes is that call's own business; what it does in several graphs shows
// at the calls of the program's own that own them. A graph that runs in another mode (autocast) is
// not looked at without the call that sets it.
RewriteSite site_of(const Graph& before, const Journal::Footprint& footprint);

// The same as seen from outside: the call that owns the nested graph.
RewriteSite around(const Graph& before, const RewriteSite& site);

}  // namespace fettle
