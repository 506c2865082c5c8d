/* Times runs of each program on its first stored sample: the shortest and the longest of `runs`,
 * and their median. The programs take turns, so that a machine that warms up or throttles hits all
 * alike. */
#include <fettle/fettle.h>
#include <stdlib.h>
#include <string.h>

static const fettle_program_v1* programs;

typedef struct {
  int64_t runs;
} state;

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
  programs = (const fettle_program_v1*)host->extension(FETTLE_PROGRAM_ID);
  if (programs) return FETTLE_OK;
  return unsupported(host, ctx, text("this host cannot run programs (fettle.program/1)"));
}

static void drop(fettle_datum* data, uint64_t n) {
  uint64_t k;
  for (k = 0; data && k < n; ++k) {
    if (data[k].kind == FETTLE_DATUM_TENSOR && data[k].tensor && data[k].tensor->deleter)
      data[k].tensor->deleter(data[k].tensor);
    memset(&data[k], 0, sizeof data[k]);
  }
}

/* One run, in milliseconds, as the host's clock has it: the device is idle before and after. */
static fettle_status time_run(fettle_ctx* ctx, const fettle_program* program, double* out) {
  const uint64_t n_in = programs->input_count(program), n_out = programs->output_count(program);
  fettle_datum* inputs = (fettle_datum*)calloc(n_in + 1, sizeof *inputs);
  fettle_datum* outputs = (fettle_datum*)calloc(n_out + 1, sizeof *outputs);
  fettle_run_stats stats;
  fettle_status status = inputs && outputs ? FETTLE_OK : FETTLE_E_INTERNAL;
  memset(&stats, 0, sizeof stats);
  stats.size = sizeof stats;
  if (status == FETTLE_OK) status = programs->sample_inputs(ctx, program, 0, inputs);
  if (status == FETTLE_OK) status = programs->run(ctx, program, NULL, inputs, outputs, &stats);
  drop(inputs, n_in);
  drop(outputs, n_out);
  free(inputs);
  free(outputs);
  *out = stats.seconds * 1e3;
  return status;
}

static int by_size(const void* a, const void* b) {
  const double left = *(const double*)a, right = *(const double*)b;
  return (left > right) - (left < right);
}
static fettle_status report(const fettle_metric_sink* sink, uint64_t program, double* milliseconds,
                            uint64_t n) {
  fettle_metric metric;
  qsort(milliseconds, (size_t)n, sizeof *milliseconds, by_size);
  memset(&metric, 0, sizeof metric);
  metric.size = sizeof metric;
  metric.lower_is_better = 1;
  metric.program = program;
  metric.name = text("my_plugin");
  metric.unit = text("ms");
  metric.low = milliseconds[0];
  metric.median = milliseconds[n / 2];
  metric.high = milliseconds[n - 1];
  metric.n_samples = n;
  metric.samples = milliseconds;
  metric.note = text("shortest and longest of all runs");
  return sink->add(sink->user, &metric);
}

static fettle_status measure(fettle_instance* self, fettle_ctx* ctx, uint64_t n_programs,
                             const fettle_program* const* all, const fettle_metric_sink* sink) {
  const uint64_t runs = (uint64_t)((const state*)(const void*)self)->runs;
  double* times = (double*)calloc((size_t)(n_programs * runs), sizeof *times);
  fettle_status status = times ? FETTLE_OK : FETTLE_E_INTERNAL;
  uint64_t run, p;
  for (p = 0; p < n_programs && status == FETTLE_OK; ++p) {
    if (programs->sample_count(all[p]) == 0) status = FETTLE_E_UNSUPPORTED;
    if (status == FETTLE_OK) status = time_run(ctx, all[p], &times[p * runs]); /* warms up */
  }
  for (run = 0; run < runs && status == FETTLE_OK; ++run) {
    for (p = 0; p < n_programs && status == FETTLE_OK; ++p)
      status = time_run(ctx, all[p], &times[p * runs + run]);
  }
  for (p = 0; p < n_programs && status == FETTLE_OK; ++p)
    status = report(sink, p, &times[p * runs], runs);
  free(times);
  return status;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  state* self = (state*)malloc(sizeof *self);
  (void)ctx, (void)n;
  if (!self) return FETTLE_E_INTERNAL;
  self->runs = options[0].value.i; /* all that are declared, in that order, checked */
  *out = (fettle_instance*)(void*)self;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  free(self);
}

static const fettle_benchmark_v1 benchmark = {.size = sizeof(fettle_benchmark_v1),
                                              .measure = measure};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_BENCHMARK_ID) == 0 ? &benchmark : NULL;
}

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_option_decl options[] = {
    {.name = TEXT("runs"),
     .help = TEXT("timed runs of each program"),
     .type = FETTLE_OPTION_INT,
     .default_value = {.i = 30},
     .has_range = 1,
     .min = {.i = 1},
     .max = {.i = 1000000}},
};

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("my_plugin"),
    .summary = TEXT("Times runs on the stored sample."),
    .n_options = 1,
    .options = options,
    .create = create,
    .destroy = destroy,
    .get_interface = get_interface,
};
static const fettle_component* const components[] = {&component};
static const fettle_plugin plugin = {
    .size = sizeof(fettle_plugin),
    .abi_major = FETTLE_ABI_MAJOR,
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
