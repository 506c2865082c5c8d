// What two graphs have in common and where they differ, node by node, nested graphs included.
//
// Nodes are matched block by block: first those of one name that compute the same, then those that
// compute the same under another name (an inserted node shifts the numbers of all that follow),
// then those of one name and operator with an operand in common, then those of one operator with
// the same first operand, then those of one name. Placeholders are matched by what they stand for.
// Operands are compared through the matching: a node whose operand was only renamed is the same
// node.
//
// `same()` means identical: names, order, literals, types, metadata, signature, fields that fettle
// does not know, and the constants with their bytes and what shares storage.
// Near-linear. Bytes are read only where checksums do not already tell them apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

enum class Change : std::uint8_t { same, changed, removed, added, moved_from, moved_to };
std::string_view change_name(Change change);

// In the order of a unified diff. `a` is none for what was added, `b` for what was removed; a node
// that moved stands twice, where it was and where it is.
struct NodeDiff {
  Change change = Change::same;
  NodeId a, b;
  std::vector<std::string> fields;  // what differs: "name", "argument 'dim'", "type", "place" …
};

struct BlockDiff {
  BlockId a, b;  // none: the whole nested graph is only in the other program
  std::vector<std::string> fields;
  std::vector<NodeDiff> nodes;  // all of them, the same ones too
};

struct ConstantDiff {
  Change change = Change::changed;
  std::string name;
  std::vector<std::string> fields;  // "type", "bytes", "sharing"
};

struct GraphDiff {
  std::vector<BlockDiff> blocks;        // the program's own graph first, then as the calls stand
  std::vector<ConstantDiff> constants;  // by name; only those that differ

  struct Tally {
    std::uint64_t removed = 0, added = 0, changed = 0, renamed = 0, moved = 0;
  };
  Tally tally() const;  // of nodes; `renamed`: nothing but the name differs
  bool same() const;
};

GraphDiff diff_graphs(const Graph& a, const Graph& b);

// A unified diff in the text form: hunks with `context` unchanged nodes around each difference.
// What the text does not show (metadata) follows the node as a comment. Empty when nothing differs.
std::string unified_text(const Graph& a, const Graph& b, const GraphDiff& diff,
                         std::size_t context = 3);
// "12 nodes removed, 3 added; 1 constant changed"; "no differences".
std::string summary_line(const GraphDiff& diff);

}  // namespace fettle
