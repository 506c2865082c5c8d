// By what a host and a worker find out that they have the same program: both read it from the same
// file, so its strings, types and nodes must have come out with the same ids. Weights are held
// against one another by the checksums that archives have for them.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "graph/edit_wire.hpp"

namespace fettle {

struct LoadedState {
  Interned interned;                // when it was loaded
  std::uint64_t interned_hash = 0;  // of those strings and types

  static LoadedState of(const Graph& graph);
  // Whether these are the first strings and types of this graph, too.
  bool begins(const Graph& graph) const;

  void write(ByteWriter& out) const;
  static LoadedState read(ByteReader& in);
};

// Of the whole program, ids included: equal for equal graphs, in every process of this executable.
// Linear, and as costly as printing it.
std::uint64_t hash_program(const Graph& graph);

}  // namespace fettle
