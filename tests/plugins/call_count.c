/* A third party's analysis in C: how many calls a program has, nested graphs included. Its answer is one number,
 * under an id of its own; whoever asks for "call_count" by that id may read it. */
#include <fettle/fettle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

typedef struct call_count_answer { /* "test.call_count/1" */
  uint64_t n_calls;
} call_count_answer;

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

static fettle_status init(const fettle_host* h, fettle_ctx* ctx) {
  static const fettle_str missing = TEXT("this host has no fettle.graph/1");
  host = h;
  graphs = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  return graphs ? FETTLE_OK : unsupported(ctx, missing);
}

static fettle_status compute(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             void** answer) {
  call_count_answer* count;
  fettle_columns all;
  fettle_status status;
  uint64_t i;
  (void)self;
  memset(&all, 0, sizeof all);
  all.size = sizeof all;
  status = graphs->columns(ctx, graph, &all);
  if (status != FETTLE_OK) return status;
  count = (call_count_answer*)calloc(1, sizeof *count);
  if (!count) return FETTLE_E_INTERNAL;
  for (i = 0; i < all.n_nodes; ++i) count->n_calls += all.opcodes[i] == FETTLE_OPCODE_CALL_FUNCTION;
  *answer = count;
  return FETTLE_OK;
}

static void release(fettle_instance* self, void* answer) {
  (void)self;
  free(answer);
}

static fettle_status describe(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                              const void* answer, fettle_str* text) {
  enum { most = 32 };
  char* line = (char*)host->scratch(ctx, most, 1);
  (void)self, (void)graph;
  if (!line) return FETTLE_E_INTERNAL;
  text->data = line;
  text->size = (uint64_t)snprintf(line, most, "%llu calls",
                                  (unsigned long long)((const call_count_answer*)answer)->n_calls);
  return FETTLE_OK;
}

static const fettle_analysis_v1 analysis = {
    .size = sizeof(fettle_analysis_v1),
    .reads = FETTLE_READS_STRUCTURE,
    .answer_id = TEXT("test.call_count/1"),
    .compute = compute,
    .release = release,
    .describe = describe,
};

static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_ANALYSIS_ID) == 0 ? &analysis : NULL;
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

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("call_count"),
    .summary = TEXT("How many calls a program has."),
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};
static const fettle_component* const components[] = {&component};

static const fettle_plugin plugin = {
    .size = sizeof(fettle_plugin),
    .abi_major = FETTLE_ABI_MAJOR,
    .abi_min_minor = 1, /* the first that has analyses */
    .abi_minor = FETTLE_TARGET_MINOR,
    .id = TEXT("test.call_count"),
    .version = TEXT("1.0"),
    .init = init,
    .n_components = 1,
    .components = components,
};

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
