/* Writes each step of its life to the file that FETTLE_TEST_LOG names. */
#include <fettle/fettle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static void note(const char* step) {
  const char* path = getenv("FETTLE_TEST_LOG");
  FILE* file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "%s\n", step);
  fclose(file);
}

static fettle_status init(const fettle_host* host, fettle_ctx* ctx) {
  (void)host, (void)ctx;
  note("init");
  return FETTLE_OK;
}
static void fini(void) {
  note("fini");
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx, (void)n;
  note("create");
  *out = NULL; /* no state is fine */
  return options[0].value.i ? FETTLE_E_PLUGIN : FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
  note("destroy");
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  (void)self, (void)ctx, (void)graph;
  note("transform");
  return FETTLE_OK;
}
static const fettle_pass_v1 pass = {
    .size = sizeof(fettle_pass_v1),
    .promise = FETTLE_PROMISE_TOLERANT,
    .transform = transform,
};
static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_PASS_ID) == 0 ? &pass : NULL;
}
static const fettle_option_decl options[] = {
    {TEXT("fail"),
     TEXT("create fails"),
     FETTLE_OPTION_BOOL,
     0,
     {0, 0, {NULL, 0}},
     {0, 0, {NULL, 0}},
     {0, 0, {NULL, 0}},
     0,
     NULL},
};
static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("lifecycle"),
    TEXT("Notes its life."),
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
    TEXT("test.lifecycle"),
    TEXT("1.0"),
    init,
    fini,
    1,
    components,
};
FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
