// Steps that make what is left smaller still when no more calls can be taken away. Each answers
// whether it kept anything.
#pragma once

#include "bisect/smallest.hpp"

namespace fettle {

// Sizes that are numbers: of inputs and weights, and where calls name them.
bool shrink_sizes(Smallest& smallest);

// Dynamic sizes: smaller inputs of the same program.
bool shrink_symbols(Smallest& smallest);

// Values of inputs and weights: zeros, ones, round numbers.
enum class Values : std::uint8_t { integers, floats };
bool simplify_values(Smallest& smallest, Values which);

// Calls that own nested graphs, and calls inside.
bool shrink_nested(Smallest& smallest);

// What to try in place of a size: 1, 2, 3, half.
std::vector<std::int64_t> smaller_sizes(std::int64_t size);

}  // namespace fettle
