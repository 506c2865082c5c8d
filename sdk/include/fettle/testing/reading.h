/* "fettle.graph/1" of the fake host. */
#ifndef FETTLE_TESTING_READING_H
#define FETTLE_TESTING_READING_H

#include <fettle/testing/text.h>

static inline uint32_t fettle_fake_node_count(const fettle_graph* g) {
  uint32_t k, n = 0;
  for (k = 0; k < g->n_nodes; ++k) n += g->nodes[k].alive;
  return n;
}
static inline fettle_node fettle_fake_first_node(const fettle_graph* g, fettle_block block) {
  return block == 0 ? g->first : FETTLE_NONE;
}
static inline fettle_node fettle_fake_last_node(const fettle_graph* g, fettle_block block) {
  return block == 0 ? g->last : FETTLE_NONE;
}
static inline fettle_node fettle_fake_next_node(const fettle_graph* g, fettle_node id) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  if (!node && id < g->n_nodes) g->test->lost = 1;
  return node ? node->next : FETTLE_NONE;
}
static inline fettle_node fettle_fake_prev_node(const fettle_graph* g, fettle_node id) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  if (!node && id < g->n_nodes) g->test->lost = 1;
  return node ? node->prev : FETTLE_NONE;
}

static inline fettle_status fettle_fake_node_info(fettle_ctx* ctx, const fettle_graph* g,
                                                  fettle_node id, fettle_node_info* out) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  fettle_node_info info;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "node_info of no node");
  memset(&info, 0, sizeof info);
  info.opcode = node->opcode;
  info.op = node->op;
  info.name = node->name;
  info.n_operands = node->n_operands;
  info.n_args = node->n_args;
  info.operands = node->operands;
  info.first_result = node->first_result;
  info.n_results = node->n_results;
  info.input_kind = node->input_kind;
  info.input_target = node->input_target;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

static inline uint32_t fettle_fake_uses(const fettle_graph* g, fettle_value id, uint64_t capacity,
                                        fettle_use* out) {
  fettle_node at;
  uint32_t k, n = 0;
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    for (k = 0; k < g->nodes[at].n_operands; ++k) {
      if (g->nodes[at].operands[k] != id) continue;
      if (n < capacity) out[n].user = at, out[n].operand = k;
      ++n;
    }
  }
  return n;
}

static inline fettle_status fettle_fake_value_info(fettle_ctx* ctx, const fettle_graph* g,
                                                   fettle_value id, fettle_value_info* out) {
  const fettle_fake_value* value = fettle_fake_value_of(g, id);
  fettle_value_info info;
  if (!value) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "value_info of no value");
  memset(&info, 0, sizeof info);
  info.producer = value->producer;
  info.result = value->result;
  info.n_uses = fettle_fake_uses(g, id, 0, NULL);
  info.type = value->type;
  info.name = value->name;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

static inline fettle_sym fettle_fake_node_op(const fettle_graph* g, fettle_node id) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  return node ? node->op : FETTLE_NONE;
}
static inline fettle_node fettle_fake_value_producer(const fettle_graph* g, fettle_value id) {
  const fettle_fake_value* value = fettle_fake_value_of(g, id);
  return value ? value->producer : FETTLE_NONE;
}
static inline uint32_t fettle_fake_value_use_count(const fettle_graph* g, fettle_value id) {
  return fettle_fake_value_of(g, id) ? fettle_fake_uses(g, id, 0, NULL) : FETTLE_NONE;
}

/* The argument as a reader sees it: values by what the operands are now. */
static inline fettle_arg fettle_fake_shown(const fettle_graph* g, const fettle_fake_node* node,
                                           fettle_arg arg) {
  fettle_arg* elements;
  uint64_t k;
  if (arg.payload == FETTLE_PAYLOAD_VALUE) arg.value = node->operands[arg.operand];
  if (arg.payload != FETTLE_PAYLOAD_LIST) return arg;
  elements = (fettle_arg*)fettle_fake_take(g->test, arg.n * sizeof *elements);
  for (k = 0; k < arg.n; ++k) elements[k] = fettle_fake_shown(g, node, arg.elements[k]);
  arg.elements = elements;
  return arg;
}

static inline fettle_status fettle_fake_node_arg(fettle_ctx* ctx, const fettle_graph* g,
                                                 fettle_node id, uint32_t index, fettle_arg* out) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "node_arg of no node");
  if (index >= node->n_args) return FETTLE_E_ABSENT;
  *out = fettle_fake_shown(g, node, node->args[index]);
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_node_arg_named(fettle_ctx* ctx, const fettle_graph* g,
                                                       fettle_node id, fettle_str name,
                                                       fettle_arg* out) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  uint32_t k;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "node_arg_named of no node");
  for (k = 0; k < node->n_args; ++k) {
    if (fettle_fake_same(node->args[k].name, name)) return fettle_fake_node_arg(ctx, g, id, k, out);
  }
  return FETTLE_E_ABSENT;
}

static inline fettle_status fettle_fake_value_uses(fettle_ctx* ctx, const fettle_graph* g,
                                                   fettle_value id, uint64_t capacity,
                                                   fettle_use* out, uint64_t* n) {
  if (!fettle_fake_value_of(g, id))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "value_uses of no value");
  *n = fettle_fake_uses(g, id, capacity, out);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_type(fettle_ctx* ctx, const fettle_graph* g,
                                             fettle_type_id id, fettle_type* out) {
  if (id >= g->n_types) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "type of no type");
  return fettle_fake_answer(out, &g->types[id], (uint32_t)sizeof *out);
}
static inline fettle_status fettle_fake_node_metadata(fettle_ctx* ctx, const fettle_graph* g,
                                                      fettle_node id, fettle_str key,
                                                      fettle_str* out) {
  (void)key, (void)out; /* the text of a fake graph has none */
  if (!fettle_fake_find(g, id))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "node_metadata of no node");
  return FETTLE_E_ABSENT;
}

static inline fettle_status fettle_fake_columns(fettle_ctx* ctx, const fettle_graph* g,
                                                fettle_columns* out) {
  fettle_test* t = g->test;
  const uint64_t n = fettle_fake_node_count(g);
  fettle_node* nodes = (fettle_node*)fettle_fake_take(t, n * sizeof *nodes);
  fettle_sym* ops = (fettle_sym*)fettle_fake_take(t, n * sizeof *ops);
  uint8_t* opcodes = (uint8_t*)fettle_fake_take(t, n);
  uint64_t* offsets = (uint64_t*)fettle_fake_take(t, (n + 1) * sizeof *offsets);
  fettle_value* firsts = (fettle_value*)fettle_fake_take(t, n * sizeof *firsts);
  uint32_t* counts = (uint32_t*)fettle_fake_take(t, n * sizeof *counts);
  fettle_node* producers = (fettle_node*)fettle_fake_take(t, g->n_values * sizeof *producers);
  uint32_t* uses = (uint32_t*)fettle_fake_take(t, g->n_values * sizeof *uses);
  fettle_value* operands;
  fettle_columns info;
  fettle_node at;
  uint64_t i = 0, k;
  (void)ctx;
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next, ++i) {
    nodes[i] = at;
    ops[i] = g->nodes[at].op;
    opcodes[i] = (uint8_t)g->nodes[at].opcode;
    offsets[i + 1] = offsets[i] + g->nodes[at].n_operands;
    firsts[i] = g->nodes[at].first_result;
    counts[i] = g->nodes[at].n_results;
  }
  operands = (fettle_value*)fettle_fake_take(t, offsets[n] * sizeof *operands);
  for (i = 0; i < n; ++i) {
    for (k = offsets[i]; k < offsets[i + 1]; ++k)
      operands[k] = g->nodes[nodes[i]].operands[k - offsets[i]];
  }
  for (k = 0; k < g->n_values; ++k) {
    producers[k] = fettle_fake_value_producer(g, (fettle_value)k);
    uses[k] = producers[k] == FETTLE_NONE ? 0 : fettle_fake_uses(g, (fettle_value)k, 0, NULL);
  }
  memset(&info, 0, sizeof info);
  info.n_nodes = n;
  info.nodes = nodes;
  info.ops = ops;
  info.opcodes = opcodes;
  info.blocks = (fettle_block*)fettle_fake_take(t, n * sizeof(fettle_block)); /* all of them 0 */
  info.operand_offsets = offsets;
  info.operands = operands;
  info.n_values = g->n_values;
  info.producers = producers;
  info.use_counts = uses;
  info.first_results = firsts;
  info.result_counts = counts;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

static inline fettle_status fettle_fake_node_text(fettle_ctx* ctx, const fettle_graph* g,
                                                  fettle_node id, fettle_str* out) {
  if (!fettle_fake_find(g, id))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "node_text of no node");
  *out = fettle_fake_str(fettle_fake_print_node(g, id));
  return FETTLE_OK;
}

/* All outputs are the user's: what a run updates is not in a fake graph's text. */
static inline fettle_status fettle_fake_output_info(fettle_ctx* ctx, const fettle_graph* g,
                                                    uint64_t index, fettle_output_info* out) {
  const fettle_fake_node* last = fettle_fake_find(g, g->last);
  fettle_output_info info;
  (void)ctx;
  if (!last || last->opcode != FETTLE_OPCODE_OUTPUT || index >= last->n_args)
    return FETTLE_E_ABSENT;
  memset(&info, 0, sizeof info);
  info.kind = FETTLE_OUTPUT_USER;
  info.value = last->args[index].payload == FETTLE_PAYLOAD_VALUE
                   ? last->operands[last->args[index].operand]
                   : FETTLE_NONE;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

static const fettle_graph_v1 fettle_fake_graph_table = {
    (uint32_t)sizeof(fettle_graph_v1),
    0,
    fettle_fake_find_symbol,
    fettle_fake_symbol_text,
    fettle_fake_node_count,
    fettle_fake_first_node,
    fettle_fake_last_node,
    fettle_fake_next_node,
    fettle_fake_prev_node,
    fettle_fake_node_info,
    fettle_fake_value_info,
    fettle_fake_node_op,
    fettle_fake_value_producer,
    fettle_fake_value_use_count,
    fettle_fake_node_arg,
    fettle_fake_node_arg_named,
    fettle_fake_value_uses,
    fettle_fake_type,
    fettle_fake_node_metadata,
    fettle_fake_columns,
    fettle_fake_node_text,
    fettle_fake_output_info,
};

#endif
