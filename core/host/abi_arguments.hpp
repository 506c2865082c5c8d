// Arguments across the boundary: fettle_arg and the graph's Argument, both ways.
#pragma once

#include "host/context.hpp"
#include "ops/registry.hpp"

namespace fettle {

// Numbers, text and lists of numbers are borrowed from the graph; nested lists are laid out in the
// callback's scratch memory.
fettle_arg to_abi(fettle_ctx& ctx, const Graph& graph, const Node& node,
                  const NamedArgument& argument);

// A call in the making: arguments in schema order and the operands they name.
struct BoundArguments {
  std::vector<NamedArgument> arguments;
  std::vector<ValueId> operands;
};

// Binds given arguments (positional ones first) to the operator's schema and fills in the defaults.
// Throws graph_bad_arguments and graph_stale_id.
BoundArguments bind_arguments(const Graph& graph, const OperatorSchema& schema,
                              std::span<const fettle_arg> given);

// The node's arguments with one of them replaced, by name.
BoundArguments replace_argument(const Graph& graph, NodeId node, const fettle_arg& given);

}  // namespace fettle
