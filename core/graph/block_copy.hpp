// Copies of nested graphs, made of a journal's edits: they are recorded and undone like any other.
#pragma once

#include <span>
#include <vector>

#include "graph/journal.hpp"

namespace fettle {

// A copy with names of its own that no call owns yet, nested graphs included. Recursion is as deep
// as graphs nest.
BlockId clone_block(Journal& journal, BlockId block);

// Copies the calls of `block` to right before `before`, which lies in another block. inputs[k] is a
// value of that block and stands for placeholder k. Answers what stands for the block's outputs, in
// order; none for constants.
std::vector<ValueId> inline_block(Journal& journal, BlockId block, NodeId before,
                                  std::span<const ValueId> inputs);

}  // namespace fettle
