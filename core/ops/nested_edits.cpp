#include "ops/nested_edits.hpp"

#include <algorithm>

#include "graph/journal_refusal.hpp"
#include "ops/higher_order.hpp"

namespace fettle {
namespace {

HigherOrderCall require_call(const Graph& graph, NodeId id, std::string_view edit) {
  if (!graph.alive(id)) {
    refuse(Code::graph_stale_id, edit,
           "node " + std::to_string(id.index) + " does not exist or was erased");
  }
  std::string why = "the node owns no nested graphs";
  auto call = as_higher_order_call(graph, id, &why);
  if (!call) refuse(Code::graph_bad_edit, edit, std::move(why));
  if (call->op->name == "higher_order.invoke_subgraph") {
    refuse(Code::graph_bad_edit, edit,
           "calls of invoke_subgraph with one identifier share what they take");
  }
  return std::move(*call);
}

// The call's arguments, with operands in a list of their own that may grow or shrink.
struct Arguments {
  explicit Arguments(const Node& node)
      : list(node.arguments), operands(node.operands.begin(), node.operands.end()) {}

  // Where values that are passed stand: the list's argument, or none for *operands.
  std::optional<std::size_t> passed_list(const HigherOrderOperator& op) const {
    for (std::size_t k = 0; k < op.parts.size() && k < list.size(); ++k) {
      if (op.parts[k] == HigherOrderPart::passed) return k;
    }
    return std::nullopt;
  }
  // Operands follow the arguments that name them.
  void renumber() {
    std::vector<ValueId> ordered;
    for (NamedArgument& argument : list) {
      for_each_operand(argument.value, [&](Operand& operand) {
        ordered.push_back(operands[operand.index]);
        operand.index = static_cast<std::uint32_t>(ordered.size() - 1);
      });
    }
    operands = std::move(ordered);
  }

  std::vector<NamedArgument> list;
  std::vector<ValueId> operands;
};

Argument value_argument(const Graph& graph, ValueId value, std::size_t operand) {
  const Operand named{static_cast<std::uint32_t>(operand)};
  switch (graph.type(value).kind) {
    case TypeKind::sym_int: return {ArgKind::sym_int, named};
    case TypeKind::sym_float: return {ArgKind::sym_float, named};
    case TypeKind::sym_bool: return {ArgKind::sym_bool, named};
    default: return {ArgKind::tensor, named};
  }
}

// Lists of values of several kinds are written as lists of tensors, as torch.export does.
void append(Argument& list, Argument value, std::string_view edit) {
  auto* elements = std::get_if<std::vector<Argument>>(&list.payload);
  if (!elements) refuse(Code::graph_bad_edit, edit, "the call passes plain numbers in one list");
  const bool alike = std::ranges::all_of(
      *elements, [&](const Argument& element) { return element.kind == value.kind; });
  const bool named = std::ranges::all_of(*elements, [&](const Argument& element) {
    return std::holds_alternative<Operand>(element.payload);
  });
  if (!alike && !named) refuse(Code::graph_bad_edit, edit, "the call passes a number by name");
  if (elements->empty() && value.kind != ArgKind::tensor) {
    list.kind = value.kind == ArgKind::sym_int     ? ArgKind::sym_ints
                : value.kind == ArgKind::sym_float ? ArgKind::sym_floats
                                                   : ArgKind::sym_bools;
  }
  elements->push_back(std::move(value));
  if (alike && element_kind(list.kind) == elements->back().kind) return;
  list.kind = ArgKind::tensors;
  for (Argument& element : *elements) element.kind = ArgKind::tensor;
}

// Of a list of values or of plain numbers.
void take_out(Argument& list, std::size_t index) {
  std::visit(
      [&](auto& payload) {
        if constexpr (requires { payload.erase(payload.begin()); }) {
          payload.erase(payload.begin() + static_cast<std::ptrdiff_t>(index));
        }
      },
      list.payload);
}

ValueId add_placeholder(Journal& journal, BlockId block, ValueId like) {
  const Graph& graph = journal.graph();
  const Value& value = graph.value(like);
  NodeSpec spec;
  spec.opcode = Opcode::placeholder;
  spec.name = journal.fresh_name(graph.text(value.name));
  spec.result_forms = {ResultForm{}};
  spec.result_types = {value.type};
  spec.result_names = {spec.name};
  NodeId before = graph.block(block).first;
  while (before && graph.node(before).opcode == Opcode::placeholder) {
    before = graph.node(before).next;
  }
  return graph.result(journal.create_node(std::move(spec), {block, before}));
}

}  // namespace

std::vector<ValueId> pass_value(Journal& journal, NodeId id, ValueId value) {
  constexpr std::string_view kEdit = "pass_value";
  const Graph& graph = journal.graph();
  const HigherOrderCall call = require_call(graph, id, kEdit);
  if (!graph.alive(value)) refuse(Code::graph_stale_id, kEdit, "the value does not exist");
  Arguments arguments(graph.node(id));
  Argument argument = value_argument(graph, value, arguments.operands.size());
  arguments.operands.push_back(value);
  if (const auto list = arguments.passed_list(*call.op)) {
    append(arguments.list[*list].value, std::move(argument), kEdit);
  } else {
    const auto keyword = std::ranges::find(arguments.list, ArgForm::keyword, &NamedArgument::form);
    arguments.list.insert(keyword, {graph.intern(""), ArgForm::positional, std::move(argument)});
  }
  arguments.renumber();
  journal.set_arguments(id, std::move(arguments.list), std::move(arguments.operands));
  std::vector<ValueId> placeholders;
  for (BlockId block : call.bodies) placeholders.push_back(add_placeholder(journal, block, value));
  return placeholders;
}

void drop_input(Journal& journal, NodeId id, std::size_t input) {
  constexpr std::string_view kEdit = "drop_input";
  const Graph& graph = journal.graph();
  const HigherOrderCall call = require_call(graph, id, kEdit);
  const std::size_t first = call.carried + call.sliced;
  if (input < first || input >= call.inputs.size()) {
    refuse(Code::graph_bad_edit, kEdit,
           input < first ? "the input is carried or sliced" : "the call has no such input");
  }
  std::vector<NodeId> placeholders;
  for (BlockId block : call.bodies) {
    const ValueId held = block_inputs(graph, block)[input];
    if (graph.value(held).use_count > 0) {
      refuse(Code::graph_has_users, kEdit,
             "'" + std::string(graph.text(graph.value(held).name)) + "' is used");
    }
    placeholders.push_back(graph.value(held).producer);
  }
  Arguments arguments(graph.node(id));
  if (const auto list = arguments.passed_list(*call.op)) {
    take_out(arguments.list[*list].value, input - first);
  } else {
    const auto rest = std::ranges::find(call.op->parts, HigherOrderPart::rest);
    arguments.list.erase(arguments.list.begin() + (rest - call.op->parts.begin()) +
                         static_cast<std::ptrdiff_t>(input));
  }
  arguments.renumber();
  journal.set_arguments(id, std::move(arguments.list), std::move(arguments.operands));
  for (NodeId placeholder : placeholders) journal.erase_node(placeholder);
}

}  // namespace fettle
