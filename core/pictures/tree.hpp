// What makers of pictures share: a node's box, and the tree in its final form.
#pragma once

#include "pictures/picture.hpp"

namespace fettle {

inline constexpr std::size_t kMostChildren = 60;  // of a box; more are cut into parts

Box leaf_box(const Graph& graph, NodeId node);

// Takes boxes as they were made (parents before children, modules with their whole path), dissolves
// modules that hold a single box, cuts long lists and calls between modules into parts, numbers
// boxes parents first, and fills in depth, counts and titles. `leaf_of` and edges are the caller's
// to make after it. Linear.
void arrange(Picture& picture);

}  // namespace fettle
