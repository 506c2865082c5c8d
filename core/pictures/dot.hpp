// A picture in Graphviz's DOT language.
#pragma once

#include <string>

#include "pictures/picture.hpp"

namespace fettle {

// One digraph: open boxes are clusters, closed ones and nodes are vertices, named by their number.
// An edge is labelled with the type of what passes along it, or with how many values do.
std::string to_dot(const Picture& picture);

}  // namespace fettle
