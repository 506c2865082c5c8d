// "fettle.graph/1": reading a graph. Every id is checked; nothing here changes the graph.
//
// Text, operand lists and arrays of numbers point into the graph itself, so that a getter costs
// about a nanosecond; an edit of a node ends the life of what was read from it.
#include "host/abi_arguments.hpp"
#include "host/abi_tables.hpp"
#include "host/context.hpp"

#include "graph/text.hpp"

namespace fettle {
namespace {

static_assert(sizeof(ValueId) == sizeof(fettle_value) && alignof(ValueId) == alignof(fettle_value));
static_assert(FETTLE_OPCODE_OUTPUT == static_cast<unsigned>(Opcode::output) &&
              FETTLE_OPCODE_CALL_FUNCTION == static_cast<unsigned>(Opcode::call_function) &&
              FETTLE_INPUT_CONSTANT == static_cast<unsigned>(InputKind::constant_input) &&
              FETTLE_OUTPUT_BUFFER_MUTATION == static_cast<unsigned>(OutputKind::buffer_mutation) &&
              FETTLE_OUTPUT_TOKEN == static_cast<unsigned>(OutputKind::token) &&
              FETTLE_INPUT_BUFFER == static_cast<unsigned>(InputKind::buffer) &&
              FETTLE_TYPE_NONE == static_cast<unsigned>(TypeKind::none) &&
              FETTLE_TYPE_TOKEN == static_cast<unsigned>(TypeKind::token) &&
              FETTLE_DTYPE_BFLOAT16 == static_cast<unsigned>(DType::bfloat16) &&
              FETTLE_DTYPE_UINT64 == static_cast<unsigned>(DType::uint64));

const Node* find(const fettle_graph* g, fettle_node id) {
  return g && g->graph.alive(NodeId(id)) ? &g->graph.node(NodeId(id)) : nullptr;
}
const Value* find_value(const fettle_graph* g, fettle_value id) {
  return g && g->graph.alive(ValueId(id)) ? &g->graph.value(ValueId(id)) : nullptr;
}
fettle_status stale(fettle_ctx* ctx, const char* what, std::uint32_t id) {
  return refuse(ctx, FETTLE_E_STALE,
                std::string(what) + " " + std::to_string(id) + " does not exist (any more)");
}

fettle_sym find_symbol(const fettle_graph* g, fettle_str text) {
  return g ? g->graph.strings().find(to_view(text)).index : FETTLE_NONE;
}
fettle_str symbol_text(const fettle_graph* g, fettle_sym id) {
  return g && id < g->graph.strings().size() ? to_abi(g->graph.text(StringId(id))) : fettle_str{};
}
std::uint32_t node_count(const fettle_graph* g) {
  return g ? g->graph.node_count() : 0;
}

const Block* find_block(const fettle_graph* g, fettle_block id) {
  return g && g->graph.alive(BlockId(id)) ? &g->graph.block(BlockId(id)) : nullptr;
}
fettle_node first_node(const fettle_graph* g, fettle_block id) {
  const Block* block = find_block(g, id);
  return block ? block->first.index : FETTLE_NONE;
}
fettle_node last_node(const fettle_graph* g, fettle_block id) {
  const Block* block = find_block(g, id);
  return block ? block->last.index : FETTLE_NONE;
}
// Nobody finds the way from a node that was erased: the pass is told when it returns.
const Node* find_on_the_way(const fettle_graph* g, fettle_node id) {
  const Node* node = find(g, id);
  if (!node && g && id < g->graph.node_bound() && !g->lost_at) g->lost_at = NodeId(id);
  return node;
}
fettle_node next_node(const fettle_graph* g, fettle_node id) {
  const Node* node = find_on_the_way(g, id);
  return node ? node->next.index : FETTLE_NONE;
}
fettle_node prev_node(const fettle_graph* g, fettle_node id) {
  const Node* node = find_on_the_way(g, id);
  return node ? node->prev.index : FETTLE_NONE;
}

fettle_status node_info(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                        fettle_node_info* out) {
  if (!g || !usable(out)) return FETTLE_E_ARGUMENT;
  const Node* node = find(g, id);
  if (!node) return stale(ctx, "node", id);
  fettle_node_info info{};
  info.opcode = static_cast<std::uint32_t>(node->opcode);
  info.op = node->op.index;
  info.block = node->block.index;
  info.name = to_abi(g->graph.text(node->name));
  info.n_operands = static_cast<std::uint32_t>(node->operands.size());
  info.n_args = static_cast<std::uint32_t>(node->arguments.size());
  info.operands = reinterpret_cast<const fettle_value*>(node->operands.data());
  info.first_result = node->result_count ? node->first_result : FETTLE_NONE;
  info.n_results = node->result_count;
  info.input_kind = FETTLE_NONE;
  if (node->input_spec) {
    info.input_kind = static_cast<std::uint32_t>(node->input_spec->kind);
    info.input_target = to_abi(node->input_spec->target);
  }
  write_struct(out, info);
  return FETTLE_OK;
}

fettle_status value_info(fettle_ctx* ctx, const fettle_graph* g, fettle_value id,
                         fettle_value_info* out) {
  if (!g || !usable(out)) return FETTLE_E_ARGUMENT;
  const Value* value = find_value(g, id);
  if (!value) return stale(ctx, "value", id);
  fettle_value_info info{};
  info.producer = value->producer.index;
  info.result = value->result;
  info.n_uses = value->use_count;
  info.type = value->type.index;
  info.name = to_abi(g->graph.text(value->name));
  write_struct(out, info);
  return FETTLE_OK;
}

fettle_sym node_op(const fettle_graph* g, fettle_node id) {
  const Node* node = find(g, id);
  return node ? node->op.index : FETTLE_NONE;
}
fettle_node value_producer(const fettle_graph* g, fettle_value id) {
  const Value* value = find_value(g, id);
  return value ? value->producer.index : FETTLE_NONE;
}
std::uint32_t value_use_count(const fettle_graph* g, fettle_value id) {
  const Value* value = find_value(g, id);
  return value ? value->use_count : FETTLE_NONE;
}

fettle_status node_arg(fettle_ctx* ctx, const fettle_graph* g, fettle_node id, std::uint32_t index,
                       fettle_arg* out) {
  return guarded(ctx, "node_arg", [&]() -> fettle_status {
    if (!ctx || !g || !out) return FETTLE_E_ARGUMENT;
    const Node* node = find(g, id);
    if (!node) return stale(ctx, "node", id);
    if (index >= node->arguments.size()) return FETTLE_E_ABSENT;
    *out = to_abi(*ctx, g->graph, *node, node->arguments[index]);
    return FETTLE_OK;
  });
}

fettle_status node_arg_named(fettle_ctx* ctx, const fettle_graph* g, fettle_node id,
                             fettle_str name, fettle_arg* out) {
  return guarded(ctx, "node_arg_named", [&]() -> fettle_status {
    if (!ctx || !g || !out) return FETTLE_E_ARGUMENT;
    const Node* node = find(g, id);
    if (!node) return stale(ctx, "node", id);
    const NamedArgument* argument = g->graph.argument(NodeId(id), to_view(name));
    if (!argument) return FETTLE_E_ABSENT;
    *out = to_abi(*ctx, g->graph, *node, *argument);
    return FETTLE_OK;
  });
}

fettle_status value_uses(fettle_ctx* ctx, const fettle_graph* g, fettle_value id,
                         std::uint64_t capacity, fettle_use* out, std::uint64_t* n) {
  if (!g || !n || (capacity > 0 && !out)) return FETTLE_E_ARGUMENT;
  const Value* value = find_value(g, id);
  if (!value) return stale(ctx, "value", id);
  *n = value->use_count;
  std::uint64_t written = 0;
  for (Use use = value->first_use; use && written < capacity; use = g->graph.next_use(use)) {
    out[written++] = {use.user.index, use.operand};
  }
  return FETTLE_OK;
}

fettle_dim dim_of(const SymInt& size) {
  return {size.value, to_abi(size.expression), size.has_hint ? 1u : 0u, 0};
}

const fettle_graph::TypeView& view_of(const fettle_graph& g, TypeId id) {
  if (g.type_views.size() <= id.index) g.type_views.resize(g.graph.types().size());
  std::unique_ptr<fettle_graph::TypeView>& view = g.type_views[id.index];
  if (!view) {
    view = std::make_unique<fettle_graph::TypeView>();
    const Type& type = g.graph.types().type(id);
    for (const SymInt& s : type.sizes) view->sizes.push_back(dim_of(s));
    for (const SymInt& s : type.strides) view->strides.push_back(dim_of(s));
    if (type.kind == TypeKind::sym_int || type.kind == TypeKind::sym_bool) {
      view->scalar.push_back(dim_of(type.scalar));
    }
  }
  return *view;
}

std::int64_t byte_count(const Type& type) {
  const std::optional<std::int64_t> elements = element_count(type);
  std::int64_t bytes = 0;
  if (type.kind != TypeKind::tensor || !elements ||
      __builtin_mul_overflow(*elements, static_cast<std::int64_t>(dtype_bytes(type.dtype)),
                             &bytes)) {
    return -1;
  }
  return bytes;
}

fettle_status type(fettle_ctx* ctx, const fettle_graph* g, fettle_type_id id, fettle_type* out) {
  return guarded(ctx, "type", [&]() -> fettle_status {
    if (!g || !usable(out)) return FETTLE_E_ARGUMENT;
    if (id >= g->graph.types().size()) return stale(ctx, "type", id);
    const Type& t = g->graph.types().type(TypeId(id));
    const fettle_graph::TypeView& view = view_of(*g, TypeId(id));
    fettle_type info{};
    info.kind = static_cast<std::uint32_t>(t.kind);
    info.dtype = static_cast<std::uint32_t>(t.dtype);
    info.requires_grad = t.requires_grad;
    info.rank = t.sizes.size();
    info.sizes = view.sizes.data();
    info.strides = view.strides.empty() ? nullptr : view.strides.data();
    info.device_type = to_abi(t.device.type);
    info.device_index = t.device.index.value_or(-1);
    info.bytes = byte_count(t);
    info.scalar = view.scalar.empty() ? nullptr : view.scalar.data();
    write_struct(out, info);
    return FETTLE_OK;
  });
}

fettle_status node_metadata(fettle_ctx* ctx, const fettle_graph* g, fettle_node id, fettle_str key,
                            fettle_str* out) {
  if (!g || !out) return FETTLE_E_ARGUMENT;
  const Node* node = find(g, id);
  if (!node) return stale(ctx, "node", id);
  const StringId wanted = g->graph.strings().find(to_view(key));
  for (const MetadataEntry& entry : node->metadata) {
    if (wanted && entry.key == wanted) {
      *out = to_abi(g->graph.text(entry.text));
      return FETTLE_OK;
    }
  }
  return FETTLE_E_ABSENT;
}

fettle_status node_text(fettle_ctx* ctx, const fettle_graph* g, fettle_node id, fettle_str* out) {
  return guarded(ctx, "node_text", [&]() -> fettle_status {
    if (!ctx || !g || !out) return FETTLE_E_ARGUMENT;
    if (!find(g, id)) return stale(ctx, "node", id);
    *out = ctx->keep(print_node(g->graph, NodeId(id)));
    return FETTLE_OK;
  });
}

fettle_status output_info(fettle_ctx*, const fettle_graph* g, std::uint64_t index,
                          fettle_output_info* out) {
  if (!g || !usable(out)) return FETTLE_E_ARGUMENT;
  const NodeId output = g->graph.output_node();
  if (!output) return FETTLE_E_ABSENT;
  const Node& node = g->graph.node(output);
  if (index >= node.arguments.size() || index >= node.output_specs.size()) return FETTLE_E_ABSENT;
  fettle_output_info info{};
  info.kind = static_cast<std::uint32_t>(node.output_specs[index].kind);
  info.target = to_abi(node.output_specs[index].target);
  const auto* operand = std::get_if<Operand>(&node.arguments[index].value.payload);
  info.value = operand ? node.operands[operand->index].index : FETTLE_NONE;
  write_struct(out, info);
  return FETTLE_OK;
}

}  // namespace

const fettle_graph_v1 kGraphTable = {
    .size = sizeof(fettle_graph_v1),
    .reserved = 0,
    .find_symbol = find_symbol,
    .symbol_text = symbol_text,
    .node_count = node_count,
    .first_node = first_node,
    .last_node = last_node,
    .next_node = next_node,
    .prev_node = prev_node,
    .node_info = node_info,
    .value_info = value_info,
    .node_op = node_op,
    .value_producer = value_producer,
    .value_use_count = value_use_count,
    .node_arg = node_arg,
    .node_arg_named = node_arg_named,
    .value_uses = value_uses,
    .type = type,
    .node_metadata = node_metadata,
    .columns = graph_columns,
    .node_text = node_text,
    .output_info = output_info,
};

}  // namespace fettle
