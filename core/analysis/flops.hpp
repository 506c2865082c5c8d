// Flops of one call, by the formulas of torch/utils/flop_counter.py. Unknown where a size is, or
// where the arguments are not what the formula expects.
#pragma once

#include "analysis/cost_rules.hpp"

namespace fettle {

Count flops_of(const Graph& graph, NodeId node, const CostRule& rule, EvaluatedSizes& sizes);

}  // namespace fettle
