// What a program expects of its user inputs, and whether it is given that: count, kind, dtype, shape.
// Symbolic sizes take any number; the device does not matter, as inputs are moved.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/program_shapes.hpp"
#include "runtime/executable.hpp"

namespace fettle {

struct ExpectedInput {
  std::string name;
  Type type;
  std::optional<RunValue> constant;  // an input that was a Python constant at export, and must be it
};

// The user inputs of a graph, in the signature's order, with the placeholders that they fill.
struct UserInputs {
  std::vector<ExpectedInput> expected;
  std::vector<ValueId> values;
};
UserInputs user_inputs(const Graph& graph);

// Throws input_count, input_dtype, input_shape. `any_real`: floating dtypes fit each other.
void check_inputs(std::span<const ExpectedInput> expected, std::span<const RunValue> given,
                  bool any_real);

// Dynamic sizes, once the inputs passed check_inputs. A caller who gives the same sizes again is not
// asked twice.
class SizeChecks {
 public:
  explicit SizeChecks(const Graph& graph) : shapes_(graph) {}
  void check(std::span<const RunValue> given);  // throws input_size, input_range, input_guard

 private:
  ProgramShapes shapes_;
  ProgramShapes::Sizes accepted_;
};

}  // namespace fettle
