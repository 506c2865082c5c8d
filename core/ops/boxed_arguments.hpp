// Arguments as graphs hold them, into the IValues that libtorch's boxed calls take. What an
// argument becomes depends on the schema's type: the integer 1 may be an int, a Scalar, a float, N
// ints or a wrapped tensor, just as Python's binding of the operator would have it.
//
// Here is what depends on argument and schema alone; whoever makes calls (the runtime's plans, type
// inference) says what values are and where devices lie. Includes torch; for .cpp files of ops/ and
// runtime/ alone.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

// What a value must become for the argument that it is given to: a number for a float, say.
enum class Adapt : std::uint8_t { none, to_real, to_integer, to_boolean, to_tensor };

enum class ListKind : std::uint8_t {
  tensors,
  optional_tensors,
  integers,
  reals,
  booleans,
  scalars
};

// A value where a schema wants another form of it.
c10::IValue adapted(c10::IValue value, Adapt adapt);
Adapt adapt_for(const c10::Argument& wanted);

// The list of that kind; `elements` may be moved from.
c10::IValue make_list(ListKind kind, std::vector<c10::IValue>& elements);

// A list argument that names values: of which kind it becomes, and its elements as they are, None
// where a value goes. Throws operator_unsupported for lists that have no boxed form here.
struct BoxedList {
  ListKind kind = ListKind::tensors;
  std::vector<c10::IValue> elements;
};
BoxedList boxed_list(const Graph& graph, const Argument& argument, const c10::Argument& wanted);

// An argument that names no value and no device, as IValue of the schema's type; dtypes are c10's
// numbers. Throws operator_unsupported.
c10::IValue boxed_constant(const Graph& graph, const Argument& argument,
                           const c10::Argument& wanted);

bool names_operands(const Argument& argument);

}  // namespace fettle
