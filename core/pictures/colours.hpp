// Fills of boxes, and the legend that says what they mean. A box that folds others shows the most
// that any of them needs (memory), their sum (time), or what changed among them.
#pragma once

#include <span>

#include "pictures/picture.hpp"

namespace fettle {

// By what a box is.
void colour_by_kind(Picture& picture);

// By the bytes of the program's own values that live while a node runs (analysis/liveness.hpp),
// from white to the peak's colour.
void colour_by_memory(Picture& picture, const Graph& graph);

// By measured seconds, indexed by node id; nodes beyond the end took none.
void colour_by_time(Picture& picture, std::span<const double> seconds);

// By what differs from `before` (graph/diff.hpp): added, changed, the same. What was removed has no
// box; the legend counts it.
void colour_by_change(Picture& picture, const Graph& graph, const Graph& before);

// "#rrggbb" for a share from 0 to 1, light enough for dark text.
std::string ramp(double share);

}  // namespace fettle
