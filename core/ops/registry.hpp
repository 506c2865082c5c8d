// libtorch's operator registry as plain data: schemas, tags and where kernels exist, by the names
// that graphs use ("aten.add.Tensor"). No torch type appears here, so that anyone may include it.
//
// Higher-order operators ("higher_order.cond") and Python's scalar operators ("_operator.add",
// "math.floor", "torch.sym_max") are not registered with libtorch's C++ dispatcher; the few that
// fettle supports are listed in ops/higher_order.hpp and ops/scalar.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/argument.hpp"
#include "graph/graph.hpp"

namespace fettle {

struct SchemaArgument {
  std::string name;
  std::string type;                        // as the schema prints it: "Tensor", "int[]", "Scalar?" …
  bool keyword_only = false;
  std::optional<Argument> default_value;   // strings in it are empty ids; see default_text
  std::string default_text;                // the default when it is a string
  std::vector<std::string> alias_sets;     // "a" of Tensor(a!); empty: a fresh or plain argument
  bool written = false;                    // the ! of Tensor(a!)
  // How an argument of this type is exported when it is given; Scalar is `real` here and takes any
  // number, `none` stands for types that have no form in an archive (Generator, Storage …).
  ArgKind kind = ArgKind::none;
  bool optional = false;                   // None fits
  std::int32_t fixed_length = 0;           // N of int[N]: a single number stands for N of it; else 0
};

struct SchemaReturn {
  std::string type;
  std::vector<std::string> alias_sets;  // "*": may alias anything
  bool written = false;
};

enum class SchemaSource : std::uint8_t { dispatcher, higher_order, scalar };

struct OperatorSchema {
  std::string name;  // "aten.add.Tensor"
  SchemaSource source = SchemaSource::dispatcher;
  std::vector<SchemaArgument> arguments;
  std::vector<SchemaReturn> returns;
  bool variadic_arguments = false;
  bool variadic_returns = false;
  bool composite_implicit = false;  // implemented by other operators: annotations may be incomplete
  bool has_meta_kernel = false;
  // torch's tags
  bool pointwise = false, nondeterministic_seeded = false, inplace_view = false, view_copy = false,
       data_dependent_output = false, dynamic_output_shape = false, core = false;
};

// The schema of a registered operator, or null. Looked up once and kept; safe from any thread.
const OperatorSchema* find_operator(std::string_view name);

// The nearest registered names to an unknown one: overloads of the same operator first.
std::string suggest_operator(std::string_view name);

// Puts one call's arguments into schema order and adds omitted ones as ArgForm::defaulted; operands
// are reordered with the arguments that name them. For calls that are about to be made.
// Throws operator_unknown and graph_bad_arguments, which name `where`.
void bind_call(const Graph& graph, StringId op, std::vector<NamedArgument>& arguments,
               std::vector<ValueId>& operands, std::string_view where);

// The same for every call of a graph that was just read from the file `where`.
void bind_schemas(Graph& graph, std::string_view where);

// The invariant `graph-bad-arguments`: every call's arguments fit its operator's schema.
// Checks the listed nodes, or all. Throws Error.
void check_schemas(const Graph& graph);

// Result types as far as the schema tells (kind and number of results); not sizes.
ResultForms result_forms_of(const OperatorSchema& schema);

}  // namespace fettle
