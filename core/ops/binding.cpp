// Binding: a call as a file writes it (some arguments by keyword, defaults omitted) becomes a call
// with every argument in the schema's order, which is what the rest of fettle reads.
//
// Linear in the arguments: schemas are looked up once for each operator name of the graph.

#include <algorithm>
#include <unordered_map>

#include "base/error.hpp"
#include "graph/journal.hpp"
#include "ops/higher_order.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse(const OperatorSchema& schema, std::string_view where, std::string why) {
  std::string wanted;
  for (const SchemaArgument& a : schema.arguments) {
    wanted += (wanted.empty() ? "" : ", ") + a.type + " " + a.name;
  }
  throw Error({.code = Code::graph_bad_arguments,
               .what = "the arguments of a call of '" + schema.name + "' do not fit its schema",
               .where = std::string(where),
               .why = std::move(why),
               .hint = schema.name + " takes (" + wanted + ")"});
}

[[noreturn]] void refuse_unknown(std::string_view op, std::string_view where) {
  if (is_higher_order(op)) {
    throw Error({.code = Code::operator_unknown,
                 .what = "the higher-order operator '" + std::string(op) + "' is not supported",
                 .where = std::string(where),
                 .why = "of the higher-order operators, this version knows " + higher_order_names(),
                 .hint = instead_of(op)});
  }
  throw Error({.code = Code::operator_unknown,
               .what = "the operator '" + std::string(op) + "' is not registered",
               .where = std::string(where),
               .why = "neither libtorch nor fettle has an operator of that name",
               .hint = op.starts_with("torch._functorch.") ? instead_of(op) : suggest_operator(op)});
}

const OperatorSchema& require_operator(std::string_view op, std::string_view where) {
  const OperatorSchema* schema = find_operator(op);
  if (!schema) refuse_unknown(op, where);
  return *schema;
}

// Which schema argument the call's argument k is; arguments without a name go by position.
std::size_t slot_of(const Graph& graph, const OperatorSchema& schema, const NamedArgument& argument,
                    std::size_t k, std::string_view where) {
  const std::string_view name = graph.text(argument.name);
  const auto& wanted = schema.arguments;
  if (k < wanted.size() && (wanted[k].name == name || name.empty())) {
    if (name.empty() && wanted[k].keyword_only) {
      refuse(schema, where, "'" + wanted[k].name + "' must be given by keyword");
    }
    return k;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!name.empty() && wanted[i].name == name) return i;
  }
  refuse(schema, where,
         name.empty() ? "there are more arguments than the schema has"
                      : "there is no argument '" + std::string(name) + "'");
}

NamedArgument default_argument(const Graph& graph, const OperatorSchema& schema,
                               const SchemaArgument& wanted, std::string_view where) {
  if (!wanted.default_value) refuse(schema, where, "the argument '" + wanted.name + "' is missing");
  NamedArgument argument{graph.intern(wanted.name), ArgForm::defaulted, *wanted.default_value};
  if (argument.value.kind == ArgKind::string) {
    argument.value.payload = graph.intern(wanted.default_text);
  }
  return argument;
}

// Operands follow the arguments that name them.
std::vector<ValueId> renumber(std::vector<NamedArgument>& arguments,
                              const std::vector<ValueId>& operands) {
  std::vector<ValueId> ordered;
  ordered.reserve(operands.size());
  for (NamedArgument& argument : arguments) {
    for_each_operand(argument.value, [&](Operand& operand) {
      ordered.push_back(operands[operand.index]);
      operand.index = static_cast<std::uint32_t>(ordered.size() - 1);
    });
  }
  return ordered;
}

bool is_bound(const Graph& graph, const OperatorSchema& schema,
              const std::vector<NamedArgument>& arguments) {
  return std::ranges::equal(arguments, schema.arguments, [&](const auto& given, const auto& wanted) {
    return graph.text(given.name) == wanted.name;
  });
}

void bind_to(const Graph& graph, const OperatorSchema& schema,
             std::vector<NamedArgument>& arguments, std::vector<ValueId>& operands,
             std::string_view where) {
  std::vector<NamedArgument*> given(schema.arguments.size(), nullptr);
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    NamedArgument*& slot = given[slot_of(graph, schema, arguments[k], k, where)];
    if (slot) {
      refuse(schema, where, "'" + std::string(graph.text(arguments[k].name)) + "' is given twice");
    }
    slot = &arguments[k];
  }
  std::vector<NamedArgument> bound;
  bound.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const SchemaArgument& wanted = schema.arguments[i];
    if (given[i]) {
      bound.push_back(std::move(*given[i]));
      if (graph.text(bound.back().name).empty()) bound.back().name = graph.intern(wanted.name);
    } else {
      bound.push_back(default_argument(graph, schema, wanted, where));
    }
  }
  operands = renumber(bound, operands);
  arguments = std::move(bound);
}

}  // namespace

void bind_call(const Graph& graph, StringId op, std::vector<NamedArgument>& arguments,
               std::vector<ValueId>& operands, std::string_view where) {
  const OperatorSchema& schema = require_operator(graph.text(op), where);
  if (schema.source == SchemaSource::higher_order || is_bound(graph, schema, arguments)) return;
  bind_to(graph, schema, arguments, operands, where);
}

void bind_schemas(Graph& graph, std::string_view where) {
  Journal journal(graph, Journal::Recording::off);
  std::unordered_map<StringId, const OperatorSchema*> schemas;
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const NodeId id(i);
    if (!graph.alive(id) || graph.node(id).opcode != Opcode::call_function) continue;
    const Node& node = graph.node(id);
    const std::string node_where =
        std::string(where) + ", node '" + std::string(graph.text(node.name)) + "'";
    const OperatorSchema*& schema = schemas[node.op];
    if (!schema) schema = &require_operator(graph.text(node.op), node_where);
    if (schema->source == SchemaSource::higher_order) continue;
    if (is_bound(graph, *schema, node.arguments)) continue;
    std::vector<NamedArgument> arguments = node.arguments;
    std::vector<ValueId> operands(node.operands.begin(), node.operands.end());
    bind_to(graph, *schema, arguments, operands, node_where);
    journal.set_arguments(id, std::move(arguments), std::move(operands));
  }
}

}  // namespace fettle
