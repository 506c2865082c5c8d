// Higher-order operators: calls that own nested graphs. They have no schema in libtorch's C++
// registry; the table in higher_order.cpp says all that fettle knows of each, and facts, alias
// classes, checks and the runtime read calls through it. Others are refused by name when a program
// is read.
//
// What they have in common: placeholder k of each nested graph stands for input k of the call, and
// the inputs are, in this order, those carried from one iteration to the next, those given slice by
// slice along the first dimension, and those passed as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/nested_blocks.hpp"

namespace fettle {

// How nested graphs run, and what the call's results are.
enum class HigherOrderRun : std::uint8_t {
  once,    // the nested graph runs once; its outputs are the results
  branch,  // the predicate picks the first graph or the second; its outputs are the results
  loop,    // while the first graph answers true, the second makes the next carried values: results
  scan,    // for each slice: outputs are the next carried values, then values that are stacked
  map,     // for each slice: outputs are stacked
};

// The mode that surrounds the nested graph.
enum class HigherOrderMode : std::uint8_t { none, grad, autocast };

// What an argument is, by position.
enum class HigherOrderPart : std::uint8_t {
  body,       // a nested graph
  predicate,  // a tensor of one element, or a bool
  carried,    // a list of values …
  sliced,     // … of tensors
  passed,     // … of values
  rest,       // all further positional arguments are values, passed
  flag,       // a bool, or None
  text,       // a string, or None
  dtype,      // a dtype, or None
  nothing,    // an empty dictionary: keyword arguments of the nested graph, of which there are none
};

struct HigherOrderOperator {
  std::string_view name;       // "higher_order.cond"
  std::string_view signature;  // for messages
  HigherOrderRun run;
  HigherOrderMode mode;
  bool takes_options;  // keyword arguments that say how to compile or to differentiate, not what
  std::span<const HigherOrderPart> parts;
};

inline constexpr std::string_view kHigherOrderPrefix = "higher_order.";
inline bool is_higher_order(std::string_view op) { return op.starts_with(kHigherOrderPrefix); }

std::span<const HigherOrderOperator> higher_order_operators();
const HigherOrderOperator* find_higher_order(std::string_view op);
std::string higher_order_names();  // for messages
// What to try where a program calls an operator of Python's that is not in the table.
std::string instead_of(std::string_view op);

// The parts of a call. Arguments are the call's own: an Operand names one of the node's operands.
struct HigherOrderCall {
  const HigherOrderOperator* op = nullptr;
  std::vector<BlockId> bodies;
  std::vector<Argument> inputs;  // by placeholder: an operand or a constant
  std::uint32_t carried = 0, sliced = 0;  // of the inputs, the first ones
  std::optional<Argument> predicate;
  std::vector<Argument> settings;  // flag, text and dtype arguments, in order

  // The nested graph whose outputs become results: the last one; of a branch, both do.
  BlockId result_body() const { return bodies.back(); }
  // Outputs from this one on are stacked; those before it are results as they are.
  std::size_t stacked_from() const;
};

// Reads a call through the table. Nothing when the operator is not in it, or when the arguments,
// nested graphs and results do not fit together; `why` then says what does not.
std::optional<HigherOrderCall> as_higher_order_call(const Graph& graph, NodeId node,
                                                    std::string* why = nullptr);

}  // namespace fettle
