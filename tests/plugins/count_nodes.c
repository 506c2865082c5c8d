/* A third party's benchmark in C: how many nodes a program really executes on its first sample,
 * counted by a hook, nested graphs included; and its peak memory. */
#include <fettle/fettle.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_program_v1* programs;

/* Says what this host lacks, for a person to act on. */
static fettle_status unsupported(const fettle_host* h, fettle_ctx* ctx, fettle_str message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = message;
  d.node = FETTLE_NONE;
  h->report(ctx, &d);
  return FETTLE_E_UNSUPPORTED;
}

static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  static const fettle_str missing = TEXT("this host cannot run programs (fettle.program/1)");
  programs = (const fettle_program_v1*)host->extension(FETTLE_PROGRAM_ID);
  return programs ? FETTLE_OK : unsupported(host, ctx, missing);
}

static void count(void* user, fettle_node node, uint64_t n, const fettle_datum* results) {
  (void)node, (void)n, (void)results;
  ++*(uint64_t*)user;
}

static void drop(fettle_datum* data, uint64_t n) {
  uint64_t i;
  for (i = 0; data && i < n; ++i) {
    if (data[i].kind == FETTLE_DATUM_TENSOR && data[i].tensor->deleter) {
      data[i].tensor->deleter(data[i].tensor);
    }
  }
  free(data);
}

static fettle_status add(const fettle_metric_sink* sink, uint64_t program, fettle_str name,
                         fettle_str unit, double value) {
  fettle_metric metric;
  memset(&metric, 0, sizeof metric);
  metric.size = sizeof metric;
  metric.lower_is_better = 1;
  metric.program = program;
  metric.name = name;
  metric.unit = unit;
  metric.median = metric.low = metric.high = value;
  metric.n_samples = 1;
  metric.samples = &value;
  return sink->add(sink->user, &metric);
}

static fettle_status measure_one(fettle_ctx* ctx, const fettle_program* program, uint64_t index,
                                 const fettle_metric_sink* sink) {
  static const fettle_str nodes_name = TEXT("executed_nodes"), nodes_unit = TEXT("nodes");
  static const fettle_str peak_name = TEXT("peak"), peak_unit = TEXT("bytes");
  const uint64_t n_in = programs->input_count(program), n_out = programs->output_count(program);
  fettle_datum* inputs = (fettle_datum*)calloc(n_in + 1, sizeof *inputs);
  fettle_datum* outputs = (fettle_datum*)calloc(n_out + 1, sizeof *outputs);
  fettle_status status = inputs && outputs ? FETTLE_OK : FETTLE_E_INTERNAL;
  fettle_run_options options;
  fettle_run_stats stats;
  uint64_t executed = 0;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.flags = FETTLE_RUN_MEASURE_MEMORY;
  options.user = &executed;
  options.after_node = count;
  stats.size = sizeof stats;
  if (status == FETTLE_OK) status = programs->sample_inputs(ctx, program, 0, inputs);
  if (status == FETTLE_OK) status = programs->run(ctx, program, &options, inputs, outputs, &stats);
  drop(inputs, n_in);
  drop(outputs, n_out);
  if (status == FETTLE_OK) status = add(sink, index, nodes_name, nodes_unit, (double)executed);
  if (status == FETTLE_OK)
    status = add(sink, index, peak_name, peak_unit, (double)stats.peak_bytes);
  return status;
}

static fettle_status measure(fettle_instance* self, fettle_ctx* ctx, uint64_t n,
                             const fettle_program* const* all, const fettle_metric_sink* sink) {
  fettle_status status = FETTLE_OK;
  uint64_t i;
  (void)self;
  for (i = 0; status == FETTLE_OK && i < n; ++i) status = measure_one(ctx, all[i], i, sink);
  return status;
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

static const fettle_benchmark_v1 benchmark = {sizeof(fettle_benchmark_v1), 0, measure};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_BENCHMARK_ID) == 0 ? &benchmark : NULL;
}
static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("count_nodes"),
    TEXT("Counts the nodes that run."),
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
    TEXT("test.count_nodes"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
