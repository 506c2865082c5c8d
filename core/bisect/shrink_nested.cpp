// Nested graphs: first one of them in place of the whole program, on the values of its first time
// in the failing run; then in place of its call, the branch that ran before the other; then calls
// inside are taken away as those of the program are. What they computed is passed in from the
// program's inputs: the values of their first time, and zeros where they never ran.
//
// Stay as they are, where the program is more than their nested graph: scan and map, of which it
// needs the slices; what a nested graph returns; calls that share one graph (invoke_subgraph).
#include <algorithm>
#include <unordered_set>

#include "bisect/shrink_steps.hpp"
#include "graph/block_copy.hpp"
#include "graph/extract.hpp"
#include "graph/text_literal.hpp"
#include "ops/higher_order.hpp"
#include "ops/nested_edits.hpp"

namespace fettle {
namespace {

struct Edited {
  explicit Edited(const FrozenProgram& program)
      : out{program.graph->clone(), program.inputs}, journal(*out.graph, Journal::Recording::off) {}
  const Graph& graph() const { return *out.graph; }

  FrozenProgram out;
  Journal journal;
};

std::vector<NodeId> calls_in(const Graph& graph, BlockId block) {
  std::vector<NodeId> calls;
  for (const NodeId id : graph.nodes(block)) {
    if (graph.node(id).opcode == Opcode::call_function) calls.push_back(id);
  }
  return calls;
}

// -- the body in place of the program

std::optional<FrozenProgram> alone(const Smallest& smallest, BlockId block) {
  const Graph& graph = smallest.graph();
  const OperandList& returned = graph.node(graph.output_node(block)).operands;
  const std::vector<ValueId> outputs(returned.begin(), returned.end());
  if (outputs.empty()) return std::nullopt;
  Extract part = extract(graph, calls_in(graph, block), {}, outputs);
  FrozenProgram program{std::move(part.graph), {}};
  const auto values = smallest.values_of(part.inputs);
  for (const ValueId input : part.inputs) {
    const auto value = values.find(input);
    if (value == values.end()) return std::nullopt;  // it never ran
    program.inputs.push_back(value->second);
  }
  return program;
}

bool take_body(Smallest& smallest) {
  for (std::uint32_t k = kRootBlock.index + 1; k < smallest.graph().block_bound(); ++k) {
    const BlockId block(k);
    if (!smallest.graph().alive(block) || smallest.spent()) continue;
    if (smallest.keep_other([&] { return alone(smallest, block); })) return true;
  }
  return false;
}

// -- the body in place of the call

std::optional<FrozenProgram> inlined(const FrozenProgram& program, NodeId id, BlockId body) {
  Edited edited(program);
  const Graph& graph = edited.graph();
  const auto call = as_higher_order_call(graph, id);
  if (!call) return std::nullopt;
  std::vector<ValueId> inputs;
  for (const Argument& input : call->inputs) {
    const auto* operand = std::get_if<Operand>(&input.payload);
    if (!operand) return std::nullopt;
    inputs.push_back(graph.node(id).operands[operand->index]);
  }
  const std::vector<ValueId> outputs = inline_block(edited.journal, body, id, inputs);
  std::uint32_t result = 0;
  for (std::size_t k = 0; k < graph.node(id).result_forms.size(); ++k) {
    if (graph.node(id).result_forms[k].count == 0) continue;
    const ValueId value = graph.result(id, result++);
    if (graph.value(value).use_count == 0) continue;
    if (!outputs.at(k)) return std::nullopt;
    edited.journal.replace_all_uses(value, outputs[k]);
  }
  edited.journal.erase_node(id);
  return std::move(edited.out);
}

// Those that say what the call's results are.
std::vector<BlockId> bodies_to_inline(const HigherOrderCall& call,
                                      const std::unordered_set<BlockId>& ran) {
  switch (call.op->run) {
    case HigherOrderRun::once:
    case HigherOrderRun::loop:
      return {call.result_body()};
    case HigherOrderRun::branch: {
      std::vector<BlockId> bodies = call.bodies;
      std::ranges::stable_partition(bodies, [&](BlockId body) { return ran.contains(body); });
      return bodies;
    }
    case HigherOrderRun::scan:
    case HigherOrderRun::map:
      break;
  }
  return {};
}

std::unordered_set<BlockId> blocks_that_run(const Smallest& smallest) {
  std::unordered_set<BlockId> ran;
  NodeHook hook;
  hook.before = [&](NodeId node, std::span<const RunValue>) {
    ran.insert(smallest.graph().node(node).block);
  };
  smallest.run(hook);
  return ran;
}

bool inline_calls(Smallest& smallest) {
  bool kept = false;
  std::unordered_set<BlockId> ran;
  for (std::uint32_t k = 0; k < smallest.graph().node_bound(); ++k) {
    const NodeId id(k);
    if (!smallest.graph().alive(id)) continue;
    const auto call = as_higher_order_call(smallest.graph(), id);
    if (!call) continue;
    if (!smallest.tried([&] {
          ran = blocks_that_run(smallest);
          return true;
        }))
      return kept;
    for (const BlockId body : bodies_to_inline(*call, ran)) {
      if (smallest.spent()) return kept;
      if (!smallest.keep_other([&] { return inlined(smallest.program(), id, body); })) continue;
      kept = true;
      break;
    }
  }
  return kept;
}

// -- fewer calls inside

// As a new input of the program.
ValueId add_input(Edited& edited, ValueId like, RunValue value) {
  const Graph& graph = edited.graph();
  NodeSpec spec;
  spec.opcode = Opcode::placeholder;
  spec.name = edited.journal.fresh_name(graph.text(graph.value(like).name));
  spec.result_forms = {{text::kind_of_type(graph.type(like)), 1}};
  spec.result_types = {graph.value(like).type};
  spec.result_names = {spec.name};
  NodeId before = graph.block(kRootBlock).first;
  while (graph.node(before).opcode == Opcode::placeholder) before = graph.node(before).next;
  const NodeId made = edited.journal.create_node(std::move(spec), {kRootBlock, before});
  edited.journal.set_input_spec(made, InputSpec{});
  edited.out.inputs.push_back(std::move(value));
  return graph.result(made);
}

// Through all calls around the block, from the outermost.
ValueId pass_into(Edited& edited, BlockId block, ValueId value) {
  const NodeId owner = edited.graph().block(block).owner;
  const BlockId outside = edited.graph().node(owner).block;
  if (outside != kRootBlock) value = pass_into(edited, outside, value);
  const auto call = as_higher_order_call(edited.graph(), owner);
  const std::vector<ValueId> held = pass_value(edited.journal, owner, value);
  const auto body = std::ranges::find(call->bodies, block);
  return held.at(static_cast<std::size_t>(body - call->bodies.begin()));
}

std::optional<RunValue> zeros(Type type) {
  const auto count = element_count(type);
  if (type.kind != TypeKind::tensor || !count) return std::nullopt;
  std::int64_t stride = 1;
  for (std::size_t d = type.sizes.size(); d-- > 0; stride *= type.sizes[d].value) {
    type.strides.at(d) = stride;
  }
  type.storage_offset = 0;
  const std::vector<char> bytes(static_cast<std::size_t>(*count) * dtype_bytes(type.dtype));
  return Tensor::from_constant({make_storage(bytes.data(), bytes.size()), type}, false);
}

// Passed to the call and used by nobody.
void drop_unused_inputs(Edited& edited, NodeId owner) {
  const auto call = as_higher_order_call(edited.graph(), owner);
  for (std::size_t k = call->inputs.size(); k-- > call->carried + call->sliced;) {
    const bool used = std::ranges::any_of(call->bodies, [&](BlockId body) {
      return edited.graph().value(block_inputs(edited.graph(), body)[k]).use_count > 0;
    });
    if (!used) drop_input(edited.journal, owner, k);
  }
}

std::optional<FrozenProgram> without(const Smallest& smallest, BlockId block,
                                     const std::vector<NodeId>& dropped) {
  const Graph& graph = smallest.graph();
  const std::unordered_set<NodeId> gone(dropped.begin(), dropped.end());
  std::vector<ValueId> wanted;
  for (const NodeId id : dropped) {
    for (const ValueId result : graph.results(id)) {
      const auto uses = graph.uses(result);
      if (std::any_of(uses.begin(), uses.end(), [&](Use u) { return !gone.contains(u.user); })) {
        wanted.push_back(result);
      }
    }
  }
  const auto values = smallest.values_of(wanted);
  Edited edited(smallest.program());
  for (const ValueId value : wanted) {
    const auto found = values.find(value);
    std::optional<RunValue> held =
        found != values.end() ? std::optional(found->second) : zeros(graph.type(value));
    if (!held) return std::nullopt;
    const ValueId given = add_input(edited, value, std::move(*held));
    edited.journal.replace_all_uses(value, pass_into(edited, block, given));
  }
  for (auto id = dropped.rbegin(); id != dropped.rend(); ++id) edited.journal.erase_node(*id);
  drop_unused_inputs(edited, graph.block(block).owner);
  return std::move(edited.out);
}

bool drop_calls_of(Smallest& smallest, BlockId block) {
  bool kept = false;
  const std::size_t all = calls_in(smallest.graph(), block).size();
  for (std::size_t chunk = std::max<std::size_t>(all / 2, 1);; chunk /= 2) {
    for (std::size_t at = 0;;) {
      const std::vector<NodeId> calls = calls_in(smallest.graph(), block);
      if (at >= calls.size() || smallest.spent()) break;
      const auto first = calls.begin() + static_cast<std::ptrdiff_t>(at);
      const auto size = static_cast<std::ptrdiff_t>(std::min(chunk, calls.size() - at));
      const std::vector<NodeId> dropped(first, first + size);
      if (smallest.keep_other([&] { return without(smallest, block, dropped); })) {
        kept = true;
      } else {
        at += chunk;
      }
    }
    if (chunk <= 1) return kept;
  }
}

}  // namespace

bool shrink_nested(Smallest& smallest) {
  if (take_body(smallest)) return true;
  bool kept = inline_calls(smallest);
  for (std::uint32_t k = kRootBlock.index + 1; k < smallest.graph().block_bound(); ++k) {
    const auto alive = [&] { return smallest.graph().alive(BlockId(k)); };
    if (alive() && smallest.graph().block(BlockId(k)).owner) {
      kept |= drop_calls_of(smallest, BlockId(k));
    }
  }
  return kept;
}

}  // namespace fettle
