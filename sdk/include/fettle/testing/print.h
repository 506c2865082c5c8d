/* A fake graph as text: what `fettle inspect -f text` prints of the same program. */
#ifndef FETTLE_TESTING_PRINT_H
#define FETTLE_TESTING_PRINT_H

#include <fettle/testing/graph.h>
#include <inttypes.h>

typedef struct fettle_fake_dtype {
  uint32_t dtype;
  const char *name, *torch_name;
} fettle_fake_dtype;

static const fettle_fake_dtype fettle_fake_dtypes[] = {
    {FETTLE_DTYPE_FLOAT32, "f32", "float32"},     {FETTLE_DTYPE_FLOAT64, "f64", "float64"},
    {FETTLE_DTYPE_FLOAT16, "f16", "float16"},     {FETTLE_DTYPE_BFLOAT16, "bf16", "bfloat16"},
    {FETTLE_DTYPE_INT64, "i64", "int64"},         {FETTLE_DTYPE_INT32, "i32", "int32"},
    {FETTLE_DTYPE_INT16, "i16", "int16"},         {FETTLE_DTYPE_INT8, "i8", "int8"},
    {FETTLE_DTYPE_UINT8, "u8", "uint8"},          {FETTLE_DTYPE_BOOL, "b8", "bool"},
    {FETTLE_DTYPE_COMPLEX64, "c64", "complex64"}, {FETTLE_DTYPE_COMPLEX128, "c128", "complex128"},
};
#define FETTLE_FAKE_N_DTYPES (sizeof fettle_fake_dtypes / sizeof *fettle_fake_dtypes)

/* Text that grows. */
typedef struct fettle_fake_text {
  fettle_test* test;
  char* data;
  uint64_t size, room;
} fettle_fake_text;

static inline void fettle_fake_put(fettle_fake_text* out, fettle_str s) {
  if (out->size + s.size + 1 > out->room) {
    char* grown;
    out->room = 2 * (out->size + s.size + 64);
    grown = (char*)fettle_fake_take(out->test, out->room);
    if (out->size) memcpy(grown, out->data, out->size);
    out->data = grown;
  }
  if (s.size) memcpy(out->data + out->size, s.data, s.size);
  out->size += s.size;
}
static inline void fettle_fake_puts(fettle_fake_text* out, const char* s) {
  fettle_fake_put(out, fettle_fake_str(s));
}

/* As Python writes it: the shortest digits that read back the same, and never like an int. */
static inline void fettle_fake_put_float(fettle_fake_text* out, double f) {
  char digits[40];
  int precision;
  if (f != f) {
    fettle_fake_puts(out, "nan");
    return;
  }
  for (precision = 1; precision <= 17; ++precision) {
    snprintf(digits, sizeof digits, "%.*g", precision, f);
    if (strtod(digits, NULL) == f) break;
  }
  fettle_fake_puts(out, digits);
  if (!strpbrk(digits, ".en")) fettle_fake_puts(out, ".0");
}
static inline void fettle_fake_put_int(fettle_fake_text* out, int64_t i) {
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRId64, i);
  fettle_fake_puts(out, digits);
}

static inline const char* fettle_fake_dtype_text(uint32_t dtype, int torch) {
  uint64_t k;
  for (k = 0; k < FETTLE_FAKE_N_DTYPES; ++k) {
    const fettle_fake_dtype* d = &fettle_fake_dtypes[k];
    if (d->dtype == dtype) return torch ? d->torch_name : d->name;
  }
  return "dtype?";
}

/* "Symbol('s0', integer=True)" is s0 to people. */
static inline void fettle_fake_put_dims(fettle_fake_text* out, const fettle_dim* dims, uint64_t n) {
  uint64_t k;
  fettle_fake_puts(out, "[");
  for (k = 0; k < n; ++k) {
    const fettle_str s = dims[k].expression;
    const char* quote = s.size > 8 ? (const char*)memchr(s.data, '\'', s.size) : NULL;
    if (k) fettle_fake_puts(out, ", ");
    if (!s.size) {
      fettle_fake_put_int(out, dims[k].value);
    } else if (quote && memcmp(s.data, "Symbol(", 7) == 0) {
      fettle_str name;
      name.data = quote + 1;
      name.size = strcspn(quote + 1, "'");
      fettle_fake_put(out, name);
    } else {
      fettle_fake_put(out, s);
    }
  }
  fettle_fake_puts(out, "]");
}

static inline int fettle_fake_contiguous(const fettle_type* type) {
  int64_t elements = 1;
  uint64_t k;
  for (k = type->rank; k-- > 0;) {
    if (type->strides[k].value != elements) return 0;
    elements *= type->sizes[k].value > 1 ? type->sizes[k].value : 1;
  }
  return 1;
}
static inline void fettle_fake_put_type(fettle_fake_text* out, const fettle_type* type) {
  if (type->kind != FETTLE_TYPE_TENSOR) return;
  fettle_fake_puts(out, ": ");
  fettle_fake_puts(out, fettle_fake_dtype_text(type->dtype, 0));
  fettle_fake_put_dims(out, type->sizes, type->rank);
  if (!fettle_fake_contiguous(type)) fettle_fake_put_dims(out, type->strides, type->rank);
}

static inline void fettle_fake_put_arg(fettle_fake_text* out, const fettle_graph* g,
                                       const fettle_fake_node* node, const fettle_arg* arg) {
  uint64_t k;
  switch (arg->payload) {
    case FETTLE_PAYLOAD_VALUE:
      fettle_fake_put(out, g->values[node->operands[arg->operand]].name);
      break;
    case FETTLE_PAYLOAD_BOOL:
      fettle_fake_puts(out, arg->i ? "True" : "False");
      break;
    case FETTLE_PAYLOAD_INT:
      if (arg->kind == FETTLE_ARG_SCALAR_TYPE) {
        fettle_fake_puts(out, "torch.");
        fettle_fake_puts(out, fettle_fake_dtype_text((uint32_t)arg->i, 1));
      } else {
        fettle_fake_put_int(out, arg->i);
      }
      break;
    case FETTLE_PAYLOAD_FLOAT:
      fettle_fake_put_float(out, arg->f);
      break;
    case FETTLE_PAYLOAD_STRING:
      fettle_fake_puts(out, "'");
      fettle_fake_put(out, arg->s);
      fettle_fake_puts(out, "'");
      break;
    case FETTLE_PAYLOAD_INTS:
    case FETTLE_PAYLOAD_FLOATS:
    case FETTLE_PAYLOAD_LIST:
      fettle_fake_puts(out, "[");
      for (k = 0; k < arg->n; ++k) {
        if (k) fettle_fake_puts(out, ", ");
        if (arg->payload == FETTLE_PAYLOAD_INTS) fettle_fake_put_int(out, arg->ints[k]);
        if (arg->payload == FETTLE_PAYLOAD_FLOATS) fettle_fake_put_float(out, arg->floats[k]);
        if (arg->payload == FETTLE_PAYLOAD_LIST)
          fettle_fake_put_arg(out, g, node, &arg->elements[k]);
      }
      fettle_fake_puts(out, "]");
      break;
    default:
      fettle_fake_puts(out, "None");
  }
}
static inline void fettle_fake_put_args(fettle_fake_text* out, const fettle_graph* g,
                                        const fettle_fake_node* node) {
  uint32_t k;
  fettle_fake_puts(out, "(");
  for (k = 0; k < node->n_args; ++k) {
    if (k) fettle_fake_puts(out, ", ");
    if (node->args[k].form == FETTLE_FORM_KEYWORD) {
      fettle_fake_put(out, node->args[k].name);
      fettle_fake_puts(out, "=");
    }
    fettle_fake_put_arg(out, g, node, &node->args[k]);
  }
  if (node->opcode == FETTLE_OPCODE_OUTPUT && node->n_args == 1) fettle_fake_puts(out, ",");
  fettle_fake_puts(out, ")");
}

/* "relu: f32[4]" for each result; a group has the node's name before it. */
static inline void fettle_fake_put_results(fettle_fake_text* out, const fettle_graph* g,
                                           const fettle_fake_node* node) {
  uint32_t k;
  if (node->grouped || !node->n_results) {
    fettle_fake_put(out, node->name);
    fettle_fake_puts(out, node->n_results ? ": (" : ": None");
  }
  for (k = 0; k < node->n_results; ++k) {
    const fettle_fake_value* value = &g->values[node->first_result + k];
    if (k) fettle_fake_puts(out, ", ");
    fettle_fake_put(out, value->name);
    fettle_fake_put_type(out, &g->types[value->type]);
  }
  if (node->grouped && node->n_results) fettle_fake_puts(out, ")");
}

static inline void fettle_fake_put_node(fettle_fake_text* out, const fettle_graph* g,
                                        const fettle_fake_node* node) {
  static const char* const kinds[] = {"", "parameter", "buffer", "tensor_constant"};
  if (node->opcode == FETTLE_OPCODE_OUTPUT) {
    fettle_fake_puts(out, "return ");
    fettle_fake_put_args(out, g, node);
    return;
  }
  fettle_fake_put_results(out, g, node);
  if (node->opcode == FETTLE_OPCODE_PLACEHOLDER) {
    if (node->input_kind == FETTLE_INPUT_USER) return;
    fettle_fake_puts(out, " = ");
    fettle_fake_puts(out, kinds[node->input_kind]);
    fettle_fake_puts(out, " '");
    fettle_fake_put(out, node->input_target);
    fettle_fake_puts(out, "'");
    return;
  }
  fettle_fake_puts(out, " = ");
  fettle_fake_put(out, fettle_fake_symbol_text(g, node->op));
  fettle_fake_put_args(out, g, node);
}

static inline fettle_fake_text fettle_fake_text_of(fettle_test* t) {
  fettle_fake_text out;
  memset(&out, 0, sizeof out);
  out.test = t;
  fettle_fake_puts(&out, "");
  return out;
}
static inline const char* fettle_fake_print_node(const fettle_graph* g, fettle_node id) {
  fettle_fake_text out = fettle_fake_text_of(g->test);
  fettle_fake_put_node(&out, g, &g->nodes[id]);
  return out.data;
}

/* The whole graph. Lives until fettle_test_end. */
static inline const char* fettle_test_text(const fettle_graph* g) {
  fettle_fake_text out = fettle_fake_text_of(g->test);
  fettle_node at;
  int inputs = 0, open = 1;
  fettle_fake_puts(&out, "graph(");
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    const int placeholder = g->nodes[at].opcode == FETTLE_OPCODE_PLACEHOLDER;
    if (!placeholder && open) {
      fettle_fake_puts(&out, "):\n");
      open = 0;
    }
    fettle_fake_puts(&out, !placeholder ? "  " : inputs++ ? ", " : "");
    fettle_fake_put_node(&out, g, &g->nodes[at]);
    if (!placeholder) fettle_fake_puts(&out, "\n");
  }
  return out.data;
}

#endif
