// The invariant `graph-bad-arguments`: every call has the arguments of its operator's schema, in
// order, and each fits its type.
//
// What fits is what Python's call of the exported operator takes, as that is what a graph records:
// an int where a float is expected, one number for int[N], None where "?" allows it, a number where
// a Tensor is expected for the few operators that wrap numbers (x + 1 is add.Tensor(x, 1)).

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.hpp"
#include "ops/higher_order.hpp"
#include "ops/numbers_as_tensors.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

using enum ArgKind;

bool any_of(ArgKind kind, std::initializer_list<ArgKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_number(ArgKind kind) {
  return any_of(kind, {integer, real, boolean, sym_int, sym_float, sym_bool});
}

bool fits_scalar(ArgKind given, const SchemaArgument& wanted) {
  switch (wanted.kind) {
    case integer: return any_of(given, {integer, boolean, sym_int, sym_bool});
    case real:
      return is_number(given) || (given == complex_number && wanted.type.starts_with("Scalar"));
    case boolean: return any_of(given, {boolean, integer, sym_bool, sym_int});
    case complex_number: return is_number(given) || given == complex_number;
    default: return given == wanted.kind;
  }
}

bool fits_list(ArgKind given, const SchemaArgument& wanted) {
  switch (wanted.kind) {
    case optional_tensors: return any_of(given, {tensors, optional_tensors});
    case integers:
      return any_of(given, {integers, sym_ints}) ||
             (wanted.fixed_length > 0 && any_of(given, {integer, sym_int}));
    case reals:
      return any_of(given, {reals, integers, sym_floats, sym_ints}) ||
             (wanted.fixed_length > 0 && is_number(given));
    case booleans: return any_of(given, {booleans, sym_bools});
    default: return given == wanted.kind;
  }
}

// `none` as a schema kind: a type that no archive can spell (Generator); only None fits, except for
// custom objects and dictionaries, whose types are the operator's own business.
bool fits(ArgKind given, const OperatorSchema& schema, const SchemaArgument& wanted) {
  if (given == none) return wanted.optional;
  switch (wanted.kind) {
    case none:
    case custom_obj: return any_of(given, {custom_obj, dict, block, operator_name});
    case tensor:
      return any_of(given, {tensor, optional_tensor}) ||
             ((is_number(given) || given == complex_number) && takes_numbers_as_tensors(schema.name));
    case tensors:
    case optional_tensors:
    case nested_tensors:
    case integers:
    case integer_lists:
    case reals:
    case real_lists:
    case booleans:
    case strings: return fits_list(given, wanted);
    default: return fits_scalar(given, wanted);
  }
}

// Whether a value can stand where the argument's kind says: a tensor for tensors, a number for sym_*.
bool operand_fits(ArgKind kind, TypeKind type) {
  if (type == TypeKind::unknown) return true;
  const bool number = any_of(kind, {sym_int, sym_ints, sym_float, sym_floats, sym_bool, sym_bools});
  const bool is_tensor =
      any_of(kind, {tensor, tensors, optional_tensor, optional_tensors, nested_tensors});
  if (is_tensor) return type == TypeKind::tensor;
  if (number) {
    return type == TypeKind::sym_int || type == TypeKind::sym_float || type == TypeKind::sym_bool;
  }
  return true;
}

class Checker {
 public:
  explicit Checker(const Graph& graph) : graph_(graph) {}

  void check(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.opcode != Opcode::call_function) return;
    const OperatorSchema& schema = schema_of(id);
    if (schema.source == SchemaSource::higher_order) return check_higher_order(id, schema);
    if (node.arguments.size() != schema.arguments.size()) {
      refuse(id, schema, std::to_string(node.arguments.size()) + " arguments where the schema has " +
                             std::to_string(schema.arguments.size()));
    }
    for (std::size_t k = 0; k < node.arguments.size(); ++k) {
      check_argument(id, schema, schema.arguments[k], node.arguments[k]);
    }
  }

 private:
  const OperatorSchema& schema_of(NodeId id) {
    const OperatorSchema*& schema = schemas_[graph_.node(id).op];
    if (!schema) schema = find_operator(graph_.text(graph_.node(id).op));
    if (!schema) {
      const std::string op(graph_.text(graph_.node(id).op));
      throw Error({.code = Code::operator_unknown,
                   .what = "the operator '" + op + "' is not registered",
                   .where = where(id),
                   .hint = suggest_operator(op)});
    }
    return *schema;
  }

  void check_higher_order(NodeId id, const OperatorSchema& schema) {
    std::string why;
    if (as_higher_order_call(graph_, id, &why)) return;
    throw Error({.code = Code::graph_bad_arguments,
                 .what = "a call of '" + schema.name + "' and its nested graphs do not fit together",
                 .where = where(id),
                 .why = std::move(why),
                 .hint = schema.name + " takes " +
                         std::string(find_higher_order(schema.name)->signature)});
  }

  void check_argument(NodeId id, const OperatorSchema& schema, const SchemaArgument& wanted,
                      const NamedArgument& given) {
    if (graph_.text(given.name) != wanted.name) {
      refuse(id, schema, "argument '" + std::string(graph_.text(given.name)) +
                             "' stands where the schema has '" + wanted.name + "'");
    }
    if (!fits(given.value.kind, schema, wanted)) {
      refuse(id, schema, "argument '" + wanted.name + "' is of kind " +
                             std::string(arg_kind_name(given.value.kind)) +
                             " where the schema has " + wanted.type);
    }
    for_each_operand(given.value, [&](const Operand& operand) {
      const ValueId value = graph_.node(id).operands[operand.index];
      if (operand_fits(given.value.kind, graph_.type(value).kind)) return;
      refuse(id, schema, "argument '" + wanted.name + "' is given '" +
                             std::string(graph_.text(graph_.value(value).name)) +
                             "', which is not of kind " +
                             std::string(arg_kind_name(given.value.kind)));
    });
  }

  std::string where(NodeId id) const {
    return "node '" + std::string(graph_.text(graph_.node(id).name)) + "'";
  }

  [[noreturn]] void refuse(NodeId id, const OperatorSchema& schema, std::string why) const {
    throw Error({.code = Code::graph_bad_arguments,
                 .what = "the arguments of a call of '" + schema.name + "' do not fit its schema",
                 .where = where(id),
                 .why = std::move(why)});
  }

  const Graph& graph_;
  std::unordered_map<StringId, const OperatorSchema*> schemas_;
};

}  // namespace

void check_schemas(const Graph& graph) {
  Checker checker(graph);
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    if (graph.alive(NodeId(i))) checker.check(NodeId(i));
  }
}

}  // namespace fettle
