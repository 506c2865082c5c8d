// "fettle.blocks/1": calls that own nested graphs, read and built. Blocks that no call owns yet are
// open to edits like any other; what is refused in them is refused by the journal or by the checks.
#include "graph/block_copy.hpp"
#include "host/abi_editing.hpp"
#include "host/abi_tables.hpp"
#include "ops/higher_order.hpp"
#include "ops/nested_edits.hpp"

namespace fettle {
namespace {

static_assert(FETTLE_NESTED_MAP == static_cast<std::uint32_t>(HigherOrderRun::map));
static_assert(FETTLE_MODE_AUTOCAST == static_cast<std::uint32_t>(HigherOrderMode::autocast));

fettle_status nested_call(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                          fettle_nested_call* out) {
  return guarded(ctx, "nested_call", [&]() -> fettle_status {
    if (!ctx || !g || !usable(out)) return FETTLE_E_ARGUMENT;
    const Graph& graph = g->graph;
    if (!graph.alive(NodeId(id))) {
      return refuse(ctx, FETTLE_E_STALE, fmt::format("node {} does not exist (any more)", id));
    }
    const auto call = as_higher_order_call(graph, NodeId(id));
    if (!call) return FETTLE_E_ABSENT;
    const auto value_of = [&](const Argument& argument) {
      const auto* operand = std::get_if<Operand>(&argument.payload);
      return operand ? graph.node(NodeId(id)).operands[operand->index].index : FETTLE_NONE;
    };
    auto* blocks = ctx->allocate<fettle_block>(call->bodies.size());
    auto* inputs = ctx->allocate<fettle_value>(call->inputs.size());
    std::ranges::transform(call->bodies, blocks, &BlockId::index);
    std::ranges::transform(call->inputs, inputs, value_of);
    fettle_nested_call info{};
    info.runs = static_cast<std::uint32_t>(call->op->run);
    info.mode = static_cast<std::uint32_t>(call->op->mode);
    info.n_carried = call->carried;
    info.n_sliced = call->sliced;
    info.predicate = call->predicate ? value_of(*call->predicate) : FETTLE_NONE;
    info.n_blocks = call->bodies.size();
    info.blocks = blocks;
    info.n_inputs = call->inputs.size();
    info.inputs = inputs;
    write_struct(out, info);
    return FETTLE_OK;
  });
}

void require_rewrite(const Journal& journal, std::string_view function) {
  if (!journal.in_rewrite()) refuse_edit(function, "no rewrite is open");
}

// A nested graph that exists: one that a live call owns, or nobody yet.
BlockId nested_block(const Graph& graph, fettle_block id, std::string_view function) {
  const BlockId block(id);
  if (id >= graph.block_bound() || (graph.block(block).owner && !graph.alive(block))) {
    refuse_stale(function, fmt::format("block {} does not exist or its call was erased", id));
  }
  if (block == kRootBlock) refuse_edit(function, "the program's own graph is no nested one");
  return block;
}

// The ABI's arrays of values; the journal checks what they name.
std::vector<ValueId> values_of(std::uint64_t n, const fettle_value* values) {
  std::vector<ValueId> out;
  for (std::uint64_t i = 0; i < n; ++i) out.emplace_back(values[i]);
  return out;
}

fettle_status create_block(fettle_ctx* ctx, fettle_graph* g, fettle_str name, std::uint32_t flags,
                           fettle_block* out) {
  if (!out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "create_block", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "create_block");
    const std::string_view base = name.size ? to_view(name) : std::string_view("subgraph");
    *out = journal.create_block(journal.fresh_name(printable(base)), flags & FETTLE_BLOCK_SINGLE)
               .index;
    return FETTLE_OK;
  });
}

fettle_status create_placeholder(fettle_ctx* ctx, fettle_graph* g, fettle_block id, fettle_str name,
                                 fettle_type_id type, fettle_value* out) {
  if (!out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "create_placeholder", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "create_placeholder");
    const Graph& graph = journal.graph();
    const BlockId block = nested_block(graph, id, "create_placeholder");
    require_type(graph, type, "create_placeholder");
    NodeId before = graph.block(block).first;
    while (before && graph.node(before).opcode == Opcode::placeholder) {
      before = graph.node(before).next;
    }
    NodeSpec spec;
    spec.opcode = Opcode::placeholder;
    spec.name = journal.fresh_name(printable(name.size ? to_view(name) : "arg"));
    spec.result_forms = {ResultForm{}};
    spec.result_types = {TypeId(type)};
    spec.result_names = {spec.name};
    *out = graph.result(journal.create_node(std::move(spec), {block, before})).index;
    return FETTLE_OK;
  });
}

fettle_status append_node(fettle_ctx* ctx, fettle_graph* g, fettle_block id,
                          const fettle_node_spec* given, fettle_node* out) {
  if (!usable(given) || !out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "append_node", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "append_node");
    const BlockId block =
        id == kRootBlock.index ? kRootBlock : nested_block(journal.graph(), id, "append_node");
    *out = create_call(*g, read_struct(given), {block, {}}).index;
    return FETTLE_OK;
  });
}

fettle_status create_output(fettle_ctx* ctx, fettle_graph* g, fettle_block id, std::uint64_t n,
                            const fettle_value* values) {
  if (n > 0 && !values) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "create_output", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "create_output");
    const Graph& graph = journal.graph();
    const BlockId block = nested_block(graph, id, "create_output");
    if (graph.output_node(block)) refuse_edit("create_output", "the block has an output");
    NodeSpec spec;
    spec.opcode = Opcode::output;
    spec.name = graph.intern("output");
    for (ValueId value : values_of(n, values)) {
      if (!graph.alive(value)) {
        refuse_stale("create_output", fmt::format("value {} does not exist", value.index));
      }
      const Operand operand = spec.add_operand(value);
      const TypeKind kind = graph.type(value).kind;
      const ArgKind written = kind == TypeKind::sym_int     ? ArgKind::sym_int
                              : kind == TypeKind::sym_float ? ArgKind::sym_float
                              : kind == TypeKind::sym_bool  ? ArgKind::sym_bool
                                                            : ArgKind::tensor;
      spec.arguments.push_back({graph.intern(""), ArgForm::positional, {written, operand}});
    }
    journal.create_node(std::move(spec), {block, {}});
    return FETTLE_OK;
  });
}

fettle_status clone_block(fettle_ctx* ctx, fettle_graph* g, fettle_block id, fettle_block* out) {
  if (!out) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "clone_block", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "clone_block");
    *out = clone_block(journal, nested_block(journal.graph(), id, "clone_block")).index;
    return FETTLE_OK;
  });
}

fettle_status inline_block(fettle_ctx* ctx, fettle_graph* g, fettle_block id, fettle_node before,
                           std::uint64_t n_inputs, const fettle_value* inputs,
                           std::uint64_t n_outputs, fettle_value* outputs) {
  if ((n_inputs > 0 && !inputs) || (n_outputs > 0 && !outputs)) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "inline_block", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "inline_block");
    const Graph& graph = journal.graph();
    const BlockId block = nested_block(graph, id, "inline_block");
    if (live(graph, before, "inline_block").opcode == Opcode::placeholder) {
      refuse_edit("inline_block", "a call cannot stand before a placeholder");
    }
    const NodeId output = graph.output_node(block);
    if (!output || graph.node(output).arguments.size() != n_outputs) {
      refuse_edit("inline_block", fmt::format("the block does not return {} values", n_outputs));
    }
    const std::vector<ValueId> returned =
        inline_block(journal, block, NodeId(before), values_of(n_inputs, inputs));
    std::ranges::transform(returned, outputs, &ValueId::index);
    return FETTLE_OK;
  });
}

fettle_status pass_value(fettle_ctx* ctx, fettle_graph* g, fettle_node id, fettle_value value,
                         std::uint64_t n_blocks, fettle_value* placeholders) {
  if (n_blocks > 0 && !placeholders) return FETTLE_E_ARGUMENT;
  return edit(ctx, g, "pass_value", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "pass_value");
    const std::vector<ValueId> made = pass_value(journal, NodeId(id), ValueId(value));
    if (made.size() != n_blocks) {
      refuse_edit("pass_value", fmt::format("the call owns {} blocks", made.size()));
    }
    std::ranges::transform(made, placeholders, &ValueId::index);
    return FETTLE_OK;
  });
}

fettle_status drop_input(fettle_ctx* ctx, fettle_graph* g, fettle_node id, std::uint64_t input) {
  return edit(ctx, g, "drop_input", [&](Journal& journal) -> fettle_status {
    require_rewrite(journal, "drop_input");
    drop_input(journal, NodeId(id), input);
    return FETTLE_OK;
  });
}

}  // namespace

const fettle_blocks_v1 kBlocksTable = {
    .size = sizeof(fettle_blocks_v1),
    .reserved = 0,
    .nested_call = nested_call,
    .create_block = create_block,
    .create_placeholder = create_placeholder,
    .append_node = append_node,
    .create_output = create_output,
    .clone_block = clone_block,
    .inline_block = inline_block,
    .pass_value = pass_value,
    .drop_input = drop_input,
};

}  // namespace fettle
