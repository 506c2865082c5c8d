/* A third party's backend in C: it runs relu, and add of two tensors, on dense float tensors of one size.
 * With a macro it is one that goes wrong in a single way, for the host to notice. */
#include <fettle/fettle.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }
#ifndef NAME
#define NAME "relu_add"
#endif

static const fettle_host* host;
static const fettle_graph_v1* graphs;

/* Says what this host lacks, for a person to act on. */
static fettle_status unsupported(fettle_ctx* ctx, fettle_str message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = message;
  d.node = FETTLE_NONE;
  host->report(ctx, &d);
  return FETTLE_E_UNSUPPORTED;
}

static fettle_status init(const fettle_host* given, fettle_ctx* ctx) {
  static const fettle_str missing = TEXT("this host has no fettle.graph/1");
  host = given;
  graphs = (const fettle_graph_v1*)host->extension(FETTLE_GRAPH_ID);
  return graphs ? FETTLE_OK : unsupported(ctx, missing);
}

static int is(const fettle_graph* g, fettle_node node, const char* op) {
  const fettle_str name = graphs->symbol_text(g, graphs->node_op(g, node));
  return name.size == strlen(op) && memcmp(name.data, op, name.size) == 0;
}

/* A broadcast operand is smaller than the result. */
static int of_one_size(fettle_ctx* ctx, const fettle_graph* g, fettle_value a, fettle_value b) {
  fettle_value_info info;
  fettle_type types[2];
  uint64_t k, d;
  for (k = 0; k < 2; ++k) {
    memset(&info, 0, sizeof info);
    memset(&types[k], 0, sizeof types[k]);
    info.size = sizeof info;
    types[k].size = sizeof types[k];
    if (graphs->value_info(ctx, g, k ? b : a, &info) < 0) return 0;
    if (graphs->type(ctx, g, info.type, &types[k]) < 0) return 0;
  }
  if (types[0].rank != types[1].rank) return 0;
  for (d = 0; d < types[0].rank; ++d) {
    if (types[0].sizes[d].value != types[1].sizes[d].value) return 0;
  }
  return 1;
}

/* Float, sizes known, dense. */
static int is_plain(fettle_ctx* ctx, const fettle_graph* g, fettle_value value) {
  fettle_value_info info = {sizeof(fettle_value_info), 0, 0, 0, 0, 0, {0, 0}};
  fettle_type type;
  int64_t dense = 1;
  uint64_t d;
  memset(&type, 0, sizeof type);
  type.size = sizeof type;
  if (graphs->value_info(ctx, g, value, &info) < 0) return 0;
  if (graphs->type(ctx, g, info.type, &type) < 0) return 0;
  if (type.kind != FETTLE_TYPE_TENSOR || type.dtype != FETTLE_DTYPE_FLOAT32) return 0;
  for (d = type.rank; d-- > 0;) {
    if (type.sizes[d].expression.size > 0 || type.strides[d].value != dense) return 0;
    dense *= type.sizes[d].value;
  }
  return 1;
}

/* ---- what is compiled: for each call, where its operands and its result lie */

typedef struct step {
  int add;
  uint64_t a, b; /* slots: inputs first, then a slot for each call */
} step;

struct fettle_compiled {
  uint64_t n_inputs, n_steps, n_outputs;
  step* steps;
  uint64_t* outputs; /* slots */
  fettle_value* values; /* by slot, while it is compiled */
};

static fettle_status claim(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* g,
                           const fettle_claim* request) {
  uint64_t i;
  uint32_t k;
  (void)self;
  for (i = 0; i < request->n_nodes; ++i) {
    const fettle_node node = request->nodes[i];
    fettle_node_info info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    if (graphs->node_info(ctx, g, node, &info) < 0) return FETTLE_E_PLUGIN;
    if (!is(g, node, "aten.relu.default") &&
        !(is(g, node, "aten.add.Tensor") && info.n_operands == 2)) {
      continue;
    }
    request->claimed[i] = is_plain(ctx, g, info.first_result) ? 1 : 0;
    for (k = 0; k < info.n_operands; ++k) {
      if (!is_plain(ctx, g, info.operands[k]) ||
          !of_one_size(ctx, g, info.operands[k], info.first_result)) {
        request->claimed[i] = 0;
      }
    }
#ifdef ANSWERS_TWO
    request->claimed[i] = 2;
#endif
  }
  return FETTLE_OK;
}

static void release(fettle_instance* self, fettle_compiled* c) {
  (void)self;
  if (!c) return;
  free(c->steps);
  free(c->outputs);
  free(c->values);
  free(c);
}

static uint64_t slot_of(const fettle_compiled* c, uint64_t n, fettle_value value) {
  uint64_t slot = 0;
  while (slot < n && c->values[slot] != value) ++slot;
  return slot;
}

static fettle_status compile(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* g,
                             const fettle_subgraph* part, fettle_compiled** out) {
  uint64_t i;
  fettle_compiled* c = (fettle_compiled*)calloc(1, sizeof *c);
  (void)self;
#ifdef COMPILE_FAILS
  free(c);
  return FETTLE_E_UNSUPPORTED;
#endif
  if (!c) return FETTLE_E_INTERNAL;
  c->n_inputs = part->n_inputs;
  c->n_steps = part->n_nodes;
  c->n_outputs = part->n_outputs;
  c->steps = (step*)calloc(part->n_nodes, sizeof(step));
  c->outputs = (uint64_t*)calloc(part->n_outputs + 1, sizeof(uint64_t));
  c->values = (fettle_value*)calloc(part->n_inputs + part->n_nodes, sizeof(fettle_value));
  if (!c->steps || !c->outputs || !c->values) {
    release(self, c);
    return FETTLE_E_INTERNAL;
  }
  for (i = 0; i < part->n_inputs; ++i) c->values[i] = part->inputs[i];
  for (i = 0; i < part->n_nodes; ++i) {
    fettle_node_info info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    if (graphs->node_info(ctx, g, part->nodes[i], &info) < 0) {
      release(self, c);
      return FETTLE_E_PLUGIN;
    }
    c->steps[i].add = info.n_operands == 2;
    c->steps[i].a = slot_of(c, part->n_inputs + i, info.operands[0]);
    if (c->steps[i].add) c->steps[i].b = slot_of(c, part->n_inputs + i, info.operands[1]);
    c->values[part->n_inputs + i] = info.first_result;
  }
  for (i = 0; i < part->n_outputs; ++i) {
    c->outputs[i] = slot_of(c, part->n_inputs + part->n_nodes, part->outputs[i]);
  }
  *out = c;
  return FETTLE_OK;
}

/* ---- tensors */

typedef struct owned {
  DLManagedTensorVersioned managed;
  int64_t shape[8];
} owned;

static void destroy_tensor(DLManagedTensorVersioned* self) {
  free(self->dl_tensor.data);
  free(self->manager_ctx);
}

static int64_t count(const DLTensor* t) {
  int64_t n = 1;
  int32_t d;
  for (d = 0; d < t->ndim; ++d) n *= t->shape[d];
  return n;
}

static DLManagedTensorVersioned* tensor_like(const DLTensor* t) {
  const int64_t n = count(t);
  owned* made = (owned*)calloc(1, sizeof *made);
  if (!made || t->ndim > 8) return NULL;
  memcpy(made->shape, t->shape, (size_t)t->ndim * sizeof(int64_t));
  made->managed.version.major = 1;
  made->managed.manager_ctx = made;
  made->managed.deleter = destroy_tensor;
  made->managed.dl_tensor = *t;
  made->managed.dl_tensor.byte_offset = 0;
  made->managed.dl_tensor.shape = made->shape;
  made->managed.dl_tensor.strides = NULL;
#ifdef WRONG_SHAPE
  made->managed.dl_tensor.ndim = 0;
#endif
#ifdef WRONG_DTYPE
  made->managed.dl_tensor.dtype.code = kDLInt;
#endif
  made->managed.dl_tensor.data = malloc((size_t)(n > 0 ? n : 1) * sizeof(float));
  return &made->managed;
}

static const float* floats(const DLTensor* t) {
  return (const float*)(const void*)((const char*)t->data + t->byte_offset);
}

static void run_step(const step* s, const DLTensor* a, const DLTensor* b, float* result) {
  const float* x = floats(a);
  const float* y = s->add ? floats(b) : NULL;
  const int64_t n = count(a);
  int64_t i;
  for (i = 0; i < n; ++i) result[i] = s->add ? x[i] + y[i] : (x[i] < 0 ? 0 : x[i]);
#ifdef WRONG_VALUES
  if (n > 0) result[n - 1] += 1;
#endif
}

static fettle_status launch(fettle_instance* self, fettle_ctx* ctx, fettle_compiled* c,
                            uint64_t n_inputs, const fettle_datum* inputs, uint64_t n_outputs,
                            DLManagedTensorVersioned** outputs) {
  const uint64_t slots = c->n_inputs + c->n_steps;
  const DLTensor** tensors = (const DLTensor**)calloc(slots, sizeof *tensors);
  DLManagedTensorVersioned** made =
      (DLManagedTensorVersioned**)calloc(c->n_steps + 1, sizeof *made);
  uint64_t i;
  (void)self;
  (void)ctx;
#ifdef LAUNCH_FAILS
  free(tensors);
  free(made);
  return FETTLE_E_FAILED;
#endif
  if (!tensors || !made) return FETTLE_E_INTERNAL;
  for (i = 0; i < n_inputs; ++i) tensors[i] = &inputs[i].tensor->dl_tensor;
  for (i = 0; i < c->n_steps; ++i) {
    const step* s = &c->steps[i];
    const DLTensor* a = tensors[s->a];
    made[i] = tensor_like(a);
    run_step(s, a, s->add ? tensors[s->b] : NULL, (float*)made[i]->dl_tensor.data);
    tensors[c->n_inputs + i] = &made[i]->dl_tensor;
  }
  for (i = 0; i < n_outputs; ++i) {
    const uint64_t k = c->outputs[i] - c->n_inputs;
#ifndef FORGETS_OUTPUT
    outputs[i] = made[k];
    made[k] = NULL;
#else
    (void)k;
    (void)outputs;
#endif
  }
  for (i = 0; i < c->n_steps; ++i) {
    if (made[i]) made[i]->deleter(made[i]);
  }
  free(made);
  free((void*)tensors);
  return FETTLE_OK;
}

/* ---- the descriptor */

static const fettle_backend_v1 backend = {sizeof(fettle_backend_v1), 0, claim, compile,
#ifdef NO_LAUNCH
                                          NULL,
#else
                                          launch,
#endif
                                          release};

static const void* interface(const char* id) {
  return strcmp(id, FETTLE_BACKEND_ID) == 0 ? &backend : NULL;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx;
  (void)options;
  (void)n;
  *out = NULL;
  return FETTLE_OK;
}

static void destroy(fettle_instance* self) { (void)self; }

static const fettle_component component = {sizeof(fettle_component),
                                           0,
                                           TEXT(NAME),
                                           TEXT("Runs relu and add on dense floats."),
                                           0,
                                           NULL,
                                           create,
                                           destroy,
                                           interface};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    sizeof(fettle_plugin), FETTLE_ABI_MAJOR, 0,    FETTLE_ABI_MINOR, TEXT("test." NAME), TEXT("1.0"),
    init,                  NULL,             1,    components};

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) { return &plugin; }
