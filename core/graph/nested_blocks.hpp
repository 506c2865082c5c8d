// The nested graphs that a call's arguments name.
#pragma once

#include <utility>
#include <vector>

#include "graph/argument.hpp"

namespace fettle {

// Calls fn(BlockId) for each, in order.
template <class Fn>
void for_each_block(const std::vector<NamedArgument>& arguments, Fn&& fn) {
  for (const NamedArgument& argument : arguments) {
    if (const auto* ref = std::get_if<BlockRef>(&argument.value.payload)) fn(ref->block);
  }
}

}  // namespace fettle
