// What random programs are made of, by theme. A proposal looks for values that suit it and proposes one
// call or a few that belong together; it does nothing where it finds none.
#pragma once

#include <span>

#include "fuzz/program_builder.hpp"

namespace fettle {

using Proposal = void (*)(ProgramBuilder& program);

std::span<const Proposal> pointwise_calls();
std::span<const Proposal> dtype_calls();      // integers, booleans, casts
std::span<const Proposal> shape_calls();      // views, and what moves elements
std::span<const Proposal> reduction_calls();  // sums, orders, calls with several results
std::span<const Proposal> layer_calls();      // products of matrices, and what networks are made of
std::span<const Proposal> effect_calls();     // writes in place, random draws
std::span<const Proposal> idioms();           // several calls that models write together
std::span<const Proposal> nested_calls();     // control flow, grad modes

// One of them, or a call like an earlier one.
void propose(ProgramBuilder& program);

}  // namespace fettle
