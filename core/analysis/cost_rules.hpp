// What is known of operators' costs, by name: how the flops of a call follow from its sizes, and
// which operands it reads. Reviewed by reading torch.utils.flop_counter and the kernels.
#pragma once

#include <string_view>

#include "analysis/cost.hpp"

namespace fettle {

// How a call's flops follow from its sizes (analysis/flops.cpp).
enum class FlopFormula : std::uint8_t {
  none,
  contraction,       // 2 * elements of the result * last size of an operand
  convolution,       // over the result's points
  transposed,        // over the input's points
  maybe_transposed,  // an argument says which
  convolution_backward,
  attention,           // query, key and value are the first operands
  attention_backward,  // behind the result's gradient
  recurrent,           // lstm, gru …: a list of weights
  tensordot,
  einsum,
};

// What a call reads of its operands.
enum class CostReads : std::uint8_t {
  all,
  nothing,      // their sizes alone: zeros_like
  rows,         // of the first one as many elements as the result has: embedding, index_select
  not_written,  // all but the one that it writes: copy_, fill_
  part,         // in place, as many elements as the largest other operand has: index_put_
};

struct CostRule {
  std::string_view op;  // without overload and without the `_` of what works in place
  CostKind kind = CostKind::unknown;
  FlopFormula formula = FlopFormula::none;
  std::uint32_t argument = 0;  // contraction: of which operand; maybe_transposed, attention: where
  CostReads reads = CostReads::all;
};

// The rule of "aten.addmm_.default"; from torch's tags where the table has none. What has neither
// is `unknown`, and reads all.
CostRule cost_rule(std::string_view op);

}  // namespace fettle
