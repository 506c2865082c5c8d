// A frozen program with other sizes: tensors cut, integers that name sizes replaced, and the types
// of all that follows computed again.
//
// Sound by rejection: where a call that touches what changed has no rule for its types, or a list
// of results would have another length, there is no such program.
#pragma once

#include <map>
#include <optional>

#include "bisect/one_tensor.hpp"
#include "bisect/shrink.hpp"

namespace fettle {

struct Resizing {
  // One dimension of one placeholder.
  struct Place {
    ValueId value;
    std::size_t dim = 0;
  };
  std::map<std::int64_t, std::int64_t> sizes;  // from old to new, smaller ones
  std::optional<Place> place;  // of this alone; none: wherever an input has the size
  bool arguments = false;      // and where calls give the number
  End end = End::first;        // which elements stay
};

// Throws Error where a tensor cannot be cut.
std::optional<FrozenProgram> resized(const FrozenProgram& program, const Resizing& how);

// The numbers that calls give, other than defaults, and how often each.
std::map<std::int64_t, std::size_t> given_integers(const Graph& graph);

}  // namespace fettle
