// The facts of one call, in this order: the table's row where there is one, the operator's schema
// and tags, and for what neither knows: nothing is promised.
//
// libtorch's own operators (aten, prims) are trusted to mean their annotations, except composite
// ones without any: their code may hand on an operand. Other libraries' operators are not: whether
// they draw random numbers is not in their schemas.

#include "ops/facts.hpp"

#include <algorithm>

#include "ops/facts_table.hpp"
#include "ops/nested_facts.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

bool may_be_tensor(const Graph& graph, ValueId value) {
  const TypeKind kind = graph.type(value).kind;
  return kind == TypeKind::tensor || kind == TypeKind::unknown || kind == TypeKind::custom_obj;
}

bool returns_tensor(const SchemaReturn& r) { return r.type.find("Tensor") != std::string::npos; }

// One call, its schema and the schema argument behind each operand.
class Call {
 public:
  Call(const Graph& graph, NodeId id, const OperatorSchema& schema)
      : graph_(graph), node_(graph.node(id)), schema_(schema) {
    arguments_.assign(node_.operands.size(), nullptr);
    for (std::size_t k = 0; k < node_.arguments.size(); ++k) {
      const SchemaArgument* wanted = schema_argument(k);
      for_each_operand(node_.arguments[k].value,
                       [&](const Operand& operand) { arguments_[operand.index] = wanted; });
    }
  }

  CallFacts from_schema() const {
    CallFacts facts;
    facts.known = true;
    facts.why = "schema";
    facts.random = schema_.nondeterministic_seeded || takes_generator();
    facts.writes = operands_where([](const SchemaArgument& a) { return a.written; });
    facts.side_effect = schema_.returns.empty() && facts.writes.empty();
    facts.results_alias.resize(node_.result_count);
    for_each_return([&](std::uint32_t result, const SchemaReturn& r) {
      facts.results_alias[result] = aliased_operands(r);
    });
    return facts;
  }

  bool unannotated() const {
    const auto plain = [](const auto& x) { return x.alias_sets.empty(); };
    return std::ranges::all_of(schema_.arguments, plain) &&
           std::ranges::all_of(schema_.returns, plain);
  }

  std::vector<std::uint32_t> tensor_operands() const {
    return operands_where([](const SchemaArgument&) { return true; });
  }
  std::vector<std::uint32_t> operands_of(std::string_view name) const {
    return operands_where([&](const SchemaArgument& a) { return a.name == name; });
  }

  void alias_all(CallFacts& facts) const {
    for_each_return([&](std::uint32_t result, const SchemaReturn& r) {
      if (returns_tensor(r)) facts.results_alias[result] = tensor_operands();
    });
  }
  void alias_first(CallFacts& facts) const {
    if (!node_.operands.empty()) facts.results_alias.assign(node_.result_count, {0});
  }

  // The number or flag `name`: nullopt when only a run tells.
  std::optional<double> constant(std::string_view name) const {
    for (std::size_t k = 0; k < node_.arguments.size(); ++k) {
      if (graph_.text(node_.arguments[k].name) == name) return number(node_.arguments[k].value);
    }
    for (const SchemaArgument& a : schema_.arguments) {
      if (a.name == name && a.default_value) return number(*a.default_value);
    }
    return std::nullopt;
  }
  bool may_be_active(std::string_view name) const { return constant(name) != 0.0; }

 private:
  static std::optional<double> number(const Argument& argument) {
    if (const auto* b = std::get_if<bool>(&argument.payload)) return *b ? 1.0 : 0.0;
    if (const auto* i = std::get_if<std::int64_t>(&argument.payload)) return static_cast<double>(*i);
    if (const auto* d = std::get_if<double>(&argument.payload)) return *d;
    return std::nullopt;
  }

  const SchemaArgument* schema_argument(std::size_t k) const {
    const std::string_view name = graph_.text(node_.arguments[k].name);
    if (k < schema_.arguments.size() && schema_.arguments[k].name == name) {
      return &schema_.arguments[k];
    }
    for (const SchemaArgument& a : schema_.arguments) {
      if (a.name == name) return &a;
    }
    return nullptr;
  }

  bool takes_generator() const {
    return std::ranges::any_of(schema_.arguments,
                               [](const SchemaArgument& a) { return a.type == "Generator?"; });
  }

  // Operands of an argument that the schema does not have count as any argument.
  template <class Predicate>
  std::vector<std::uint32_t> operands_where(Predicate predicate) const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < arguments_.size(); ++i) {
      if (!may_be_tensor(graph_, node_.operands[i])) continue;
      if (!arguments_[i] || predicate(*arguments_[i])) found.push_back(i);
    }
    return found;
  }

  std::vector<std::uint32_t> aliased_operands(const SchemaReturn& r) const {
    if (r.alias_sets.empty()) return {};
    if (std::ranges::find(r.alias_sets, "*") != r.alias_sets.end()) return tensor_operands();
    return operands_where([&](const SchemaArgument& a) {
      return std::ranges::find_first_of(a.alias_sets, r.alias_sets) != a.alias_sets.end();
    });
  }

  // fn(result, return): flat results belong to returns as the call's forms say.
  template <class Fn>
  void for_each_return(Fn fn) const {
    const bool matched = node_.result_forms.size() == schema_.returns.size();
    std::uint32_t result = 0;
    for (std::size_t k = 0; matched && k < schema_.returns.size(); ++k) {
      for (std::uint32_t i = 0; i < node_.result_forms[k].count && result < node_.result_count; ++i) {
        fn(result++, schema_.returns[k]);
      }
    }
    static const SchemaReturn kAnything{"Tensor", {"*"}, false};
    while (result < node_.result_count) fn(result++, kAnything);
  }

  const Graph& graph_;
  const Node& node_;
  const OperatorSchema& schema_;
  std::vector<const SchemaArgument*> arguments_;  // by operand
};

void apply(const FactRow& row, const Call& call, CallFacts& facts) {
  facts.why = "table: " + std::string(row.op);
  if (!row.why.empty()) facts.why += ", " + std::string(row.why);
  const auto dropout_is_active = [&] { return call.may_be_active("train") && call.may_be_active("p"); };
  switch (row.rule) {
    case FactRule::fresh: return;
    case FactRule::fresh_together: facts.results_share = true; return;
    case FactRule::may_alias: return call.alias_all(facts);
    case FactRule::side_effect: facts.side_effect = true; return;
    case FactRule::uninitialized: facts.random = facts.uninitialized = true; return;
    case FactRule::dropout:
      call.alias_first(facts);
      facts.random = dropout_is_active();
      if (!facts.random) facts.writes.clear();
      return;
    case FactRule::fresh_dropout: facts.random = dropout_is_active(); return;
    case FactRule::random_if_active: facts.random = call.may_be_active(row.argument); return;
    case FactRule::rnn:
      facts.random = call.may_be_active("train") && call.may_be_active("dropout");
      return;
    case FactRule::running_stats:
      if (!call.may_be_active(row.argument)) return;
      for (std::string_view name : {"running_mean", "running_var"}) {
        for (std::uint32_t operand : call.operands_of(name)) facts.writes.push_back(operand);
      }
      std::ranges::sort(facts.writes);
      return;
  }
}

CallFacts unknown(const Node& node, std::string why) {
  CallFacts facts;
  facts.why = std::move(why);
  std::vector<std::uint32_t> all(node.operands.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  facts.writes = all;
  facts.results_alias.assign(node.result_count, all);
  return facts;
}

CallFacts fixture(const Node& node) {
  CallFacts facts;
  facts.known = facts.side_effect = true;
  facts.results_alias.resize(node.result_count);
  facts.why = std::string(opcode_name(node.opcode)) + ": part of the program's signature";
  return facts;
}

}  // namespace

CallFacts plain_call_facts(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) return fixture(node);
  const std::string_view op = graph.text(node.op);
  const OperatorSchema* schema =
      node.opcode == Opcode::call_function ? find_operator(op) : nullptr;
  if (!schema) return unknown(node, "not a registered operator");
  if (schema->source == SchemaSource::scalar) {
    CallFacts facts;
    facts.known = true;
    facts.results_alias.resize(node.result_count);
    facts.why = "arithmetic on numbers";
    return facts;
  }
  if (!op.starts_with("aten.") && !op.starts_with("prims.")) {
    return unknown(node, "an operator of another library");
  }
  const Call call(graph, id, *schema);
  CallFacts facts = call.from_schema();
  if (const FactRow* row = find_fact(op)) {
    apply(*row, call, facts);
  } else if (schema->composite_implicit && call.unannotated()) {
    facts.why = "composite operator without annotations";
    call.alias_all(facts);
  }
  return facts;
}

CallFacts call_facts(const Graph& graph, NodeId node) {
  NestedFacts nested(graph);
  return nested.call(node);
}

}  // namespace fettle
