// What mutants share: finding the calls of an operator, in nested graphs too, and replacing a call
// by another in one rewrite. A mutant is then its condition and its bug.
#pragma once

#include <fettle/fettle.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace mutants {

using fettle::Argument;
using fettle::MutableGraph;
using fettle::Node;
using fettle::NodeSpec;
using fettle::Promise;
using fettle::Rewrite;
using fettle::Value;

// Of the graph as it is now, in program order. A mutant erases only the call at hand.
inline std::vector<Node> calls(const fettle::Graph& graph,
                               std::initializer_list<std::string_view> operators) {
  std::vector<Node> found;
  const fettle_columns columns = graph.columns();
  for (const std::string_view op : operators) {
    const fettle::Symbol symbol = graph.symbol(op);
    for (std::uint64_t i = 0; symbol && i < columns.n_nodes; ++i)
      if (graph.node(columns.nodes[i]).is(symbol)) found.push_back(graph.node(columns.nodes[i]));
  }
  return found;
}

// A call of `op` with the arguments of `call`. `change(spec, argument)` is asked about each one; if
// it answers true, it has put something else there, or nothing.
template <class Change>
NodeSpec like(Node call, std::string op, Change change) {
  NodeSpec spec(std::move(op));
  bool positional = true;
  for (std::uint32_t k = 0; k < call.argument_count(); ++k) {
    const Argument argument = call.argument(k);
    if (change(spec, argument)) continue;
    positional = positional && argument.raw().form == FETTLE_FORM_POSITIONAL;
    if (argument.defaulted()) continue;
    if (positional)
      spec.argument(argument);
    else
      spec.keyword(argument.name(), argument);
  }
  return spec;
}
// Leaves out one argument, so that the schema's default is back.
inline NodeSpec without(Node call, std::string_view dropped) {
  NodeSpec spec{std::string(call.op())};
  bool positional = true;
  for (std::uint32_t k = 0; k < call.argument_count(); ++k) {
    const Argument argument = call.argument(k);
    positional =
        positional && argument.name() != dropped && argument.raw().form == FETTLE_FORM_POSITIONAL;
    if (argument.name() == dropped || argument.defaulted()) continue;
    if (positional)
      spec.argument(argument);
    else
      spec.keyword(argument.name(), argument);
  }
  return spec;
}

// Creates the call right before `site`, with results of these types.
inline Node create(Rewrite& rewrite, Node site, NodeSpec spec,
                   std::initializer_list<fettle_type_id> types) {
  for (const fettle_type_id type : types) spec.result(type);
  return rewrite.create(spec.before(site));
}

inline void replace(Rewrite& rewrite, Node call, Value by) {
  rewrite.replace(call.result(), by);
  rewrite.erase(call);
  rewrite.commit();
}

// One rewrite: the call becomes another whose results have the same types.
inline void replace(MutableGraph& graph, Node call, NodeSpec spec, std::string_view why) {
  Rewrite rewrite(graph, call, why);
  if (!rewrite) return;
  for (std::uint32_t k = 0; k < call.result_count(); ++k) spec.result(call.result(k).type_id());
  const Node made = rewrite.create(spec.before(call));
  for (std::uint32_t k = 0; k < call.result_count(); ++k)
    rewrite.replace(call.result(k), made.result(k));
  rewrite.erase(call);
  rewrite.commit();
}

// One rewrite: users of the call's only result get another value.
inline void replace(MutableGraph& graph, Node call, Value by, std::string_view why) {
  Rewrite rewrite(graph, call, why);
  if (rewrite) replace(rewrite, call, by);
}

inline bool is_number(const std::optional<Argument>& argument, double number) {
  if (!argument) return false;
  const std::uint32_t payload = argument->raw().payload;
  return (payload == FETTLE_PAYLOAD_INT || payload == FETTLE_PAYLOAD_FLOAT) &&
         argument->real() == number;
}
inline bool is_float(Value value) {
  return value.type().is_tensor() && fettle::is_floating(value.type().dtype());
}
// A dtype as an argument of a call.
inline Argument dtype(std::uint32_t number) {
  fettle_arg raw{};
  raw.kind = FETTLE_ARG_SCALAR_TYPE, raw.payload = FETTLE_PAYLOAD_INT, raw.i = number;
  return {nullptr, raw};
}
inline std::size_t rank(Value value) {
  return value.type().sizes().size();
}

// Puts the calls of the first nested graph where the call stood.
inline void inline_first_graph(MutableGraph& graph, Node call, const fettle::NestedCall& nested,
                               const char* why) {
  Rewrite rewrite(graph, call, why);
  if (!rewrite) return;
  const auto results =
      fettle::BlockEdits(graph).inline_block(nested.block(0), call, nested.inputs());
  for (std::uint32_t k = 0; k < call.result_count(); ++k)
    rewrite.replace(call.result(k), results[k]);
  rewrite.erase(call);
  rewrite.commit();
}

}  // namespace mutants
