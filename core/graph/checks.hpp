// The structural checks: what every graph must be after a file was read and after every pass.
//
// They share no code with the journal, so that a mistake there cannot hide here; near-linear.
// The invariants, and the code of the Error that a broken one gives:
//
//  Bookkeeping (graph-corrupt: only a bug in fettle can break it)
//   1. Each block's nodes are doubly linked from `first` to `last`, alive, of that block, counted.
//   2. Each live node is linked in exactly one block; node_count() counts them all.
//   3. A node's results are the consecutive values that name it; its result forms count them.
//   4. A value's use list holds each operand that names it once, both links agree, and is counted.
//   5. Every interned string and type that is named is in its pool.
//  Blocks (graph-bad-block)
//   6. A block is placeholders, then calls, then exactly one output. Placeholders have one result
//      and no arguments; outputs no results; calls an operator.
//   7. Each nested graph is named by exactly one argument of one call, which owns it, and the root
//      by none: ownership is a tree. A block with nodes that no call owns is refused.
//   8. Graphs nest at most kMostNesting deep (graph/nested_blocks.hpp). Whether a nested graph fits
//      the call that owns it is ops/'s to say.
//  Values
//   9. An operand is a live value (graph-stale-id) of the same block (graph-foreign-value) that an
//      earlier node defines (graph-use-before-definition).
//  10. The values of a block have names, each its own (graph-duplicate-name).
//  Arguments (graph-bad-arguments; whether they fit the operator's schema is ops/'s to say)
//  11. Each argument's payload is what its kind says; arguments name the operands once, in order.
//  Signature (graph-bad-signature)
//  12. Each placeholder of the program has an input spec, no other node has one; targets of
//      parameters, buffers, constants and objects are named once each.
//  13. A parameter, buffer or tensor constant exists in the constant table, with the dtype and
//      sizes of its placeholder and bytes that reach as far as they say; every constant is named
//      by an input.
//  14. The program's output has one spec for each value returned; a mutation or gradient names a
//      buffer, parameter or user input that exists; no other node has output specs.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "graph/graph.hpp"

namespace fettle {

// All problems found, the first 20 of them; broken bookkeeping is reported alone, as nothing can be
// said of the rest. Empty: the graph is sound.
std::vector<Diagnostic> find_problems(const Graph& graph);

// Throws the first problem as an Error.
void check(const Graph& graph);

}  // namespace fettle
