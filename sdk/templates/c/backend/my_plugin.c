/* Runs relu on dense float32 tensors on the CPU, one loop for each call; libtorch runs the rest. A
 * part that holds several calls keeps what lies between them to itself. */
#include <fettle/fettle.h>
#include <stdlib.h>
#include <string.h>

static const fettle_graph_v1* graphs;

static fettle_str text(const char* s) {
  fettle_str t;
  t.data = s;
  t.size = strlen(s);
  return t;
}

/* Says what this host lacks, for a person to act on. */
static fettle_status unsupported(const fettle_host* host, fettle_ctx* ctx, fettle_str message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = message;
  d.node = FETTLE_NONE;
  host->report(ctx, &d);
  return FETTLE_E_UNSUPPORTED;
}

static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  graphs = (const fettle_graph_v1*)host->extension(FETTLE_GRAPH_ID);
  if (graphs) return FETTLE_OK;
  return unsupported(host, ctx, text("this host has no graphs (fettle.graph/1)"));
}

/* ---- which calls */

static int is_dense_floats(fettle_ctx* ctx, const fettle_graph* graph, fettle_value value) {
  fettle_value_info info;
  fettle_type type;
  int64_t dense = 1;
  uint64_t d;
  info.size = sizeof info;
  type.size = sizeof type;
  if (graphs->value_info(ctx, graph, value, &info) != FETTLE_OK ||
      graphs->type(ctx, graph, info.type, &type) != FETTLE_OK || type.kind != FETTLE_TYPE_TENSOR ||
      type.dtype != FETTLE_DTYPE_FLOAT32)
    return 0;
  for (d = type.rank; d-- > 0; dense *= type.sizes[d].value) {
    if (type.sizes[d].expression.size || !type.strides || type.strides[d].value != dense) return 0;
  }
  return 1;
}

static fettle_status claim(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                           const fettle_claim* asked) {
  const fettle_sym relu = graphs->find_symbol(graph, text("aten.relu.default"));
  const fettle_str device = asked->device;
  uint64_t k;
  (void)self;
  if (device.size != 3 || memcmp(device.data, "cpu", 3) != 0) return FETTLE_OK;
  for (k = 0; k < asked->n_nodes && relu != FETTLE_NONE; ++k) {
    fettle_node_info call;
    fettle_status status;
    call.size = sizeof call;
    if (graphs->node_op(graph, asked->nodes[k]) != relu) continue;
    status = graphs->node_info(ctx, graph, asked->nodes[k], &call);
    if (status != FETTLE_OK) return status;
    asked->claimed[k] = is_dense_floats(ctx, graph, call.operands[0]) &&
                        is_dense_floats(ctx, graph, call.first_result);
  }
  return FETTLE_OK;
}

/* ---- a part: the graph is there during compile alone, so what launch needs is kept by number.
 * Slots are the part's inputs, then the results of its calls. */

struct fettle_compiled {
  uint64_t n_inputs, n_calls;
  uint64_t *operands, *outputs; /* slots: of each call's operand, of each output */
};

static void release(fettle_instance* self, fettle_compiled* part) {
  (void)self;
  if (!part) return;
  free(part->operands);
  free(part->outputs);
  free(part);
}

static uint64_t slot_of(const fettle_value* slots, fettle_value value) {
  uint64_t slot = 0;
  while (slots[slot] != value) ++slot;
  return slot;
}

static fettle_status fill(fettle_ctx* ctx, const fettle_graph* graph, const fettle_subgraph* given,
                          fettle_value* slots, fettle_compiled* part) {
  uint64_t k;
  for (k = 0; k < given->n_inputs; ++k) slots[k] = given->inputs[k];
  for (k = 0; k < given->n_nodes; ++k) {
    fettle_node_info call;
    fettle_status status;
    call.size = sizeof call;
    status = graphs->node_info(ctx, graph, given->nodes[k], &call);
    if (status != FETTLE_OK) return status;
    part->operands[k] = slot_of(slots, call.operands[0]);
    slots[given->n_inputs + k] = call.first_result;
  }
  for (k = 0; k < given->n_outputs; ++k) part->outputs[k] = slot_of(slots, given->outputs[k]);
  return FETTLE_OK;
}

static fettle_status compile(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             const fettle_subgraph* given, fettle_compiled** out) {
  fettle_compiled* part = (fettle_compiled*)calloc(1, sizeof *part);
  fettle_value* slots = (fettle_value*)calloc(given->n_inputs + given->n_nodes, sizeof *slots);
  fettle_status status = FETTLE_E_INTERNAL; /* out of memory */
  if (part) {
    part->n_inputs = given->n_inputs;
    part->n_calls = given->n_nodes;
    part->operands = (uint64_t*)calloc(given->n_nodes, sizeof(uint64_t));
    part->outputs = (uint64_t*)calloc(given->n_outputs + 1, sizeof(uint64_t));
  }
  if (part && slots && part->operands && part->outputs)
    status = fill(ctx, graph, given, slots, part);
  free(slots);
  if (status == FETTLE_OK)
    *out = part;
  else
    release(self, part);
  return status;
}

/* ---- a run */

static void drop(DLManagedTensorVersioned* tensor) {
  free(tensor->dl_tensor.data);
  free(tensor->dl_tensor.shape);
  free(tensor);
}

static DLManagedTensorVersioned* relu_of(const DLTensor* x) {
  DLManagedTensorVersioned* made = (DLManagedTensorVersioned*)calloc(1, sizeof *made);
  const float* from = (const float*)(const void*)((const char*)x->data + x->byte_offset);
  float* to;
  int64_t n = 1, k;
  int32_t d;
  if (!made) return NULL;
  for (d = 0; d < x->ndim; ++d) n *= x->shape[d];
  made->version.major = 1;
  made->deleter = drop;
  made->dl_tensor.device = x->device;
  made->dl_tensor.ndim = x->ndim;
  made->dl_tensor.dtype = x->dtype;
  made->dl_tensor.shape = (int64_t*)calloc((size_t)x->ndim + 1, sizeof(int64_t));
  made->dl_tensor.data = to = (float*)calloc((size_t)n + 1, sizeof(float));
  if (!to || !made->dl_tensor.shape) {
    drop(made);
    return NULL;
  }
  for (d = 0; d < x->ndim; ++d) made->dl_tensor.shape[d] = x->shape[d];
  for (k = 0; k < n; ++k) to[k] = from[k] < 0 ? 0 : from[k]; /* and NaN stays */
  return made;
}

static fettle_status launch(fettle_instance* self, fettle_ctx* ctx, fettle_compiled* part,
                            uint64_t n_inputs, const fettle_datum* inputs, uint64_t n_outputs,
                            DLManagedTensorVersioned** outputs) {
  DLManagedTensorVersioned** made = (DLManagedTensorVersioned**)calloc(part->n_calls, sizeof *made);
  fettle_status status = made ? FETTLE_OK : FETTLE_E_INTERNAL;
  uint64_t k;
  (void)self, (void)ctx;
  for (k = 0; status == FETTLE_OK && k < part->n_calls; ++k) {
    const uint64_t slot = part->operands[k];
    made[k] = relu_of(slot < n_inputs ? &inputs[slot].tensor->dl_tensor
                                      : &made[slot - n_inputs]->dl_tensor);
    if (!made[k]) status = FETTLE_E_INTERNAL;
  }
  for (k = 0; status == FETTLE_OK && k < n_outputs; ++k) {
    DLManagedTensorVersioned** result = &made[part->outputs[k] - n_inputs];
    outputs[k] = *result; /* the host's from here on */
    *result = NULL;
  }
  for (k = 0; made && k < part->n_calls; ++k) {
    if (made[k]) drop(made[k]);
  }
  free(made);
  return status;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx, (void)options, (void)n;
  *out = NULL; /* no state */
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
}

static const fettle_backend_v1 backend = {.size = sizeof(fettle_backend_v1),
                                          .claim = claim,
                                          .compile = compile,
                                          .launch = launch,
                                          .release = release};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_BACKEND_ID) == 0 ? &backend : NULL;
}

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("my_plugin"),
    .summary = TEXT("Runs relu on the CPU."),
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    .size = sizeof(fettle_plugin),
    .abi_major = FETTLE_ABI_MAJOR,
    .abi_min_minor = 1, /* backends came with 1.1 */
    .abi_minor = FETTLE_TARGET_MINOR,
    .id = TEXT("org.example.my_plugin"),
    .version = TEXT("0.1.0"),
    .init = init,
    .n_components = 1,
    .components = components,
};

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
