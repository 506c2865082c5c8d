/* Runs both programs on every stored sample and compares the bytes of their outputs: what promises
 * to be exact must give the same ones. Floats of a pass that promises less may differ by
 * `tolerance`. Cannot judge without samples. Looks at outputs alone: not at buffers, nor at
 * gradients. */
#include <fettle/fettle.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const fettle_program_v1* programs;

typedef struct {
  double tolerance;
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

/* ---- two outputs */

/* Where an element lies, by its row-major index. */
static const char* element(const DLTensor* t, int64_t index) {
  int64_t at = 0, dense = 1;
  int32_t d;
  for (d = t->ndim - 1; d >= 0; --d) {
    at += index % t->shape[d] * (t->strides ? t->strides[d] : dense);
    index /= t->shape[d];
    dense *= t->shape[d];
  }
  return (const char*)t->data + t->byte_offset + at * (t->dtype.bits / 8);
}
static double distance(const DLTensor* t, const char* a, const char* b) {
  float single_a, single_b;
  double double_a, double_b;
  if (memcmp(a, b, t->dtype.bits / 8) == 0) return 0;
  if (t->dtype.code != kDLFloat) return INFINITY; /* integers are the same or wrong */
  if (t->dtype.bits == 32) {
    memcpy(&single_a, a, sizeof single_a), memcpy(&single_b, b, sizeof single_b);
    return fabs((double)single_a - (double)single_b);
  }
  if (t->dtype.bits != 64) return INFINITY; /* no decoder here for halves */
  memcpy(&double_a, a, sizeof double_a), memcpy(&double_b, b, sizeof double_b);
  return fabs(double_a - double_b);
}
static void compare(const DLTensor* a, const DLTensor* b, uint64_t output, fettle_verdict* out) {
  int64_t n = 1, k;
  int32_t d;
  int same = a->ndim == b->ndim && memcmp(&a->dtype, &b->dtype, sizeof a->dtype) == 0;
  for (d = 0; same && d < a->ndim; ++d) {
    same = a->shape[d] == b->shape[d];
    n *= a->shape[d];
  }
  if (!same) out->verdict = FETTLE_VERDICT_FAIL;
  for (k = 0; same && k < n; ++k) {
    const double error = distance(a, element(a, k), element(b, k));
    if (!(error <= out->allowed)) out->verdict = FETTLE_VERDICT_FAIL;
    if (error <= out->max_abs) continue;
    out->max_abs = error;
    out->output = output;
    out->element = (uint64_t)k;
  }
}

/* ---- two programs */

static void drop(fettle_datum* data, uint64_t n) {
  uint64_t k;
  for (k = 0; data && k < n; ++k) {
    if (data[k].kind == FETTLE_DATUM_TENSOR && data[k].tensor && data[k].tensor->deleter)
      data[k].tensor->deleter(data[k].tensor);
  }
  free(data);
}

static fettle_status compare_sample(fettle_ctx* ctx, const fettle_verify_request* request,
                                    uint64_t sample, fettle_verdict* out) {
  const uint64_t n_in = programs->input_count(request->reference);
  const uint64_t n_out = programs->output_count(request->reference);
  fettle_datum* inputs = (fettle_datum*)calloc(n_in + 1, sizeof *inputs);
  fettle_datum* expected = (fettle_datum*)calloc(n_out + 1, sizeof *expected);
  fettle_datum* actual = (fettle_datum*)calloc(n_out + 1, sizeof *actual);
  fettle_status status = inputs && expected && actual ? FETTLE_OK : FETTLE_E_INTERNAL;
  uint64_t k;
  if (status == FETTLE_OK)
    status = programs->sample_inputs(ctx, request->reference, sample, inputs);
  if (status == FETTLE_OK)
    status = programs->run(ctx, request->reference, NULL, inputs, expected, NULL);
  if (status == FETTLE_OK)
    status = programs->run(ctx, request->candidate, NULL, inputs, actual, NULL);
  for (k = 0; status == FETTLE_OK && k < n_out; ++k) {
    if (expected[k].kind != actual[k].kind)
      out->verdict = FETTLE_VERDICT_FAIL;
    else if (expected[k].kind == FETTLE_DATUM_TENSOR)
      compare(&expected[k].tensor->dl_tensor, &actual[k].tensor->dl_tensor, k, out);
    else if (expected[k].i != actual[k].i || fabs(expected[k].f - actual[k].f) > out->allowed)
      out->verdict = FETTLE_VERDICT_FAIL;
  }
  drop(inputs, n_in);
  drop(expected, n_out);
  drop(actual, n_out);
  ++out->comparisons;
  return status;
}

static fettle_status verify(fettle_instance* self, fettle_ctx* ctx,
                            const fettle_verify_request* request, fettle_verdict* out) {
  const uint64_t n = programs->sample_count(request->reference);
  fettle_status status = FETTLE_OK;
  uint64_t k;
  out->verdict = n ? FETTLE_VERDICT_PASS : FETTLE_VERDICT_UNABLE;
  out->allowed =
      request->promise == FETTLE_PROMISE_EXACT ? 0 : ((const state*)(const void*)self)->tolerance;
  out->reference = text("original program");
  out->inputs = text("stored samples");
  for (k = 0; k < n && status == FETTLE_OK; ++k) status = compare_sample(ctx, request, k, out);
  return status;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  state* self = (state*)malloc(sizeof *self);
  (void)ctx, (void)n;
  if (!self) return FETTLE_E_INTERNAL;
  self->tolerance = options[0].value.f; /* all that are declared, in that order, checked */
  *out = (fettle_instance*)(void*)self;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  free(self);
}

static const fettle_verifier_v1 verifier = {.size = sizeof(fettle_verifier_v1), .verify = verify};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_VERIFIER_ID) == 0 ? &verifier : NULL;
}

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_option_decl options[] = {
    {.name = TEXT("tolerance"),
     .help = TEXT("largest absolute error of a tolerant pass"),
     .type = FETTLE_OPTION_FLOAT,
     .default_value = {.f = 1e-5},
     .has_range = 1,
     .min = {.f = 0},
     .max = {.f = 1e6}},
};

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("my_plugin"),
    .summary = TEXT("Compares outputs on the stored samples."),
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
