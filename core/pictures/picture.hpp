// A picture as data: boxes within boxes, and edges between the innermost ones. What every format
// draws: dot.hpp, svg.hpp and page.hpp know no graph.
//
// Boxes are a tree. A leaf is one node; the others are what leaves fold into: a module (from the
// `nn_module_stack` that export recorded), a part of a long list or of what stands between modules,
// a nested graph. `open` says whether a box is drawn with what it holds or as one box.
//
// A folded picture must not have cycles, or nothing could be read off it. So a module's box is not
// all nodes of a module but those of one stretch of program order: merging stretches of a valid
// execution order cannot make a cycle. A module that is called twice stands there twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct Box {
  enum class Kind : std::uint8_t { call, input, weight, output, module, part, nested };
  Kind kind = Kind::call;
  bool open = false;
  std::uint32_t parent = 0;  // the outermost box, 0, is its own
  std::uint32_t depth = 0;
  NodeId node = {};                          // of a leaf
  std::uint32_t nodes = 1;                   // leaves it holds, itself if it is one
  std::string title = {};                    // "layer.0"
  std::string subtitle = {};                 // "BertLayer"
  std::string line = {};                     // "34 nodes"
  std::string path = {};                     // of the module it is or lies in
  std::vector<std::string> details = {};     // shown on request, one a line
  std::vector<std::uint32_t> children = {};  // in program order; none: a leaf
  std::string fill = "#ffffff";

  bool leaf() const { return children.empty(); }
};

struct PictureEdge {
  std::uint32_t from = 0, to = 0;  // leaves; no pair twice
  std::string label;
};

struct Picture {
  std::string title;
  std::vector<Box> boxes;
  std::vector<PictureEdge> edges;
  std::string legend;                                         // what colours stand for
  std::vector<std::pair<std::string, std::string>> swatches;  // fill, meaning
  std::vector<std::uint32_t> leaf_of;                         // by node id; kNoBox: not drawn

  static constexpr std::uint32_t kNoBox = 0xffffffffu;
  std::uint32_t visible() const;                 // boxes that are drawn, frames of open ones apart
  std::uint32_t shown(std::uint32_t box) const;  // itself, or the outermost closed box around it
};

// How far boxes are open.
struct Fold {
  enum class How : std::uint8_t {
    automatic,  // as many levels as leave about `most` boxes to look at, twice that at worst
    none,       // every node
    depth,      // modules down to `depth` levels
  };
  How how = How::automatic;
  std::uint32_t depth = 0;
  std::uint32_t most = 40;
};
void fold(Picture& picture, const Fold& fold);

// The data flow of the whole program, nested graphs too. Linear in nodes and uses, times the depth
// of modules (at most 32 levels are told apart). Without `weights`, placeholders that stand for
// parameters, buffers and constants are left out; with them, each stands before its first user.
// Opens nothing, colours nothing.
Picture dataflow_picture(const Graph& graph, bool weights);

// The dominator tree of the program's own graph, or the tree of post-dominators: an edge from each
// node to those that it dominates immediately. At most `most` nodes are drawn, those nearest the
// root first; what was left out below a node is counted in its box. Weights that dominate nothing
// are left out.
Picture dominator_picture(const Graph& graph, bool post, std::uint32_t most);

}  // namespace fettle
