/* A benchmark that counts the nodes of each program, and breaks one rule of the ABI, chosen by
 * -DBAD_… at build time. With none of them it keeps all. */
#include <fettle/fettle.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_graph_v1* graphs;
static const fettle_program_v1* programs;

static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  static const fettle_str message = TEXT("the host lacks graphs or programs");
  graphs = (const fettle_graph_v1*)host->extension(FETTLE_GRAPH_ID);
  programs = (const fettle_program_v1*)host->extension(FETTLE_PROGRAM_ID);
  if (!graphs || !programs) {
    fettle_diagnostic d;
    memset(&d, 0, sizeof d);
    d.size = sizeof d;
    d.severity = FETTLE_SEVERITY_ERROR;
    d.message = message;
    d.node = FETTLE_NONE;
    host->report(ctx, &d);
    return FETTLE_E_UNSUPPORTED;
  }
  return FETTLE_OK;
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

static fettle_status measure(fettle_instance* self, fettle_ctx* ctx, uint64_t n,
                             const fettle_program* const* all, const fettle_metric_sink* sink) {
  static const fettle_str name = TEXT("nodes");
  fettle_status status = FETTLE_OK;
  uint64_t i;
  (void)self, (void)ctx;
#ifdef BAD_FIRST_ALONE
  n = 1;
#endif
  for (i = 0; status == FETTLE_OK && i < n; ++i) {
    fettle_metric metric;
    memset(&metric, 0, sizeof metric);
    metric.size = sizeof metric;
    metric.lower_is_better = 1;
    metric.program = i;
    metric.name = name;
    metric.low = metric.median = metric.high = graphs->node_count(programs->graph(all[i]));
    status = sink->add(sink->user, &metric);
  }
  return status;
}

static const fettle_benchmark_v1 benchmark = {sizeof(fettle_benchmark_v1), 0, measure};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_BENCHMARK_ID) == 0 ? &benchmark : NULL;
}
static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("bad_benchmark"),
    TEXT("Counts the nodes of each program."),
    0,
    NULL,
    create,
    destroy,
    interface_of,
};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    sizeof(fettle_plugin),
    FETTLE_ABI_MAJOR,
    0,
    FETTLE_ABI_MINOR,
    TEXT("test.bad_benchmark"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
