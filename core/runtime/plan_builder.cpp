#include "runtime/plan_builder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "ops/facts.hpp"
#include "ops/facts_table.hpp"
#include "ops/higher_order.hpp"
#include "ops/operator_name.hpp"
#include "ops/registry.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/nested_call.hpp"
#include "runtime/offloaded_plan.hpp"
#include "runtime/source_line.hpp"

namespace fettle {

void PlanBuilder::unsupported(NodeId node, std::string why) const {
  const Node& n = graph_.node(node);
  throw Error({.code = Code::operator_unsupported,
               .what = "the node '" + path_ + std::string(graph_.text(n.name)) + "' cannot be run",
               .where = std::string(opcode_name(n.opcode)) + " " + std::string(graph_.text(n.op)),
               .why = std::move(why)});
}

// Program order: what is seen last, is last.
void PlanBuilder::find_last_uses(BlockId block) {
  for (NodeId id : graph_.nodes(block)) {
    const Node& node = graph_.node(id);
    for (std::uint32_t k = 0; k < node.operands.size(); ++k) last_uses_[node.operands[k]] = {id, k};
  }
}

// The order of a partition is its own. A part uses its inputs in the name of its first node.
void PlanBuilder::find_last_uses(const Partition& partition) {
  for (const Partition::Step& step : partition.order) {
    if (!step.node) {
      const OffloadedPart& part = partition.parts[step.part];
      for (std::uint32_t k = 0; k < part.inputs.size(); ++k) {
        last_uses_[part.inputs[k]] = {part.nodes.front(), k};
      }
      continue;
    }
    const Node& node = graph_.node(step.node);
    for (std::uint32_t k = 0; k < node.operands.size(); ++k) {
      last_uses_[node.operands[k]] = {step.node, k};
    }
  }
}

SlotUse PlanBuilder::slot_use(NodeId node, Operand operand) {
  const ValueId value = graph_.node(node).operands[operand.index];
  const auto last = last_uses_.find(value);
  const bool is_last = last != last_uses_.end() && last->second == Use{node, operand.index};
  return {slot(value), is_last && frees(value)};
}

Plan PlanBuilder::build(BlockId block) {
  find_last_uses(block);
  Plan plan;
  plan.instructions.reserve(graph_.block(block).node_count);
  for (NodeId id : graph_.nodes(block)) add_node(id, plan);
  return plan;
}

Plan PlanBuilder::build(const Partition& partition) {
  find_last_uses(partition);
  Plan plan;
  plan.instructions.reserve(partition.order.size());
  for (const Partition::Step& step : partition.order) {
    if (step.node) {
      add_node(step.node, plan);
    } else {
      add_part(partition.parts[step.part], plan);
    }
  }
  return plan;
}

void PlanBuilder::add_node(NodeId id, Plan& plan) {
  switch (graph_.node(id).opcode) {
    case Opcode::placeholder: {
      const ValueId value = graph_.result(id);
      plan.inputs.push_back(slot(value));
      if (!last_uses_.contains(value) && frees(value)) plan.frees.push_back(slot(value));
      break;
    }
    case Opcode::output: add_outputs(id, plan); break;
    case Opcode::call_function: add_call(id, plan); break;
    default: unsupported(id, "nodes of this kind do not occur in exported programs");
  }
}

void PlanBuilder::add_part(const OffloadedPart& part, Plan& plan) {
  Instruction& instruction = plan.instructions.emplace_back();
  instruction.kind = Instruction::Kind::offloaded;
  instruction.node = part.nodes.front();
  std::string nodes(graph_.text(graph_.node(part.nodes.front()).name));
  if (part.nodes.size() > 1) {
    nodes += ".." + std::string(graph_.text(graph_.node(part.nodes.back()).name));
  }
  plan.origins.push_back({std::move(nodes), "part of " + std::to_string(part.nodes.size()) +
                                                " calls on backend '" + part.backend + "'",
                          source_line(graph_, part.nodes.front())});
  for (std::uint32_t k = 0; k < part.inputs.size(); ++k) {
    const auto last = last_uses_.find(part.inputs[k]);
    const bool is_last = last->second == Use{part.nodes.front(), k};
    const SlotUse use{slot(part.inputs[k]), is_last && frees(part.inputs[k])};
    instruction.fills.push_back({k, use, Adapt::none});
  }
  for (const ValueId output : part.outputs) instruction.results.push_back(slot(output));
  instruction.offloaded = plan_of(part, graph_, placement_);
}

Plan PlanBuilder::build_call(NodeId node) {
  if (graph_.node(node).opcode != Opcode::call_function) unsupported(node, "it is not a call");
  Plan plan;
  for (ValueId operand : graph_.node(node).operands) plan.inputs.push_back(slot(operand));
  for (ValueId result : graph_.results(node)) {
    last_uses_[result] = {};  // an output: nothing frees it
    plan.outputs.push_back({slot(result), {}});
  }
  add_call(node, plan);
  return plan;
}

void PlanBuilder::add_outputs(NodeId output, Plan& plan) {
  for (const NamedArgument& argument : graph_.node(output).arguments) {
    const auto* operand = std::get_if<Operand>(&argument.value.payload);
    if (!operand) {
      static const c10::Argument kAnything("output", c10::AnyType::get());
      plan.outputs.push_back({std::nullopt, boxer_.constant(argument.value, kAnything)});
      continue;
    }
    const SlotUse use = slot_use(output, *operand);
    plan.outputs.push_back({use.slot, {}});
    if (use.last) plan.frees.push_back(use.slot);
  }
}

void PlanBuilder::add_call(NodeId id, Plan& plan) {
  const Node& node = graph_.node(id);
  Instruction& instruction = plan.instructions.emplace_back();
  instruction.node = id;
  const std::string_view op = graph_.text(node.op);
  plan.origins.push_back({path_ + std::string(graph_.text(node.name)), std::string(op),
                          source_line(graph_, id)});
  if (is_higher_order(op)) {
    fill_nested(id, instruction);
  } else if (find_scalar_operator(op)) {
    fill_scalar(id, instruction);
  } else {
    fill_operator_call(id, instruction);
  }
  for (ValueId operand : node.operands) instruction.operands.push_back(slot(operand));
  for (ValueId result : graph_.results(id)) {
    instruction.results.push_back(slot(result));
    if (!last_uses_.contains(result)) instruction.frees.push_back(slot(result));
  }
}

const c10::OperatorHandle& PlanBuilder::handle(NodeId node) {
  const StringId op = graph_.node(node).op;
  if (const auto found = handles_.find(op); found != handles_.end()) return found->second;
  const auto parts = split_operator_name(graph_.text(op));
  const auto found =
      parts ? c10::Dispatcher::singleton().findSchema({parts->qualified, parts->overload})
            : std::nullopt;
  if (!found) {
    const std::string name(graph_.text(op));
    throw Error({.code = Code::operator_unknown,
                 .what = "the operator '" + name + "' is not registered",
                 .where = "node '" + std::string(graph_.text(graph_.node(node).name)) + "'",
                 .hint = suggest_operator(name)});
  }
  return handles_.emplace(op, *found).first->second;
}

void PlanBuilder::fill_operator_call(NodeId node, Instruction& instruction) {
  instruction.kind = Instruction::Kind::call;
  instruction.op = handle(node);
  refuse_bits_in_float64(node);
  const FactRow* fact = find_fact(graph_.text(graph_.node(node).op));
  instruction.uninitialized = fact && fact->rule == FactRule::uninitialized;
  fill_arguments(node, instruction.op->schema(), instruction);
  fill_targets(node, instruction.op->schema(), instruction);
  if (placement_.float64()) keep_draw(node, instruction);
}

// A draw that writes is lifted like any other call: what it writes is.
void PlanBuilder::keep_draw(NodeId id, Instruction& instruction) const {
  const CallFacts facts = call_facts(graph_, id);
  if (!facts.random || facts.uninitialized || facts.mutates()) return;
  const Node& node = graph_.node(id);
  const auto& wanted = instruction.op->schema().arguments();
  instruction.drawn_in.emplace(wanted.size());
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const NamedArgument* given = graph_.argument(id, wanted[k].name());
    if (!given) continue;
    if (const auto* operand = std::get_if<Operand>(&given->value.payload)) {
      const auto dtype = scalar_type_of(graph_.type(node.operands[operand->index]).dtype);
      if (dtype && placement_.dtype(*dtype) != *dtype) (*instruction.drawn_in)[k] = *dtype;
    } else if (wanted[k].name() == "dtype") {  // where it is None, the default dtype is lifted, too
      const auto dtype = scalar_type_of(graph_.type(graph_.result(id)).dtype);
      if (dtype) instruction.constants[k] = static_cast<std::int64_t>(*dtype);
    }
  }
}

// The bits of a float are others in float64, and so are those that would make one.
void PlanBuilder::refuse_bits_in_float64(NodeId id) const {
  const std::string_view op = graph_.text(graph_.node(id).op);
  if (!placement_.float64() || (op != "aten.view.dtype" && op != "aten.view_copy.dtype")) return;
  const auto lifted = [&](ValueId value) {
    const auto dtype = scalar_type_of(graph_.type(value).dtype);
    return !dtype || placement_.dtype(*dtype) != *dtype;
  };
  if (lifted(graph_.node(id).operands.at(0)) || lifted(graph_.result(id))) {
    unsupported(id, "it reads numbers by their bits, which are others when the program runs in "
                    "float64");
  }
}

void PlanBuilder::fill_arguments(NodeId id, const c10::FunctionSchema& schema,
                                 Instruction& instruction) {
  const Node& node = graph_.node(id);
  const auto use = [&](Operand operand) { return slot_use(id, operand); };
  for (std::size_t k = 0; k < schema.arguments().size(); ++k) {
    const c10::Argument& wanted = schema.arguments()[k];
    const NamedArgument* given =
        k < node.arguments.size() && graph_.text(node.arguments[k].name) == wanted.name()
            ? &node.arguments[k]
            : graph_.argument(id, wanted.name());
    if (!given) {
      if (!wanted.default_value()) unsupported(id, "the argument '" + wanted.name() + "' is missing");
      instruction.constants.push_back(*wanted.default_value());
    } else if (given->value.kind == ArgKind::none && wanted.name() == "device" &&
               placement_.moves() && node.operands.empty()) {
      instruction.constants.emplace_back(placement_.target());  // a factory without a device
    } else {
      boxer_.box(given->value, wanted, instruction, use);
    }
  }
}

void PlanBuilder::fill_targets(NodeId id, const c10::FunctionSchema& schema,
                               Instruction& instruction) {
  const Node& node = graph_.node(id);
  if (node.result_forms.size() > schema.returns().size() && !schema.is_varret()) {
    unsupported(id, "it has " + std::to_string(node.result_forms.size()) +
                        " results and its operator returns " +
                        std::to_string(schema.returns().size()));
  }
  std::uint32_t result = 0;
  for (const ResultForm& form : node.result_forms) {
    ResultTarget target{form.kind, 0, form.count};
    // A list's slots are consecutive, as a call's results are numbered one after the other here.
    for (std::uint32_t i = 0; i < form.count; ++i) {
      const Slot s = slot(graph_.result(id, result++));
      if (i == 0) target.first = s;
    }
    instruction.targets.push_back(target);
  }
}

void PlanBuilder::fill_scalar(NodeId id, Instruction& instruction) {
  const Node& node = graph_.node(id);
  instruction.kind = Instruction::Kind::scalar;
  instruction.scalar = find_scalar_operator(graph_.text(node.op));
  if (node.arguments.size() != instruction.scalar->arguments.size() || node.result_count != 1) {
    unsupported(id, "it takes " + std::to_string(instruction.scalar->arguments.size()) +
                        " numbers and has one result");
  }
  static const c10::Argument kNumber("number", c10::NumberType::get());
  for (const NamedArgument& argument : node.arguments) {
    boxer_.box(argument.value, kNumber, instruction, [&](Operand o) { return slot_use(id, o); });
  }
  instruction.targets.push_back({ArgKind::sym_int, slot(graph_.result(id)), 1});
}

void PlanBuilder::fill_nested(NodeId id, Instruction& instruction) {
  std::string why = "this version does not know the operator";
  const auto call = as_higher_order_call(graph_, id, &why);
  if (!call) unsupported(id, std::move(why));
  const Node& node = graph_.node(id);
  instruction.kind = Instruction::Kind::nested;
  // Fills in the order of operands: the last use of a value moves it.
  const auto add = [&](const Argument& argument, std::size_t position) {
    static const c10::Argument kAnything("input", c10::AnyType::get());
    if (const auto* operand = std::get_if<Operand>(&argument.payload)) {
      instruction.fills.push_back(
          {static_cast<std::uint32_t>(position), slot_use(id, *operand), Adapt::none});
    } else {
      instruction.constants[position] = boxer_.constant(argument, kAnything);
    }
  };
  instruction.constants.resize(call->inputs.size() + (call->predicate ? 1 : 0));
  if (call->predicate) add(*call->predicate, call->inputs.size());
  for (std::size_t k = 0; k < call->inputs.size(); ++k) add(call->inputs[k], k);
  std::uint32_t result = 0;
  for (const ResultForm& form : node.result_forms) {
    const Slot first = form.count > 0 ? slot(graph_.result(id, result++)) : 0;
    instruction.targets.push_back({form.kind, first, form.count});
  }
  auto nested = std::make_shared<NestedCall>();
  nested->run = call->op->run;
  nested->mode = mode_of(graph_, *call, placement_);
  nested->carried = call->carried;
  nested->sliced = call->sliced;
  nested->stacked_from = call->stacked_from();
  const std::string outside = path_;
  for (BlockId block : call->bodies) {
    path_ = outside + std::string(graph_.text(node.name)) + "." +
            std::string(graph_.text(graph_.block(block).name)) + ".";
    nested->bodies.push_back(build(block));
  }
  path_ = outside;
  instruction.nested = std::move(nested);
}

}  // namespace fettle
