// What libtorch makes of one tensor, by a call in the graph's text form: a part of it, or simpler
// values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/tensor.hpp"

namespace fettle {

// "aten.round.default(x)", where x is the tensor. A tensor of its own, contiguous on the CPU.
Tensor computed(const Tensor& x, std::string_view call);

// So many elements of each dimension: the first ones, or the last.
enum class End : std::uint8_t { first, last };
Tensor part_of(const Tensor& x, std::span<const std::int64_t> sizes, End end);

}  // namespace fettle
