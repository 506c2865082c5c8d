/* A plugin whose descriptor is wrong in one way, chosen by -DBAD_… at build time: one library for
 * each, all refused before any of their code but the entry point runs. With none of them it is a
 * good plugin, whose component "well_behaved" does nothing. */
#include <fettle/fettle.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

#ifndef NAME
#define NAME "well_behaved"
#endif
#ifndef VERSION
#define VERSION "1.0"
#endif

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx, (void)options, (void)n;
  *out = NULL;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  (void)self, (void)ctx, (void)graph;
  return FETTLE_OK;
}

static const fettle_pass_v1 pass = {
#ifdef BAD_INTERFACE_SIZE
    8,
#else
    sizeof(fettle_pass_v1),
#endif
#ifdef BAD_PROMISE
    77,
#else
    FETTLE_PROMISE_EXACT,
#endif
    NULL,
#ifdef BAD_NO_TRANSFORM
    NULL,
#else
    transform,
#endif
    NULL, 0, NULL, 0, 0};

#ifdef BAD_TWO_KINDS
static fettle_status verify(fettle_instance* self, fettle_ctx* ctx,
                            const fettle_verify_request* request, fettle_verdict* out) {
  (void)self, (void)ctx, (void)request, (void)out;
  return FETTLE_OK;
}
static const fettle_verifier_v1 verifier = {sizeof(fettle_verifier_v1), 0, verify, 0, 0};
#endif

#if defined(BAD_ANALYSIS_COMPUTE) || defined(BAD_ANALYSIS_ID)
static fettle_status compute(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             void** answer) {
  (void)self, (void)ctx, (void)graph, (void)answer;
  return FETTLE_OK;
}
static void release(fettle_instance* self, void* answer) {
  (void)self, (void)answer;
}
static const fettle_analysis_v1 analysis = {
    .size = sizeof(fettle_analysis_v1),
#ifdef BAD_ANALYSIS_COMPUTE
    .answer_id = {"a/1", 3},
#else
    .compute = compute,
#endif
    .release = release,
};
#endif

static const void* interface_of(const char* id) {
#if defined(BAD_ANALYSIS_COMPUTE) || defined(BAD_ANALYSIS_ID)
  return strcmp(id, FETTLE_ANALYSIS_ID) == 0 ? &analysis : NULL;
#elif defined(BAD_NO_INTERFACE)
  (void)id;
  return NULL;
#else
#ifdef BAD_TWO_KINDS
  if (strcmp(id, FETTLE_VERIFIER_ID) == 0) return &verifier;
#endif
  return strcmp(id, FETTLE_PASS_ID) == 0 ? &pass : NULL;
#endif
}

#if defined(BAD_OPTION_DUPLICATE)
static const fettle_option_decl options[] = {
    {TEXT("size"),
     TEXT("help"),
     FETTLE_OPTION_INT,
     0,
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     0,
     NULL},
    {TEXT("size"),
     TEXT("help"),
     FETTLE_OPTION_INT,
     0,
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     0,
     NULL},
};
#elif defined(BAD_OPTION_DEFAULT)
static const fettle_option_decl options[] = {
    {TEXT("size"),
     TEXT("help"),
     FETTLE_OPTION_INT,
     1,
     {9, 0, {0, 0}},
     {0, 0, {0, 0}},
     {5, 0, {0, 0}},
     0,
     NULL},
};
#elif defined(BAD_OPTION_TYPE)
static const fettle_option_decl options[] = {
    {TEXT("size"), TEXT("help"), 99, 0, {0, 0, {0, 0}}, {0, 0, {0, 0}}, {0, 0, {0, 0}}, 0, NULL},
};
#else
/* One of each type, for the tests of given options. */
static const fettle_str modes[] = {TEXT("fast"), TEXT("careful")};
static const fettle_option_decl options[] = {
    {TEXT("flag"),
     TEXT("a switch"),
     FETTLE_OPTION_BOOL,
     0,
     {1, 0, {0, 0}},
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     0,
     NULL},
    {TEXT("count"),
     TEXT("how many"),
     FETTLE_OPTION_INT,
     1,
     {4, 0, {0, 0}},
     {1, 0, {0, 0}},
     {8, 0, {0, 0}},
     0,
     NULL},
    {TEXT("ratio"),
     TEXT("a share"),
     FETTLE_OPTION_FLOAT,
     1,
     {0, 0.5, {0, 0}},
     {0, 0.0, {0, 0}},
     {0, 1.0, {0, 0}},
     0,
     NULL},
    {TEXT("mode"),
     TEXT("how"),
     FETTLE_OPTION_STRING,
     0,
     {0, 0, TEXT("fast")},
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     2,
     modes},
    {TEXT("label"),
     TEXT("any text"),
     FETTLE_OPTION_STRING,
     0,
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     {0, 0, {0, 0}},
     0,
     NULL},
};
#endif

static const fettle_component component = {
#ifdef BAD_COMPONENT_SIZE
    16,
#else
    sizeof(fettle_component),
#endif
    0,       TEXT(NAME),   TEXT("Does nothing, well."), sizeof options / sizeof options[0], options,
#ifdef BAD_NO_CREATE
    NULL,
#else
    create,
#endif
    destroy, interface_of,
};
static const fettle_component* const components[] = {
    &component,
#ifdef BAD_TWO_OF_ONE_NAME
    &component,
#endif
};

#ifdef BAD_INIT
static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  fettle_diagnostic d;
  static const fettle_str message = TEXT("the licence has run out");
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = message;
  d.node = FETTLE_NONE;
  host->report(ctx, &d);
  return FETTLE_E_PLUGIN;
}
#else
static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  (void)ctx;
  return host->abi_major == FETTLE_ABI_MAJOR ? FETTLE_OK : FETTLE_E_UNSUPPORTED;
}
#endif

static const fettle_plugin plugin = {
#ifdef BAD_SIZE
    12,
#else
    sizeof(fettle_plugin),
#endif
#ifdef BAD_MAJOR
    2,
#else
    FETTLE_ABI_MAJOR,
#endif
#ifdef BAD_NEEDS_NEWER
    999,
#else
    0,
#endif
    FETTLE_ABI_MINOR,
#ifdef BAD_NO_ID
    {NULL, 0},
#else
    TEXT("test.bad_descriptor"),
#endif
    TEXT(VERSION),
    init,
    NULL,
#ifdef BAD_NO_COMPONENTS
    0,
#else
    sizeof components / sizeof components[0],
#endif
    components,
};

#if defined(BAD_NO_SYMBOL)
FETTLE_EXPORT int some_other_library(void);
FETTLE_EXPORT int some_other_library(void) {
  return (int)plugin.size;
}
#elif defined(BAD_SYMBOL_OF_VERSION_2)
FETTLE_EXPORT const void* fettle_plugin_v2(void);
FETTLE_EXPORT const void* fettle_plugin_v2(void) {
  return &plugin;
}
#elif defined(BAD_NULL)
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return plugin.size ? NULL : &plugin;
}
#else
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
#endif
