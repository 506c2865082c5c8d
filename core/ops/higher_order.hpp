// Higher-order operators: calls that own nested graphs. They have no schema in libtorch's C++
// registry; what fettle knows of each is here. Others are refused by name when a program is read.
#pragma once

#include <optional>
#include <string_view>

#include "graph/graph.hpp"

namespace fettle {

inline constexpr std::string_view kHigherOrderPrefix = "higher_order.";
inline constexpr std::string_view kWrapWithSetGradEnabled =
    "higher_order.wrap_with_set_grad_enabled";

inline bool is_higher_order(std::string_view op) { return op.starts_with(kHigherOrderPrefix); }
inline bool is_supported_higher_order(std::string_view op) { return op == kWrapWithSetGradEnabled; }

// wrap_with_set_grad_enabled(enabled, graph, *operands): operand k is the nested graph's placeholder
// k, and its outputs are the call's results in order.
struct GradModeCall {
  bool enabled = false;
  BlockId body;
};

// The parts of such a call, or nothing when its arguments do not have this form.
std::optional<GradModeCall> as_grad_mode_call(const Graph& graph, NodeId node);

}  // namespace fettle
