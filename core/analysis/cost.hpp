// What each call of a program has to compute and to move, counted from the recorded sizes.
//
//   flops          of products of matrices, convolutions and attention, by the formulas of torch's
//                  own torch.utils.flop_counter: a multiplication and an addition are two. Beside
//                  what FlopCounterMode counts: mv, dot, einsum by its labels, and attention in
//                  whatever kernel runs it.
//   element_ops    of everything else that computes: one for each element of the largest floating
//                  tensor that the call reads or makes. So a relu, a sum and a softmax of the same
//                  tensor count the same. Moving and comparing integers is none.
//   bytes_read     what the call cannot but read: each operand once, of an embedding only the rows
//                  that it picks. Expanded dimensions lie in memory once.
//   bytes_written  the results that lie in new memory, and operands that are written in place.
//
// Both bytes are the least that one kernel for the call would move; those that run may move more.
// A view costs nothing. Calls with nested graphs cost nothing themselves; the calls inside are
// counted once each, as program text: both branches of a cond, one iteration of a loop.
//
// Symbolic sizes stand at export's hints, or at given values of symbols. An operator without a rule
// has unknown flops (but known bytes), a size that only data tell leaves the call unknown.
//
// Linear. Does not follow edits.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analysis/evaluated_sizes.hpp"
#include "analysis/storages.hpp"

namespace fettle {

// What a call is, as far as its cost goes.
enum class CostKind : std::uint8_t {
  product,   // matrices, convolutions, attention: has flops
  elements,  // pointwise, reductions, normalizations: has element_ops
  movement,  // copies, gathers, fills: bytes alone
  view,      // shares storage: nothing
  scalar,    // sizes, numbers, assertions: nothing
  nested,    // runs the calls of its nested graphs: nothing itself
  unknown,   // no rule
};
inline constexpr std::size_t kCostKinds = 7;
std::string_view cost_kind_name(CostKind kind);

struct CallCost {
  std::int64_t flops = 0, element_ops = 0, bytes_read = 0, bytes_written = 0;
  std::int64_t bytes() const { return bytes_read + bytes_written; }
  // Operations for each byte that must be moved; 0 for what moves none.
  double intensity() const {
    return bytes() > 0 ? static_cast<double>(flops + element_ops) / static_cast<double>(bytes())
                       : 0;
  }
  CallCost& operator+=(const CallCost& other);  // stops at the largest number
  friend bool operator==(const CallCost&, const CallCost&) = default;
};

class Costs {
 public:
  // All blocks. `storages` of the same graph. `values` of symbols; none: export's hints.
  Costs(const Graph& graph, const Storages& storages,
        std::optional<SymbolValues> values = std::nullopt);

  CallCost of(NodeId node) const {
    return {flops_[node.index], element_ops_[node.index], bytes_read_[node.index],
            bytes_written_[node.index]};
  }
  CostKind kind(NodeId node) const { return kinds_[node.index]; }
  // Flops or bytes are not known: what is counted of the call is too little.
  bool unknown(NodeId node) const { return unknown_[node.index] != 0; }

  // By NodeId::index; 0 for what is no call.
  const std::vector<std::int64_t>& flops() const { return flops_; }
  const std::vector<std::int64_t>& element_ops() const { return element_ops_; }
  const std::vector<std::int64_t>& bytes_read() const { return bytes_read_; }
  const std::vector<std::int64_t>& bytes_written() const { return bytes_written_; }
  const std::vector<CostKind>& kinds() const { return kinds_; }
  const std::vector<std::uint8_t>& unknown() const { return unknown_; }

  struct Operator {
    StringId op;
    CostKind kind = CostKind::unknown;  // of its first call
    std::uint64_t calls = 0, unknown = 0;
    CallCost cost;
  };
  // By calls, the most first, then by name.
  const std::vector<Operator>& operators() const { return operators_; }
  struct Totals {
    CallCost cost;
    std::uint64_t calls = 0, unknown = 0;
    std::array<std::uint64_t, kCostKinds> calls_by_kind{};
  };
  const Totals& totals() const { return totals_; }
  bool by_hints() const { return by_hints_; }  // symbolic sizes stood at export's hints

 private:
  std::vector<std::int64_t> flops_, element_ops_, bytes_read_, bytes_written_;
  std::vector<CostKind> kinds_;
  std::vector<std::uint8_t> unknown_;
  std::vector<Operator> operators_;
  Totals totals_;
  bool by_hints_ = false;
};

// Parameters of a program. Those of one storage, offset and number of elements (tied weights) are
// one.
struct ParameterCount {
  std::uint64_t parameters = 0;  // distinct
  std::uint64_t tied = 0;        // further names of these
  std::int64_t elements = 0, bytes = 0;
};
ParameterCount count_parameters(const Graph& graph);

}  // namespace fettle
