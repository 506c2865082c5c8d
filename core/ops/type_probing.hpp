// Symbolic types from kernels that take numbers only: the call is tried at many assignments of the
// symbols, and sizes, strides and offsets of the results are expressions that all of them confirm
// (graph/size_fit.hpp). What is not confirmed is not answered.
#pragma once

#include "graph/size_algebra.hpp"
#include "ops/meta_call.hpp"

namespace fettle {

CallTypes types_by_probing(const TypedCall& call, SizeAlgebra& algebra, MetaCalls& meta);

}  // namespace fettle
