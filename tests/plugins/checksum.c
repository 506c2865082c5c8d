/* A third party's verifier in C: each output's sum of elements must be the reference's, within an
 * option. Coarse, but real: it runs both programs on every stored sample. */
#include <fettle/fettle.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_program_v1* programs;

static fettle_str text(const char* s) {
  fettle_str t;
  t.data = s;
  t.size = strlen(s);
  return t;
}

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

/* ---- numbers */

static double element(const DLTensor* t, int64_t at) {
  const char* data = (const char*)t->data + t->byte_offset;
  if (t->dtype.code == kDLFloat && t->dtype.bits == 32)
    return (double)((const float*)(const void*)data)[at];
  if (t->dtype.code == kDLFloat && t->dtype.bits == 64)
    return ((const double*)(const void*)data)[at];
  if (t->dtype.code == kDLInt && t->dtype.bits == 64)
    return (double)((const int64_t*)(const void*)data)[at];
  if (t->dtype.code == kDLBool) return ((const unsigned char*)data)[at] ? 1.0 : 0.0;
  return NAN; /* not a dtype that this verifier knows: never equal */
}

static double sum(const DLTensor* t) {
  int64_t count = 1, i;
  double total = 0;
  int32_t d;
  for (d = 0; d < t->ndim; ++d) count *= t->shape[d];
  for (i = 0; i < count; ++i) {
    int64_t rest = i, at = 0, dense = 1;
    for (d = t->ndim - 1; d >= 0; --d) {
      const int64_t stride = t->strides ? t->strides[d] : dense;
      at += rest % t->shape[d] * stride;
      rest /= t->shape[d];
      dense *= t->shape[d];
    }
    total += element(t, at);
  }
  return total;
}

static double datum_sum(const fettle_datum* d) {
  switch (d->kind) {
    case FETTLE_DATUM_TENSOR:
      return sum(&d->tensor->dl_tensor);
    case FETTLE_DATUM_FLOAT:
      return d->f;
    case FETTLE_DATUM_NONE:
      return 0;
    default:
      return (double)d->i;
  }
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

/* ---- the verifier */

typedef struct {
  double tolerance;
} state;

static fettle_status compare_sample(const state* self, fettle_ctx* ctx,
                                    const fettle_verify_request* request, uint64_t sample,
                                    fettle_verdict* out) {
  const uint64_t n_in = programs->input_count(request->reference);
  const uint64_t n_out = programs->output_count(request->reference);
  fettle_datum* inputs = (fettle_datum*)calloc(n_in + 1, sizeof *inputs);
  fettle_datum* expected = (fettle_datum*)calloc(n_out + 1, sizeof *expected);
  fettle_datum* actual = (fettle_datum*)calloc(n_out + 1, sizeof *actual);
  fettle_status status = inputs && expected && actual ? FETTLE_OK : FETTLE_E_INTERNAL;
  uint64_t k;
  if (status == FETTLE_OK)
    status = programs->sample_inputs(ctx, request->reference, sample, inputs);
  if (status == FETTLE_OK) {
    status = programs->run(ctx, request->reference, NULL, inputs, expected, NULL);
  }
  if (status == FETTLE_OK) {
    status = programs->run(ctx, request->candidate, NULL, inputs, actual, NULL);
  }
  for (k = 0; status == FETTLE_OK && k < n_out; ++k) {
    const double error = fabs(datum_sum(&actual[k]) - datum_sum(&expected[k]));
    if (!(error <= self->tolerance)) out->verdict = FETTLE_VERDICT_FAIL;
    if (!(error <= out->max_abs)) {
      out->max_abs = error;
      out->output = k;
    }
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
  uint64_t i;
  out->reference = text("original program");
  out->inputs = text("stored samples");
  out->verdict = n > 0 ? FETTLE_VERDICT_PASS : FETTLE_VERDICT_UNABLE;
  out->detail = n > 0 ? text("sums of the outputs compared") : text("no samples are stored");
  if (programs->output_count(request->candidate) != programs->output_count(request->reference)) {
    out->verdict = FETTLE_VERDICT_FAIL;
    return FETTLE_OK;
  }
  for (i = 0; status == FETTLE_OK && i < n; ++i) {
    status = compare_sample((const state*)(const void*)self, ctx, request, i, out);
  }
  return status;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  state* self = (state*)malloc(sizeof *self);
  (void)ctx, (void)n;
  if (!self) return FETTLE_E_INTERNAL;
  self->tolerance = options[0].value.f;
  *out = (fettle_instance*)(void*)self;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  free(self);
}

static const fettle_verifier_v1 verifier = {
    sizeof(fettle_verifier_v1), 0, verify,
#if FETTLE_TARGET_MINOR >= 1
    0, 0,
#endif
};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_VERIFIER_ID) == 0 ? &verifier : NULL;
}

static const fettle_option_decl options[] = {
    {TEXT("tolerance"),
     TEXT("largest difference of two sums"),
     FETTLE_OPTION_FLOAT,
     1,
     {0, 1e-3, {NULL, 0}},
     {0, 0.0, {NULL, 0}},
     {0, 1e6, {NULL, 0}},
     0,
     NULL},
};
static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("checksum"),
    TEXT("Compares the sums of outputs."),
    1,
    options,
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
    TEXT("test.checksum"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
