// The rules of facts.cpp, as far as they decide without a call's arguments. When in doubt: no.
#include <algorithm>

#include "ops/facts.hpp"
#include "ops/facts_table.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

bool is_plain(const OperatorSchema& schema) {
  if (schema.source == SchemaSource::scalar) return true;
  if (schema.source != SchemaSource::dispatcher || schema.nondeterministic_seeded) return false;
  if (!schema.name.starts_with("aten.") && !schema.name.starts_with("prims.")) return false;
  if (schema.returns.empty() || schema.variadic_returns) return false;
  const auto annotated = [](const auto& x) { return x.written || !x.alias_sets.empty(); };
  if (std::ranges::any_of(schema.arguments, annotated)) return false;
  if (std::ranges::any_of(schema.returns, annotated)) return false;
  if (std::ranges::any_of(schema.arguments, [](const auto& a) { return a.type == "Generator?"; })) {
    return false;
  }
  const FactRow* row = find_fact(schema.name);
  return row ? row->rule == FactRule::fresh : !schema.composite_implicit;
}

}  // namespace

PlainCalls::Operator PlainCalls::look_up(StringId op) const {
  const OperatorSchema* schema = find_operator(graph_.text(op));
  if (!schema) return {};
  return {is_plain(*schema), static_cast<std::uint32_t>(schema->returns.size())};
}

bool PlainCalls::contains(NodeId call) {
  const Node& node = graph_.node(call);
  if (node.opcode != Opcode::call_function) return false;
  const auto [found, added] = operators_.try_emplace(node.op);
  if (added) found->second = look_up(node.op);
  return found->second.plain && node.result_forms.size() == found->second.forms;
}

}  // namespace fettle
