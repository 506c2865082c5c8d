/* A verifier and a benchmark whose answers make no sense, in the way that their option says; two
 * components in one plugin. */
#include <fettle/fettle.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  const fettle_str given = options[0].value.s; /* borrowed: copied to be kept */
  char* how = (char*)calloc(given.size + 1, 1);
  (void)ctx, (void)n;
  if (!how) return FETTLE_E_INTERNAL;
  if (given.size) memcpy(how, given.data, given.size);
  *out = (fettle_instance*)(void*)how;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  free(self);
}

static int is(const fettle_instance* self, const char* way) {
  return strcmp((const char*)self, way) == 0;
}

static fettle_status verify(fettle_instance* self, fettle_ctx* ctx,
                            const fettle_verify_request* request, fettle_verdict* out) {
  (void)ctx, (void)request;
  if (is(self, "silent")) return FETTLE_OK; /* sets no verdict */
  out->verdict = FETTLE_VERDICT_PASS;
  out->comparisons = is(self, "compared_nothing") ? 0 : 1;
  out->max_abs = is(self, "nan") ? NAN : 0.0;
  out->output = is(self, "output") ? 99 : 0;
  if (is(self, "unknown")) out->verdict = 17;
  return FETTLE_OK;
}

static fettle_status measure(fettle_instance* self, fettle_ctx* ctx, uint64_t n,
                             const fettle_program* const* all, const fettle_metric_sink* sink) {
  static const fettle_str name = TEXT("made_up"), unit = TEXT("points");
  fettle_metric m;
  (void)ctx, (void)all;
  memset(&m, 0, sizeof m);
  m.size = sizeof m;
  m.name = name;
  m.unit = unit;
  m.low = 1;
  m.median = is(self, "order") ? 9 : 2;
  m.high = is(self, "nan") ? NAN : 3;
  m.program = is(self, "program") ? n : 0;
  m.n_samples = is(self, "samples") ? 5 : 0;
  if (is(self, "silent")) m.name.size = 0;
  sink->add(sink->user, &m); /* and does not care what the answer is */
  return FETTLE_OK;
}

static const fettle_verifier_v1 verifier = {sizeof(fettle_verifier_v1), 0, verify, 0, 0};
static const fettle_benchmark_v1 benchmark = {sizeof(fettle_benchmark_v1), 0, measure};

static const void* verifier_interface(const char* id) {
  return strcmp(id, FETTLE_VERIFIER_ID) == 0 ? &verifier : NULL;
}
static const void* benchmark_interface(const char* id) {
  return strcmp(id, FETTLE_BENCHMARK_ID) == 0 ? &benchmark : NULL;
}

static const fettle_option_decl options[] = {
    {TEXT("how"),
     TEXT("the kind of nonsense"),
     FETTLE_OPTION_STRING,
     0,
     {0, 0, {NULL, 0}},
     {0, 0, {NULL, 0}},
     {0, 0, {NULL, 0}},
     0,
     NULL},
};
static const fettle_component nonsense_verifier = {
    sizeof(fettle_component),
    0,
    TEXT("nonsense_verifier"),
    TEXT("Verdicts that make no sense."),
    1,
    options,
    create,
    destroy,
    verifier_interface,
};
static const fettle_component nonsense_benchmark = {
    sizeof(fettle_component),
    0,
    TEXT("nonsense_benchmark"),
    TEXT("Metrics that make no sense."),
    1,
    options,
    create,
    destroy,
    benchmark_interface,
};
static const fettle_component* const components[] = {&nonsense_verifier, &nonsense_benchmark};
static const fettle_plugin plugin = {
    sizeof(fettle_plugin),
    FETTLE_ABI_MAJOR,
    0,
    FETTLE_ABI_MINOR,
    TEXT("test.nonsense_answers"),
    TEXT("1.0"),
    NULL,
    NULL,
    2,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
