// A layered drawing of what each box holds: its children in rows, data flowing down.
//
// The idea: a box's inside is laid out on its own, as a small graph of its children, whatever they
// hold themselves. An edge of the picture becomes one edge in each box it passes through: down to
// the frame of the box it leaves, from there to the frame of the box it enters. So a module may be
// opened or closed without any other box's rows changing, and all of it is linear in the edges
// times the depth of boxes.
//
// Children come in program order, so one sweep gives each its row; rows are at most eight wide. An
// edge over several rows goes through wires, places that are kept free for it, one chain for all
// that leaves one source (K. Sugiyama's dummy vertices). Within rows, a few sweeps of averages keep
// crossings low.
#pragma once

#include <cstdint>
#include <vector>

#include "pictures/picture.hpp"

namespace fettle {

// Places in a box's drawing: a child's index in the picture, a wire as -1, -2 … (of this box
// alone), and the box's own index for its frame: the upper edge as a source, the lower as a target.
struct Level {
  using Place = std::int64_t;
  struct Segment {
    Place from, to;
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  std::vector<std::vector<Place>> rows;
  std::vector<Segment> segments;  // each from one row to the next
};

// By box; a leaf's is empty.
std::vector<Level> levels(const Picture& picture);

}  // namespace fettle
