/* "fettle.facts/1" of the fake host, by two rules where the real one knows every operator: a call
 * whose name ends in an underscore (aten.add_.Tensor) writes its first operand and returns it, and
 * every other call is pure. fettle_test_op says of an operator what differs from that:
 *
 *   fettle_test_op(t, "aten.view.default", FETTLE_FACT_KNOWN | FETTLE_FACT_PURE |
 * FETTLE_FACT_ALIASES); fettle_test_op(t, "my_lib.mystery.default", 0);     unknown: nothing is
 * promised */
#ifndef FETTLE_TESTING_FACTS_H
#define FETTLE_TESTING_FACTS_H

#include <fettle/testing/reading.h>

static inline void fettle_test_op(fettle_test* t, const char* op, uint32_t flags) {
  if (t->n_ops == FETTLE_FAKE_MOST_OPS) fettle_fake_stop("too many operators are declared", op);
  t->ops[t->n_ops].name = op;
  t->ops[t->n_ops++].flags = flags;
}

static inline uint32_t fettle_fake_flags(const fettle_graph* g, const fettle_fake_node* node) {
  const fettle_str op = fettle_fake_symbol_text(g, node->op);
  const fettle_test* t = g->test;
  uint64_t dot = op.size;
  uint32_t k;
  if (node->opcode != FETTLE_OPCODE_CALL_FUNCTION) return 0;
  for (k = t->n_ops; k-- > 0;) {
    if (fettle_fake_is(op, t->ops[k].name)) return t->ops[k].flags;
  }
  while (dot > 0 && op.data[dot - 1] != '.') --dot; /* one past the last dot */
  return dot > 1 && op.data[dot - 2] == '_'
             ? FETTLE_FACT_KNOWN | FETTLE_FACT_MUTATES | FETTLE_FACT_ALIASES
             : FETTLE_FACT_KNOWN | FETTLE_FACT_PURE;
}

static inline fettle_status fettle_fake_call_facts(fettle_ctx* ctx, const fettle_graph* g,
                                                   fettle_node id, fettle_call_facts* out) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  fettle_call_facts info;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "call_facts of no node");
  memset(&info, 0, sizeof info);
  info.flags = fettle_fake_flags(g, node);
  info.why = fettle_fake_str("the fake host's rules");
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

/* What aliases shares the storage of the first operand. What is unknown does, too. */
static inline fettle_status fettle_fake_alias_classes(fettle_ctx* ctx, const fettle_graph* g,
                                                      fettle_alias_classes* out) {
  fettle_test* t = g->test;
  uint32_t* class_of = (uint32_t*)fettle_fake_take(t, g->n_values * sizeof(uint32_t));
  uint32_t* flags = (uint32_t*)fettle_fake_take(t, g->n_values * sizeof(uint32_t));
  fettle_alias_classes info;
  fettle_node at;
  uint32_t k;
  (void)ctx;
  memset(&info, 0, sizeof info);
  for (k = 0; k < g->n_values; ++k) class_of[k] = FETTLE_NONE;
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    const fettle_fake_node* node = &g->nodes[at];
    const uint32_t facts = fettle_fake_flags(g, node);
    const int shares = node->opcode == FETTLE_OPCODE_CALL_FUNCTION && node->n_operands &&
                       (!(facts & FETTLE_FACT_KNOWN) || (facts & FETTLE_FACT_ALIASES));
    for (k = 0; k < node->n_results; ++k)
      class_of[node->first_result + k] = shares ? class_of[node->operands[0]] : info.n_classes++;
    if (node->n_operands && (facts & FETTLE_FACT_MUTATES))
      flags[class_of[node->operands[0]]] |= FETTLE_CLASS_WRITTEN;
    if (node->opcode == FETTLE_OPCODE_PLACEHOLDER)
      flags[class_of[node->first_result]] |= FETTLE_CLASS_INPUT;
    for (k = 0; node->opcode == FETTLE_OPCODE_OUTPUT && k < node->n_operands; ++k)
      flags[class_of[node->operands[k]]] |= FETTLE_CLASS_RETURNED;
  }
  info.n_values = g->n_values;
  info.class_of = class_of;
  info.flags = flags;
  return fettle_fake_answer(out, &info, (uint32_t)sizeof info);
}

/* Equal text but for the names of the results: operator, operands, arguments; and equal types. */
static inline const char* fettle_fake_call_text(const fettle_graph* g, const fettle_fake_node* n) {
  fettle_fake_text out = fettle_fake_text_of(g->test);
  uint32_t k;
  fettle_fake_put(&out, fettle_fake_symbol_text(g, n->op));
  fettle_fake_put_args(&out, g, n);
  for (k = 0; k < n->n_results; ++k)
    fettle_fake_put_type(&out, &g->types[g->values[n->first_result + k].type]);
  return out.data;
}
static inline fettle_status fettle_fake_call_hash(fettle_ctx* ctx, const fettle_graph* g,
                                                  fettle_node id, uint64_t* out) {
  const fettle_fake_node* node = fettle_fake_find(g, id);
  const char* at;
  if (!node) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "call_hash of no node");
  *out = 5381;
  for (at = fettle_fake_call_text(g, node); *at; ++at) *out = *out * 33 + (unsigned char)*at;
  return FETTLE_OK;
}
static inline fettle_status fettle_fake_same_call(fettle_ctx* ctx, const fettle_graph* g,
                                                  fettle_node a, fettle_node b, uint32_t* same) {
  const fettle_fake_node* first = fettle_fake_find(g, a);
  const fettle_fake_node* second = fettle_fake_find(g, b);
  if (!first || !second) return fettle_fake_refuse(ctx, FETTLE_E_STALE, "same_call of no node");
  *same = first->opcode == FETTLE_OPCODE_CALL_FUNCTION && second->opcode == first->opcode &&
          strcmp(fettle_fake_call_text(g, first), fettle_fake_call_text(g, second)) == 0;
  return FETTLE_OK;
}

static const fettle_facts_v1 fettle_fake_facts_table = {
    (uint32_t)sizeof(fettle_facts_v1),
    0,
    fettle_fake_call_facts,
    fettle_fake_alias_classes,
    fettle_fake_call_hash,
    fettle_fake_same_call,
};

#endif
