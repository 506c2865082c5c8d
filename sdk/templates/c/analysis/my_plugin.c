/* Finds the value that is used most often; of several, the first. What others ask for is in
 * my_plugin.h. Looks at the program's own graph, not at nested ones. */
#include "my_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const fettle_host* host;
static const fettle_graph_v1* graphs;

static fettle_str text(const char* s) {
  fettle_str t;
  t.data = s;
  t.size = strlen(s);
  return t;
}

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
  host = given;
  graphs = (const fettle_graph_v1*)host->extension(FETTLE_GRAPH_ID);
  if (graphs) return FETTLE_OK;
  return unsupported(ctx, text("this host has no graphs (fettle.graph/1)"));
}

/* The answer is the plugin's own memory and holds nothing that the host lent. */
static fettle_status compute(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             void** answer) {
  my_plugin_answer* busiest = (my_plugin_answer*)malloc(sizeof *busiest);
  fettle_node node = graphs->first_node(graph, 0);
  fettle_status status = busiest ? FETTLE_OK : FETTLE_E_INTERNAL; /* out of memory */
  (void)self;
  if (busiest) {
    busiest->value = FETTLE_NONE;
    busiest->uses = 0;
  }
  for (; status == FETTLE_OK && node != FETTLE_NONE; node = graphs->next_node(graph, node)) {
    fettle_node_info info;
    uint32_t k;
    info.size = sizeof info;
    status = graphs->node_info(ctx, graph, node, &info);
    for (k = 0; status == FETTLE_OK && k < info.n_results; ++k) {
      const fettle_value value = info.first_result + k;
      const uint32_t uses = graphs->value_use_count(graph, value);
      if (uses <= busiest->uses) continue;
      busiest->value = value;
      busiest->uses = uses;
    }
  }
  if (status == FETTLE_OK)
    *answer = busiest;
  else
    free(busiest);
  return status;
}

static void release(fettle_instance* self, void* answer) {
  (void)self;
  free(answer);
}

/* For people. What the host copies must lie somewhere until this has returned: in its scratch. */
static fettle_status describe(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                              const void* answer, fettle_str* out) {
  const my_plugin_answer* busiest = (const my_plugin_answer*)answer;
  fettle_value_info info;
  fettle_status status;
  char* line;
  (void)self;
  *out = text("nothing is used");
  if (busiest->value == FETTLE_NONE) return FETTLE_OK;
  info.size = sizeof info;
  status = graphs->value_info(ctx, graph, busiest->value, &info);
  if (status != FETTLE_OK) return status;
  line = (char*)host->scratch(ctx, info.name.size + 32, 1);
  if (!line) return FETTLE_E_INTERNAL;
  out->size = (uint64_t)sprintf(line, "%.*s is used %u times", (int)info.name.size, info.name.data,
                                (unsigned)busiest->uses);
  out->data = line;
  return FETTLE_OK;
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

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_analysis_v1 analysis = {.size = sizeof(fettle_analysis_v1),
                                            .reads = FETTLE_READS_STRUCTURE,
                                            .answer_id = TEXT(my_plugin_answer_id),
                                            .compute = compute,
                                            .release = release,
                                            .describe = describe};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_ANALYSIS_ID) == 0 ? &analysis : NULL;
}

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("my_plugin"),
    .summary = TEXT("Finds the value that is used most often."),
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    .size = sizeof(fettle_plugin),
    .abi_major = FETTLE_ABI_MAJOR,
    .abi_min_minor = 1, /* analyses came with 1.1 */
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
