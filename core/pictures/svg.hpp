// A picture as an SVG file of its own: no Graphviz, no fonts or scripts from elsewhere.
#pragma once

#include <string>

#include "pictures/picture.hpp"

namespace fettle {

// Laid out as levels.hpp says. Linear: 100,000 open boxes are drawn, though few viewers like them.
std::string to_svg(const Picture& picture);

}  // namespace fettle
