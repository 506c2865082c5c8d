/* An analysis: how many operands a call has on average. It breaks one rule of the ABI, chosen by
 * -DBAD_… at build time; with none of them it keeps all. */
#include <fettle/fettle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

typedef struct mean_operands { /* "test.mean_operands/1" */
  uint64_t n_calls, n_operands;
} mean_operands;

static const fettle_host* host;
static const fettle_graph_v1* graphs;

static fettle_status fail(fettle_ctx* ctx, fettle_status status, fettle_str message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = message;
  d.node = FETTLE_NONE;
  host->report(ctx, &d);
  return status;
}

static fettle_status init(const fettle_host* h, fettle_ctx* ctx) {
  static const fettle_str missing = TEXT("the host lacks graphs");
  host = h;
  graphs = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  return graphs ? FETTLE_OK : fail(ctx, FETTLE_E_UNSUPPORTED, missing);
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx, (void)options, (void)n;
  *out = NULL;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
}

static fettle_status compute(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             void** answer) {
  mean_operands* mean;
  fettle_columns all;
  fettle_status status;
  uint64_t i;
  (void)self;
  memset(&all, 0, sizeof all);
  all.size = sizeof all;
  status = graphs->columns(ctx, graph, &all);
  if (status != FETTLE_OK) return status;
  mean = (mean_operands*)calloc(1, sizeof *mean);
  if (!mean) return FETTLE_E_INTERNAL;
  for (i = 0; i < all.n_nodes; ++i) {
    if (all.opcodes[i] != FETTLE_OPCODE_CALL_FUNCTION) continue;
    ++mean->n_calls;
    mean->n_operands += all.operand_offsets[i + 1] - all.operand_offsets[i];
  }
#ifdef BAD_NO_CALLS
  if (mean->n_calls == 0) {
    static const fettle_str none = TEXT("no calls, and so no average");
    free(mean);
    return fail(ctx, FETTLE_E_PLUGIN, none);
  }
#endif
  *answer = mean;
  return FETTLE_OK;
}

static void release(fettle_instance* self, void* answer) {
  (void)self;
  free(answer);
}

static fettle_status describe(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                              const void* answer, fettle_str* text) {
  const mean_operands* mean = (const mean_operands*)answer;
  enum { most = 80 };
  char* line = (char*)host->scratch(ctx, most, 1);
  (void)self, (void)graph;
  if (!line) return FETTLE_E_INTERNAL;
  text->data = line;
  text->size =
      (uint64_t)snprintf(line, most, "%llu operands of %llu calls",
                         (unsigned long long)mean->n_operands, (unsigned long long)mean->n_calls);
  return FETTLE_OK;
}

static const fettle_analysis_v1 analysis = {
    .size = sizeof(fettle_analysis_v1),
    .reads = FETTLE_READS_STRUCTURE,
    .answer_id = TEXT("test.mean_operands/1"),
    .compute = compute,
    .release = release,
    .describe = describe,
};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_ANALYSIS_ID) == 0 ? &analysis : NULL;
}
static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("bad_analysis"),
    .summary = TEXT("How many operands a call has on average."),
    .create = create,
    .destroy = destroy,
    .get_interface = interface_of,
};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    .size = sizeof(fettle_plugin),
    .abi_major = FETTLE_ABI_MAJOR,
    .abi_min_minor = 1, /* the first that has analyses */
    .abi_minor = FETTLE_ABI_MINOR,
    .id = TEXT("test.bad_analysis"),
    .version = TEXT("1.0"),
    .init = init,
    .n_components = 1,
    .components = components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
