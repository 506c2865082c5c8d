// Edits that keep a call and its nested graphs in step: one more input, or one less.
#pragma once

#include <vector>

#include "graph/journal.hpp"

namespace fettle {

// Hands `value`, of the call's own block, to each of the call's nested graphs as a further input
// that is passed as it is. Answers the new placeholders, one for each nested graph. Refused for invoke_subgraph: two calls may mean the same graph by one identifier. Throws graph_bad_edit.
std::vector<ValueId> pass_value(Journal& journal, NodeId call, ValueId value);

// Takes away an input that is passed as it is and that no nested graph uses.
void drop_input(Journal& journal, NodeId call, std::size_t input);

}  // namespace fettle
