/* A small graph in memory: one block, everything by plain arrays and scans. Arrays of operands and
 * arguments are never changed in place, so that a copy of `nodes` and `values` is a copy of the
 * graph. */
#ifndef FETTLE_TESTING_GRAPH_H
#define FETTLE_TESTING_GRAPH_H

#include <fettle/testing/memory.h>

typedef struct fettle_fake_node {
  uint32_t alive, opcode;
  fettle_sym op;
  fettle_str name;
  fettle_node prev, next;
  uint32_t n_operands, n_args;
  const fettle_value* operands;
  const fettle_arg* args; /* values by index into operands */
  fettle_value first_result;
  uint32_t n_results, grouped; /* grouped: results have names of their own */
  uint32_t input_kind;
  fettle_str input_target;
} fettle_fake_node;

typedef struct fettle_fake_value {
  fettle_node producer;
  uint32_t result;
  fettle_type_id type;
  fettle_str name;
} fettle_fake_value;

/* What an aborted rewrite or a failed pass goes back to. */
typedef struct fettle_fake_state {
  fettle_fake_node* nodes;
  fettle_fake_value* values;
  uint32_t n_nodes, n_values;
  fettle_node first, last;
} fettle_fake_state;

struct fettle_graph {
  fettle_test* test;
  fettle_fake_node* nodes; /* by id; ids are never used again */
  fettle_fake_value* values;
  fettle_str* symbols;
  fettle_type* types;
  uint32_t n_nodes, n_values, n_symbols, n_types;
  fettle_node first, last;
  uint32_t in_rewrite, read_only; /* read_only: analyze or verify has it */
  uint64_t rewrites;
  fettle_fake_state before_rewrite;
};

static inline void* fettle_fake_grow(fettle_test* t, void* array, uint32_t n, uint64_t element) {
  void* grown;
  if (n && (n & (n - 1))) return array; /* room up to the next power of two */
  grown = fettle_fake_take(t, (n ? 2 * (uint64_t)n : 1) * element);
  if (n) memcpy(grown, array, n * element);
  return grown;
}

static inline const fettle_fake_node* fettle_fake_find(const fettle_graph* g, fettle_node id) {
  return g && id < g->n_nodes && g->nodes[id].alive ? &g->nodes[id] : NULL;
}
static inline const fettle_fake_value* fettle_fake_value_of(const fettle_graph* g,
                                                            fettle_value id) {
  if (!g || id >= g->n_values) return NULL;
  return fettle_fake_find(g, g->values[id].producer) ? &g->values[id] : NULL;
}

static inline fettle_sym fettle_fake_find_symbol(const fettle_graph* g, fettle_str text) {
  uint32_t k;
  for (k = 0; g && k < g->n_symbols; ++k) {
    if (fettle_fake_same(g->symbols[k], text)) return k;
  }
  return FETTLE_NONE;
}
static inline fettle_sym fettle_fake_intern(fettle_graph* g, fettle_str text) {
  const fettle_sym known = fettle_fake_find_symbol(g, text);
  if (known != FETTLE_NONE) return known;
  g->symbols = (fettle_str*)fettle_fake_grow(g->test, g->symbols, g->n_symbols, sizeof(fettle_str));
  g->symbols[g->n_symbols] = fettle_fake_keep(g->test, text.data, text.size);
  return g->n_symbols++;
}
static inline fettle_str fettle_fake_symbol_text(const fettle_graph* g, fettle_sym id) {
  return g && id < g->n_symbols ? g->symbols[id] : fettle_fake_str("");
}

/* ---- building: what text.h and edit.h share */

static inline int fettle_fake_name_taken(const fettle_graph* g, fettle_str name) {
  uint32_t k;
  for (k = 0; k < g->n_nodes; ++k) {
    if (g->nodes[k].alive && fettle_fake_same(g->nodes[k].name, name)) return 1;
  }
  for (k = 0; k < g->n_values; ++k) {
    if (fettle_fake_value_of(g, k) && fettle_fake_same(g->values[k].name, name)) return 1;
  }
  return 0;
}

/* Appends a node and its values; its place in the order is still to be given. */
static inline fettle_node fettle_fake_add_node(fettle_graph* g, fettle_fake_node node,
                                               const fettle_type_id* types,
                                               const fettle_str* names) {
  uint32_t k;
  node.alive = 1;
  node.prev = node.next = FETTLE_NONE;
  node.first_result = node.n_results ? g->n_values : FETTLE_NONE;
  for (k = 0; k < node.n_results; ++k) {
    fettle_fake_value value;
    value.producer = g->n_nodes;
    value.result = k;
    value.type = types[k];
    value.name = names[k];
    g->values = (fettle_fake_value*)fettle_fake_grow(g->test, g->values, g->n_values, sizeof value);
    g->values[g->n_values++] = value;
  }
  g->nodes = (fettle_fake_node*)fettle_fake_grow(g->test, g->nodes, g->n_nodes, sizeof node);
  g->nodes[g->n_nodes] = node;
  return g->n_nodes++;
}

static inline void fettle_fake_link(fettle_graph* g, fettle_node id, fettle_node before) {
  const fettle_node prev = before == FETTLE_NONE ? g->last : g->nodes[before].prev;
  g->nodes[id].prev = prev;
  g->nodes[id].next = before;
  if (prev == FETTLE_NONE) g->first = id;
  if (prev != FETTLE_NONE) g->nodes[prev].next = id;
  if (before == FETTLE_NONE) g->last = id;
  if (before != FETTLE_NONE) g->nodes[before].prev = id;
}
static inline void fettle_fake_unlink(fettle_graph* g, fettle_node id) {
  const fettle_node prev = g->nodes[id].prev, next = g->nodes[id].next;
  if (prev == FETTLE_NONE) g->first = next;
  if (prev != FETTLE_NONE) g->nodes[prev].next = next;
  if (next == FETTLE_NONE) g->last = prev;
  if (next != FETTLE_NONE) g->nodes[next].prev = prev;
}

static inline fettle_fake_state fettle_fake_save(fettle_graph* g) {
  fettle_fake_state s;
  s.n_nodes = g->n_nodes;
  s.n_values = g->n_values;
  s.first = g->first;
  s.last = g->last;
  s.nodes = (fettle_fake_node*)fettle_fake_copy(g->test, g->nodes, g->n_nodes * sizeof *s.nodes);
  s.values =
      (fettle_fake_value*)fettle_fake_copy(g->test, g->values, g->n_values * sizeof *s.values);
  return s;
}
static inline void fettle_fake_restore(fettle_graph* g, const fettle_fake_state* s) {
  uint32_t k;
  if (s->n_nodes) memcpy(g->nodes, s->nodes, s->n_nodes * sizeof *s->nodes);
  if (s->n_values) memcpy(g->values, s->values, s->n_values * sizeof *s->values);
  for (k = s->n_nodes; k < g->n_nodes; ++k) g->nodes[k].alive = 0;
  g->first = s->first;
  g->last = s->last;
}

static inline int fettle_fake_same_type(const fettle_type* a, const fettle_type* b) {
  uint64_t k;
  if (a->kind != b->kind || a->dtype != b->dtype || a->rank != b->rank) return 0;
  if (!fettle_fake_same(a->device_type, b->device_type)) return 0;
  for (k = 0; k < a->rank; ++k) {
    if (a->sizes[k].value != b->sizes[k].value || a->strides[k].value != b->strides[k].value ||
        !fettle_fake_same(a->sizes[k].expression, b->sizes[k].expression))
      return 0;
  }
  return 1;
}
static inline uint64_t fettle_fake_dtype_bytes(uint32_t dtype) {
  static const uint8_t bytes[14] = {0, 1, 1, 2, 4, 8, 2, 4, 8, 4, 8, 16, 1, 2};
  if (dtype < 14) return bytes[dtype];
  if (dtype == FETTLE_DTYPE_UINT16) return 2;
  return dtype == FETTLE_DTYPE_UINT32 ? 4 : dtype == FETTLE_DTYPE_UINT64 ? 8 : 1;
}
/* Sizes and strides are copied; without strides they are those of a contiguous tensor. */
static inline fettle_type_id fettle_fake_intern_type(fettle_graph* g, fettle_type type) {
  fettle_dim *sizes, *strides;
  int64_t elements = 1;
  uint64_t k;
  uint32_t id;
  sizes = (fettle_dim*)fettle_fake_copy(g->test, type.sizes, type.rank * sizeof *sizes);
  strides = (fettle_dim*)fettle_fake_take(g->test, type.rank * sizeof *strides);
  for (k = type.rank; k-- > 0;) {
    strides[k].has_hint = 1;
    strides[k].value = type.strides ? type.strides[k].value : elements;
    elements *= sizes[k].value > 1 ? sizes[k].value : 1;
  }
  type.bytes = type.kind == FETTLE_TYPE_TENSOR ? (int64_t)fettle_fake_dtype_bytes(type.dtype) : -1;
  for (k = 0; k < type.rank; ++k) {
    type.bytes = sizes[k].expression.size || type.bytes < 0 ? -1 : type.bytes * sizes[k].value;
  }
  type.size = (uint32_t)sizeof type;
  type.sizes = sizes;
  type.strides = strides;
  type.device_index = -1;
  if (type.kind == FETTLE_TYPE_TENSOR && !type.device_type.size)
    type.device_type = fettle_fake_str("cpu");
  for (id = 0; id < g->n_types; ++id) {
    if (fettle_fake_same_type(&g->types[id], &type)) return id;
  }
  g->types = (fettle_type*)fettle_fake_grow(g->test, g->types, g->n_types, sizeof type);
  g->types[g->n_types] = type;
  return g->n_types++;
}

/* ---- structs as far as both sides know them */

static inline fettle_status fettle_fake_answer(void* out, const void* info, uint32_t size) {
  uint32_t asked;
  memcpy(&asked, out, sizeof asked); /* the caller's size stands first */
  if (asked < 2 * sizeof asked) return FETTLE_E_ARGUMENT;
  memcpy((char*)out + sizeof asked, (const char*)info + sizeof asked,
         (asked < size ? asked : size) - sizeof asked);
  return FETTLE_OK;
}

#endif
