/* Reads a graph written as text, in the form that fettle prints:
 *
 *   graph(x: f32[4], w: f32[4] = parameter 'w'):
 *     relu: f32[4] = aten.relu.default(x)
 *     add: f32[4] = aten.add.Tensor(relu, w, alpha=2)
 *     max_1: (getitem: f32[], getitem_1: i64[]) = aten.max.dim(add, 0)
 *     return (add, getitem)
 *
 * The fake host knows no schemas: an argument has a name when the text gives it one, `alpha=2` by
 * keyword or `other: w` by position. Arguments are names, None, True, False, numbers, 'text',
 * torch.float32 and lists of these; sizes are numbers or symbols (s0). What it cannot read ends the
 * test program. */
#ifndef FETTLE_TESTING_TEXT_H
#define FETTLE_TESTING_TEXT_H

#include <ctype.h>
#include <fettle/testing/print.h>

#define FETTLE_FAKE_MOST 32 /* arguments, results, elements of a list, of one node */

typedef struct fettle_fake_reader {
  const char* at;
  fettle_graph* g;
  fettle_value operands[FETTLE_FAKE_MOST]; /* of the node at hand */
  uint32_t n_operands;
} fettle_fake_reader;

static inline void fettle_fake_unread(const fettle_fake_reader* r, const char* wanted) {
  fettle_fake_stop(fettle_fake_format(r->g->test, "the graph's text needs %s here", wanted),
                   fettle_fake_format(r->g->test, "%.40s", r->at));
}
static inline char fettle_fake_peek(fettle_fake_reader* r) {
  for (;;) {
    while (isspace((unsigned char)*r->at)) ++r->at;
    if (*r->at != '#') return *r->at;
    while (*r->at && *r->at != '\n') ++r->at;
  }
}
static inline int fettle_fake_accept(fettle_fake_reader* r, char c) {
  if (fettle_fake_peek(r) != c) return 0;
  ++r->at;
  return 1;
}
static inline void fettle_fake_expect(fettle_fake_reader* r, char c) {
  if (!fettle_fake_accept(r, c)) fettle_fake_unread(r, fettle_fake_format(r->g->test, "'%c'", c));
}
/* A name, or an operator's with its dots. */
static inline fettle_str fettle_fake_word(fettle_fake_reader* r, const char* wanted) {
  const char* begin;
  fettle_fake_peek(r);
  begin = r->at;
  while (isalnum((unsigned char)*r->at) || *r->at == '_' || *r->at == '.') ++r->at;
  if (begin == r->at || isdigit((unsigned char)*begin)) fettle_fake_unread(r, wanted);
  return fettle_fake_keep(r->g->test, begin, (uint64_t)(r->at - begin));
}
static inline fettle_str fettle_fake_quoted(fettle_fake_reader* r) {
  const char* begin;
  fettle_fake_expect(r, '\'');
  begin = r->at;
  while (*r->at && *r->at != '\'') ++r->at;
  fettle_fake_expect(r, '\'');
  return fettle_fake_keep(r->g->test, begin, (uint64_t)(r->at - 1 - begin));
}

static inline uint64_t fettle_fake_read_dims(fettle_fake_reader* r, fettle_dim* dims) {
  uint64_t n = 0;
  fettle_fake_expect(r, '[');
  while (!fettle_fake_accept(r, ']')) {
    if (n) fettle_fake_expect(r, ',');
    if (n == FETTLE_FAKE_MOST) fettle_fake_unread(r, "fewer dimensions");
    memset(&dims[n], 0, sizeof *dims);
    if (isdigit((unsigned char)fettle_fake_peek(r))) {
      char* end;
      dims[n].value = (int64_t)strtoll(r->at, &end, 10);
      dims[n].has_hint = 1;
      r->at = end;
    } else {
      const fettle_str symbol = fettle_fake_word(r, "a size");
      dims[n].expression = fettle_fake_str(
          fettle_fake_format(r->g->test, "Symbol('%s', integer=True)", symbol.data));
    }
    ++n;
  }
  return n;
}
static inline fettle_type_id fettle_fake_read_type(fettle_fake_reader* r) {
  fettle_dim sizes[FETTLE_FAKE_MOST], strides[FETTLE_FAKE_MOST];
  const fettle_str name = fettle_fake_word(r, "a type, as f32[4]");
  fettle_type type;
  uint64_t k;
  memset(&type, 0, sizeof type);
  type.kind = FETTLE_TYPE_TENSOR;
  for (k = 0; k < FETTLE_FAKE_N_DTYPES; ++k) {
    if (fettle_fake_is(name, fettle_fake_dtypes[k].name)) type.dtype = fettle_fake_dtypes[k].dtype;
  }
  if (!type.dtype) fettle_fake_stop("no such dtype in a fake graph", name.data);
  type.rank = fettle_fake_read_dims(r, sizes);
  type.sizes = sizes;
  if (fettle_fake_peek(r) == '[') {
    if (fettle_fake_read_dims(r, strides) != type.rank) fettle_fake_unread(r, "a stride per size");
    type.strides = strides;
  }
  return fettle_fake_intern_type(r->g, type);
}

static inline fettle_value fettle_fake_named(const fettle_graph* g, fettle_str name) {
  fettle_value id;
  for (id = 0; id < g->n_values; ++id) {
    if (fettle_fake_value_of(g, id) && fettle_fake_same(g->values[id].name, name)) return id;
  }
  return FETTLE_NONE;
}

static inline void fettle_fake_read_number(fettle_fake_reader* r, fettle_arg* arg) {
  char *int_end, *float_end;
  arg->i = (int64_t)strtoll(r->at, &int_end, 10);
  arg->f = strtod(r->at, &float_end);
  if (float_end == r->at) fettle_fake_unread(r, "an argument");
  arg->payload = float_end > int_end ? FETTLE_PAYLOAD_FLOAT : FETTLE_PAYLOAD_INT;
  arg->kind = float_end > int_end ? FETTLE_ARG_FLOAT : FETTLE_ARG_INT;
  r->at = float_end;
}
static inline void fettle_fake_read_word(fettle_fake_reader* r, fettle_str word, fettle_arg* arg) {
  uint64_t k;
  if (fettle_fake_is(word, "None")) return;
  if (fettle_fake_is(word, "True") || fettle_fake_is(word, "False")) {
    arg->payload = FETTLE_PAYLOAD_BOOL, arg->kind = FETTLE_ARG_BOOL;
    arg->i = *word.data == 'T';
    return;
  }
  for (k = 0; word.size > 6 && k < FETTLE_FAKE_N_DTYPES; ++k) {
    if (memcmp(word.data, "torch.", 6) == 0 &&
        strcmp(word.data + 6, fettle_fake_dtypes[k].torch_name) == 0) {
      arg->payload = FETTLE_PAYLOAD_INT, arg->kind = FETTLE_ARG_SCALAR_TYPE;
      arg->i = fettle_fake_dtypes[k].dtype;
      return;
    }
  }
  arg->payload = FETTLE_PAYLOAD_VALUE, arg->kind = FETTLE_ARG_TENSOR;
  arg->value = fettle_fake_named(r->g, word);
  if (arg->value == FETTLE_NONE) fettle_fake_stop("no value of the graph is called", word.data);
  if (r->n_operands == FETTLE_FAKE_MOST) fettle_fake_unread(r, "fewer operands");
  arg->operand = r->n_operands;
  r->operands[r->n_operands++] = arg->value;
}

static inline fettle_arg fettle_fake_read_arg(fettle_fake_reader* r);

static inline void fettle_fake_read_list(fettle_fake_reader* r, fettle_arg* arg) {
  fettle_test* t = r->g->test;
  fettle_arg elements[FETTLE_FAKE_MOST];
  int64_t* ints;
  uint64_t k, n_ints = 0;
  while (!fettle_fake_accept(r, ']')) {
    if (arg->n) fettle_fake_expect(r, ',');
    if (arg->n == FETTLE_FAKE_MOST) fettle_fake_unread(r, "a shorter list");
    elements[arg->n] = fettle_fake_read_arg(r);
    n_ints += elements[arg->n++].kind == FETTLE_ARG_INT;
  }
  if (n_ints == arg->n) {
    ints = (int64_t*)fettle_fake_take(t, arg->n * sizeof *ints);
    for (k = 0; k < arg->n; ++k) ints[k] = elements[k].i;
    arg->payload = FETTLE_PAYLOAD_INTS, arg->kind = FETTLE_ARG_INTS;
    arg->ints = ints;
    return;
  }
  arg->payload = FETTLE_PAYLOAD_LIST;
  arg->kind =
      elements[0].payload == FETTLE_PAYLOAD_STRING ? FETTLE_ARG_STRINGS : FETTLE_ARG_TENSORS;
  for (k = 0; k < arg->n; ++k) {
    if (elements[k].payload == FETTLE_PAYLOAD_NONE) arg->kind = FETTLE_ARG_OPTIONAL_TENSORS;
  }
  arg->elements = (fettle_arg*)fettle_fake_copy(t, elements, arg->n * sizeof *elements);
}

static inline fettle_arg fettle_fake_read_arg(fettle_fake_reader* r) {
  fettle_arg arg;
  const char next = fettle_fake_peek(r);
  memset(&arg, 0, sizeof arg);
  if (fettle_fake_accept(r, '[')) {
    fettle_fake_read_list(r, &arg);
  } else if (next == '\'') {
    arg.payload = FETTLE_PAYLOAD_STRING, arg.kind = FETTLE_ARG_STRING;
    arg.s = fettle_fake_quoted(r);
  } else if (isalpha((unsigned char)next) || next == '_') {
    const fettle_str word = fettle_fake_word(r, "an argument");
    if (fettle_fake_peek(r) == '=' || fettle_fake_peek(r) == ':') {
      const uint32_t form = *r->at++ == '=' ? FETTLE_FORM_KEYWORD : FETTLE_FORM_POSITIONAL;
      arg = fettle_fake_read_arg(r);
      arg.form = form;
      arg.name = word;
    } else {
      fettle_fake_read_word(r, word, &arg);
    }
  } else {
    fettle_fake_read_number(r, &arg);
  }
  return arg;
}

/* "(a, b, alpha=2)" into the node. */
static inline void fettle_fake_read_args(fettle_fake_reader* r, fettle_fake_node* node) {
  fettle_test* t = r->g->test;
  fettle_arg args[FETTLE_FAKE_MOST];
  r->n_operands = 0;
  fettle_fake_expect(r, '(');
  while (!fettle_fake_accept(r, ')')) {
    if (node->n_args) {
      fettle_fake_expect(r, ',');
      if (fettle_fake_accept(r, ')')) break;
    }
    if (node->n_args == FETTLE_FAKE_MOST) fettle_fake_unread(r, "fewer arguments");
    args[node->n_args++] = fettle_fake_read_arg(r);
  }
  node->args = (fettle_arg*)fettle_fake_copy(t, args, node->n_args * sizeof *args);
  node->n_operands = r->n_operands;
  node->operands =
      (fettle_value*)fettle_fake_copy(t, r->operands, r->n_operands * sizeof(uint32_t));
}

static inline void fettle_fake_read_inputs(fettle_fake_reader* r) {
  while (!fettle_fake_accept(r, ')')) {
    fettle_fake_node node;
    fettle_type_id type;
    memset(&node, 0, sizeof node);
    node.op = FETTLE_NONE;
    node.n_results = 1;
    node.name = fettle_fake_word(r, "an input's name");
    fettle_fake_expect(r, ':');
    type = fettle_fake_read_type(r);
    if (fettle_fake_accept(r, '=')) {
      const fettle_str kind = fettle_fake_word(r, "parameter, buffer or tensor_constant");
      node.input_kind = fettle_fake_is(kind, "parameter") ? FETTLE_INPUT_PARAMETER
                        : fettle_fake_is(kind, "buffer")  ? FETTLE_INPUT_BUFFER
                                                          : FETTLE_INPUT_TENSOR_CONSTANT;
      node.input_target = fettle_fake_quoted(r);
    }
    fettle_fake_link(r->g, fettle_fake_add_node(r->g, node, &type, &node.name), FETTLE_NONE);
    if (fettle_fake_peek(r) != ')') fettle_fake_expect(r, ',');
  }
}

static inline void fettle_fake_read_node(fettle_fake_reader* r, fettle_str name) {
  fettle_str names[FETTLE_FAKE_MOST];
  fettle_type_id types[FETTLE_FAKE_MOST];
  fettle_fake_node node;
  memset(&node, 0, sizeof node);
  node.opcode = FETTLE_OPCODE_CALL_FUNCTION;
  node.input_kind = FETTLE_NONE;
  node.name = name;
  fettle_fake_expect(r, ':');
  if (fettle_fake_accept(r, '(')) {
    node.grouped = 1;
    while (!fettle_fake_accept(r, ')')) {
      if (node.n_results) fettle_fake_expect(r, ',');
      if (node.n_results == FETTLE_FAKE_MOST) fettle_fake_unread(r, "fewer results");
      names[node.n_results] = fettle_fake_word(r, "a result's name");
      fettle_fake_expect(r, ':');
      types[node.n_results++] = fettle_fake_read_type(r);
    }
  } else if (fettle_fake_peek(r) == 'N') {
    fettle_fake_word(r, "None");
  } else {
    names[node.n_results] = name;
    types[node.n_results++] = fettle_fake_read_type(r);
  }
  fettle_fake_expect(r, '=');
  node.op = fettle_fake_intern(r->g, fettle_fake_word(r, "an operator"));
  fettle_fake_read_args(r, &node);
  fettle_fake_link(r->g, fettle_fake_add_node(r->g, node, types, names), FETTLE_NONE);
}

/* A graph of its own. Lives until fettle_test_end. */
static inline fettle_graph* fettle_test_graph(fettle_test* t, const char* text) {
  fettle_fake_reader r;
  fettle_fake_node output;
  memset(&r, 0, sizeof r);
  r.at = text;
  r.g = (fettle_graph*)fettle_fake_take(t, sizeof *r.g);
  r.g->test = t;
  r.g->first = r.g->last = FETTLE_NONE;
  if (!fettle_fake_is(fettle_fake_word(&r, "'graph('"), "graph"))
    fettle_fake_unread(&r, "'graph('");
  fettle_fake_expect(&r, '(');
  fettle_fake_read_inputs(&r);
  fettle_fake_expect(&r, ':');
  for (;;) {
    const fettle_str name = fettle_fake_word(&r, "a node or 'return'");
    if (fettle_fake_is(name, "return")) break;
    if (fettle_fake_name_taken(r.g, name)) fettle_fake_stop("a name stands twice", name.data);
    fettle_fake_read_node(&r, name);
  }
  memset(&output, 0, sizeof output);
  output.opcode = FETTLE_OPCODE_OUTPUT;
  output.op = FETTLE_NONE;
  output.input_kind = FETTLE_NONE;
  output.name = fettle_fake_str("output");
  fettle_fake_read_args(&r, &output);
  fettle_fake_link(r.g, fettle_fake_add_node(r.g, output, NULL, NULL), FETTLE_NONE);
  return r.g;
}

#endif
