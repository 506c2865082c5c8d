/* "fettle.edit/1" of the fake host. As in the real one every edit lies in a rewrite, a refused edit
 * changes nothing and says why, ids are never used again, and an aborted rewrite leaves no trace.
 */
#ifndef FETTLE_TESTING_EDIT_H
#define FETTLE_TESTING_EDIT_H

#include <fettle/testing/reading.h>

static inline fettle_status fettle_fake_rewrite_begin(fettle_ctx* ctx, fettle_graph* g,
                                                      fettle_node root, fettle_str why) {
  if (g->read_only) return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "the graph is for reading");
  if (g->in_rewrite) return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "a rewrite is already open");
  if (!fettle_fake_find(g, root))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "rewrite_begin at no node");
  if (!why.size) return fettle_fake_refuse(ctx, FETTLE_E_ARGUMENT, "rewrite_begin says no reason");
  if (g->rewrites >= g->test->rewrite_limit) return FETTLE_E_LIMIT;
  g->before_rewrite = fettle_fake_save(g);
  g->in_rewrite = 1;
  ++g->rewrites;
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_editable(fettle_ctx* ctx, const fettle_graph* g) {
  return g->in_rewrite ? FETTLE_OK
                       : fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "no rewrite is open");
}
static inline fettle_status fettle_fake_rewrite_end(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_status status = fettle_fake_editable(ctx, g);
  g->in_rewrite = 0;
  return status;
}
static inline fettle_status fettle_fake_rewrite_abort(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  fettle_fake_restore(g, &g->before_rewrite);
  g->in_rewrite = 0;
  --g->rewrites;
  return FETTLE_OK;
}

/* "relu_3": the base, or the base with the first number that is free. */
static inline fettle_str fettle_fake_fresh(const fettle_graph* g, fettle_str base) {
  const char* name = fettle_fake_keep(g->test, base.data, base.size).data;
  const char* fresh = name;
  uint32_t k;
  for (k = 1; fettle_fake_name_taken(g, fettle_fake_str(fresh)); ++k)
    fresh = fettle_fake_format(g->test, "%s_%u", name, (unsigned)k);
  return fettle_fake_str(fresh);
}
/* "aten.relu.default" makes relu. */
static inline fettle_str fettle_fake_base_name(fettle_str op) {
  fettle_str name;
  const char* dot = op.size ? (const char*)memchr(op.data, '.', op.size) : NULL;
  name.data = dot ? dot + 1 : op.data;
  name.size = op.size - (uint64_t)(name.data - op.data);
  dot = name.size ? (const char*)memchr(name.data, '.', name.size) : NULL;
  if (dot) name.size = (uint64_t)(dot - name.data);
  return name;
}

/* A deep copy whose values are operands of the node. Not 0: a value that does not exist. */
static inline int fettle_fake_take_arg(fettle_graph* g, const fettle_arg* given, fettle_arg* out,
                                       fettle_value* operands, uint32_t* n_operands) {
  fettle_test* t = g->test;
  fettle_arg* elements;
  uint64_t k;
  *out = *given;
  out->name = fettle_fake_keep(t, given->name.data, given->name.size);
  switch (given->payload) {
    case FETTLE_PAYLOAD_VALUE:
      if (!fettle_fake_value_of(g, given->value) || *n_operands == FETTLE_FAKE_MOST) return 1;
      out->operand = *n_operands;
      operands[(*n_operands)++] = given->value;
      return 0;
    case FETTLE_PAYLOAD_STRING:
      out->s = fettle_fake_keep(t, given->s.data, given->s.size);
      return 0;
    case FETTLE_PAYLOAD_INTS:
      out->ints = (const int64_t*)fettle_fake_copy(t, given->ints, given->n * sizeof(int64_t));
      return 0;
    case FETTLE_PAYLOAD_FLOATS:
      out->floats = (const double*)fettle_fake_copy(t, given->floats, given->n * sizeof(double));
      return 0;
    case FETTLE_PAYLOAD_LIST:
      elements = (fettle_arg*)fettle_fake_take(t, given->n * sizeof *elements);
      for (k = 0; k < given->n; ++k) {
        if (fettle_fake_take_arg(g, &given->elements[k], &elements[k], operands, n_operands))
          return 1;
      }
      out->elements = elements;
      return 0;
    default:
      return 0;
  }
}

static inline fettle_status fettle_fake_create_node(fettle_ctx* ctx, fettle_graph* g,
                                                    const fettle_node_spec* spec,
                                                    fettle_node* out) {
  fettle_value operands[FETTLE_FAKE_MOST];
  fettle_str names[FETTLE_FAKE_MOST];
  fettle_fake_node node;
  fettle_arg* args;
  uint32_t k;
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (!fettle_fake_find(g, spec->before))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "create_node before no node");
  if (g->nodes[spec->before].opcode == FETTLE_OPCODE_PLACEHOLDER)
    return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "a call cannot stand before a placeholder");
  if (spec->n_args > FETTLE_FAKE_MOST || spec->n_results > FETTLE_FAKE_MOST)
    return fettle_fake_refuse(ctx, FETTLE_E_UNSUPPORTED, "more than the fake host can hold");
  if (!spec->n_results)
    return fettle_fake_refuse(ctx, FETTLE_E_UNSUPPORTED,
                              "the fake host infers no types: give those of the results");
  memset(&node, 0, sizeof node);
  args = (fettle_arg*)fettle_fake_take(g->test, spec->n_args * sizeof *args);
  for (k = 0; k < spec->n_args; ++k) {
    if (fettle_fake_take_arg(g, &spec->args[k], &args[k], operands, &node.n_operands))
      return fettle_fake_refuse(ctx, FETTLE_E_STALE, "an argument is a value that does not exist");
  }
  for (k = 0; k < spec->n_results; ++k) {
    if (spec->result_types[k] >= g->n_types)
      return fettle_fake_refuse(ctx, FETTLE_E_STALE, "a result's type does not exist");
  }
  node.opcode = FETTLE_OPCODE_CALL_FUNCTION;
  node.input_kind = FETTLE_NONE;
  node.op = fettle_fake_intern(g, spec->op);
  node.name = fettle_fake_fresh(g, spec->name.size ? spec->name : fettle_fake_base_name(spec->op));
  node.n_args = (uint32_t)spec->n_args;
  node.args = args;
  node.operands =
      (const fettle_value*)fettle_fake_copy(g->test, operands, node.n_operands * sizeof *operands);
  node.n_results = (uint32_t)spec->n_results;
  node.grouped = node.n_results > 1;
  for (k = 0; k < node.n_results; ++k) {
    names[k] = node.grouped ? fettle_fake_fresh(g, fettle_fake_str(fettle_fake_format(
                                                       g->test, "%s_r%u", node.name.data, k)))
                            : node.name;
  }
  *out = fettle_fake_add_node(g, node, spec->result_types, names);
  fettle_fake_link(g, *out, spec->before);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_erase_node(fettle_ctx* ctx, fettle_graph* g,
                                                   fettle_node id) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  const fettle_status status = fettle_fake_editable(ctx, g);
  uint32_t k;
  if (status != FETTLE_OK) return status;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "erase_node of no node");
  if (node->opcode == FETTLE_OPCODE_OUTPUT ||
      (node->opcode == FETTLE_OPCODE_PLACEHOLDER && node->input_kind == FETTLE_INPUT_USER))
    return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "the signature's nodes stay");
  for (k = 0; k < node->n_results; ++k) {
    if (fettle_fake_uses(g, node->first_result + k, 0, NULL))
      return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "the node's results are used");
  }
  fettle_fake_unlink(g, id);
  g->nodes[id].alive = 0;
  return FETTLE_OK;
}

static inline void fettle_fake_put_operand(fettle_graph* g, fettle_node id, uint32_t operand,
                                           fettle_value value) {
  fettle_fake_node* node = &g->nodes[id];
  fettle_value* changed =
      (fettle_value*)fettle_fake_copy(g->test, node->operands, node->n_operands * sizeof *changed);
  changed[operand] = value;
  node->operands = changed;
}
static inline fettle_status fettle_fake_replace_all_uses(fettle_ctx* ctx, fettle_graph* g,
                                                         fettle_value value, fettle_value by) {
  const fettle_status status = fettle_fake_editable(ctx, g);
  fettle_node at;
  uint32_t k;
  if (status != FETTLE_OK) return status;
  if (!fettle_fake_value_of(g, value) || !fettle_fake_value_of(g, by))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "replace_all_uses of or by no value");
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    for (k = 0; k < g->nodes[at].n_operands; ++k) {
      if (g->nodes[at].operands[k] == value) fettle_fake_put_operand(g, at, k, by);
    }
  }
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_set_operand(fettle_ctx* ctx, fettle_graph* g,
                                                    fettle_node id, uint32_t operand,
                                                    fettle_value value) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (!node || !fettle_fake_value_of(g, value))
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "set_operand of no node, or to no value");
  if (operand >= node->n_operands)
    return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "the node has fewer operands");
  fettle_fake_put_operand(g, id, operand, value);
  return FETTLE_OK;
}

/* The other arguments are taken over as they are; the fake host knows no argument that the call has
 * not. */
static inline fettle_status fettle_fake_set_arg(fettle_ctx* ctx, fettle_graph* g, fettle_node id,
                                                const fettle_arg* given) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  fettle_value operands[FETTLE_FAKE_MOST];
  fettle_arg* args;
  uint32_t k, n_operands = 0, found = 0;
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "set_arg of no node");
  args = (fettle_arg*)fettle_fake_take(g->test, node->n_args * sizeof *args);
  for (k = 0; k < node->n_args; ++k) {
    const int same = fettle_fake_same(node->args[k].name, given->name);
    fettle_arg arg = same ? *given : fettle_fake_shown(g, node, node->args[k]);
    found |= (uint32_t)same;
    arg.form = node->args[k].form;
    if (fettle_fake_take_arg(g, &arg, &args[k], operands, &n_operands))
      return fettle_fake_refuse(ctx, FETTLE_E_STALE, "an argument is a value that does not exist");
  }
  if (!found) return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "the call has no such argument");
  g->nodes[id].args = args;
  g->nodes[id].n_operands = n_operands;
  g->nodes[id].operands =
      (const fettle_value*)fettle_fake_copy(g->test, operands, n_operands * sizeof *operands);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_move_before(fettle_ctx* ctx, fettle_graph* g,
                                                    fettle_node id, fettle_node before) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  const fettle_fake_node* next = fettle_fake_find(g, before);
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (!node || !next) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "move_before of no node");
  if (node->opcode != FETTLE_OPCODE_CALL_FUNCTION || next->opcode == FETTLE_OPCODE_PLACEHOLDER)
    return fettle_fake_refuse(ctx, FETTLE_E_REFUSED,
                              "placeholders and the output keep their place");
  if (id == before) return FETTLE_OK;
  fettle_fake_unlink(g, id);
  fettle_fake_link(g, id, before);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_set_type(fettle_ctx* ctx, fettle_graph* g,
                                                 fettle_value value, fettle_type_id type) {
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (!fettle_fake_value_of(g, value) || type >= g->n_types)
    return fettle_fake_refuse(ctx, FETTLE_E_STALE, "set_type of no value, or to no type");
  g->values[value].type = type;
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_intern_given(fettle_ctx* ctx, fettle_graph* g,
                                                     const fettle_type* type, fettle_type_id* out) {
  const fettle_status status = fettle_fake_editable(ctx, g);
  if (status != FETTLE_OK) return status;
  if (type->kind != FETTLE_TYPE_TENSOR)
    return fettle_fake_refuse(ctx, FETTLE_E_REFUSED, "only types of tensors can be made");
  *out = fettle_fake_intern_type(g, *type);
  return FETTLE_OK;
}

static inline fettle_status fettle_fake_add_constant(fettle_ctx* ctx, fettle_graph* g,
                                                     fettle_str name, const DLTensor* tensor,
                                                     fettle_value* out) {
  (void)g, (void)name, (void)tensor, (void)out;
  return fettle_fake_refuse(ctx, FETTLE_E_UNSUPPORTED, "the fake host stores no constants");
}

static const fettle_edit_v1 fettle_fake_edit_table = {
    (uint32_t)sizeof(fettle_edit_v1), 0,
    fettle_fake_rewrite_begin,        fettle_fake_rewrite_end,
    fettle_fake_rewrite_abort,        fettle_fake_create_node,
    fettle_fake_erase_node,           fettle_fake_replace_all_uses,
    fettle_fake_set_operand,          fettle_fake_set_arg,
    fettle_fake_move_before,          fettle_fake_set_type,
    fettle_fake_intern_given,         fettle_fake_add_constant,
};

#endif
