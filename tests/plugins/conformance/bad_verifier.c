/* A verifier that knows a wrong program by a look (it calls exp), and breaks one rule of the ABI,
 * chosen by -DBAD_… at build time. With none of them it keeps all. */
#include <fettle/fettle.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_host* host;
static const fettle_graph_v1* graphs;
static const fettle_program_v1* programs;

static fettle_status init(const fettle_host* h, fettle_ctx* ctx) {
  static const fettle_str message = TEXT("the host lacks graphs or programs");
  host = h;
  graphs = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  programs = (const fettle_program_v1*)h->extension(FETTLE_PROGRAM_ID);
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

static fettle_status verify(fettle_instance* self, fettle_ctx* ctx,
                            const fettle_verify_request* request, fettle_verdict* out) {
  static const fettle_str wrong = TEXT("aten.exp.default");
  const fettle_graph* graph = programs->graph(request->candidate);
  (void)self, (void)ctx;
  out->comparisons = 1;
  out->verdict =
      graphs->find_symbol(graph, wrong) == FETTLE_NONE ? FETTLE_VERDICT_PASS : FETTLE_VERDICT_FAIL;
#ifdef BAD_NEVER_PASSES
  out->verdict = FETTLE_VERDICT_FAIL;
#endif
#ifdef BAD_ALWAYS_PASSES
  out->verdict = FETTLE_VERDICT_PASS;
#endif
  return FETTLE_OK;
}

static const fettle_verifier_v1 verifier = {sizeof(fettle_verifier_v1), 0, verify, 0, 0};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_VERIFIER_ID) == 0 ? &verifier : NULL;
}
static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("bad_verifier"),
    TEXT("Knows a wrong program by a look."),
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
    TEXT("test.bad_verifier"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
