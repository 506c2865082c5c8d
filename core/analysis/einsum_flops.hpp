// Flops of an einsum as torch runs it without a path: operands are multiplied from left to right;
// of each pair, labels that only one of them has and nobody wants later are summed before, and
// those of both that nobody wants later are contracted by a bmm. A pair that shares none is
// multiplied element by element, which counts no flops.
#pragma once

#include <string_view>

#include "analysis/evaluated_sizes.hpp"

namespace fettle {

// Unknown for an equation that is none, or does not fit the operands.
Count einsum_flops(std::string_view equation,
                   const std::vector<std::vector<std::int64_t>>& operands);

}  // namespace fettle
