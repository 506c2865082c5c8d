/* A pass that does its work, relu(relu(x)) → relu(x), and breaks one rule of the ABI, chosen by
 * -DBAD_… at build time: one library for each check that it fails. With none of them it keeps all.
 */
#include <fettle/fettle.h>
#include <stdlib.h>
#include <string.h>
#ifdef BAD_ENTRY_SLOW
#include <time.h>
#endif

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_host* host;
static const fettle_graph_v1* graph_api;
static const fettle_facts_v1* facts_api;
static const fettle_edit_v1* edit_api;
static const fettle_evaluate_v1* evaluate_api;

static fettle_str text(const char* s) {
  fettle_str t;
  t.data = s;
  t.size = strlen(s);
  return t;
}

static fettle_status fail(fettle_ctx* ctx, fettle_status status, const char* message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = FETTLE_SEVERITY_ERROR;
  d.message = text(message);
  d.node = FETTLE_NONE;
  host->report(ctx, &d);
  return status;
}

/* ---- descriptor: filled in once, or each time where that is the fault */

static const fettle_component* component_of_plugin(void);
static fettle_status init(const fettle_host* h, fettle_ctx* ctx);
static void fini(void);

/* ---- options */

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
#ifdef BAD_DEFAULT
  return fail(ctx, FETTLE_E_PLUGIN, "this default will not do");
#endif
#ifdef BAD_BOUND
  if (options[0].value.i == 8) return fail(ctx, FETTLE_E_PLUGIN, "eight is too many");
#endif
#ifdef BAD_OUT_OF_RANGE
  {
    static const int table[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    const int* volatile entries = table;
    if (options[0].value.i > 8 || options[0].value.i < 1) entries = NULL;
    if (entries[0] != 0) return FETTLE_E_PLUGIN;
  }
#endif
  (void)ctx, (void)options, (void)n;
  *out = NULL;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
}

/* ---- the pass */

/* The relu whose result this relu takes, or FETTLE_NONE. */
static fettle_node inner_relu(const fettle_graph* graph, fettle_sym relu, fettle_value operand) {
  const fettle_node producer = graph_api->value_producer(graph, operand);
  return graph_api->node_op(graph, producer) == relu ? producer : FETTLE_NONE;
}

static fettle_status remove_outer(fettle_ctx* ctx, fettle_graph* graph, fettle_node outer,
                                  fettle_value result, fettle_value inner) {
  fettle_status status = edit_api->rewrite_begin(ctx, graph, outer, text("relu of relu"));
#ifdef BAD_LIMIT
  if (status == FETTLE_E_LIMIT) return fail(ctx, status, "there is a limit");
#endif
  if (status == FETTLE_E_LIMIT) return FETTLE_OK;
  if (status != FETTLE_OK) return status;
  status = edit_api->replace_all_uses(ctx, graph, result, inner);
#ifdef BAD_IGNORES_FAILURE
  if (status != FETTLE_OK) return FETTLE_OK; /* and leaves the rewrite open */
#endif
#ifndef BAD_PRESERVES
  if (status == FETTLE_OK) status = edit_api->erase_node(ctx, graph, outer);
#endif
  if (status != FETTLE_OK) {
    edit_api->rewrite_abort(ctx, graph);
    return status;
  }
  return edit_api->rewrite_end(ctx, graph);
}

#ifdef BAD_NUMERICS
/* relu(x) → sigmoid(x), where nothing else is found. */
static fettle_status replace_relu(fettle_ctx* ctx, fettle_graph* graph, fettle_node relu,
                                  const fettle_node_info* info) {
  fettle_node_spec spec;
  fettle_arg operand;
  fettle_node made;
  fettle_node_info made_info;
  fettle_value_info value;
  fettle_status status;
  memset(&spec, 0, sizeof spec);
  memset(&operand, 0, sizeof operand);
  made_info.size = sizeof made_info;
  value.size = sizeof value;
  operand.payload = FETTLE_PAYLOAD_VALUE;
  operand.value = info->operands[0];
  status = graph_api->value_info(ctx, graph, info->first_result, &value);
  if (status != FETTLE_OK) return status;
  spec.size = sizeof spec;
  spec.op = text("aten.sigmoid.default");
  spec.n_args = 1;
  spec.args = &operand;
  spec.n_results = 1;
  spec.result_types = &value.type;
  spec.before = relu;
  spec.provenance = relu;
  status = edit_api->rewrite_begin(ctx, graph, relu, text("wrong"));
  if (status == FETTLE_E_LIMIT) return FETTLE_OK;
  if (status != FETTLE_OK) return status;
  status = edit_api->create_node(ctx, graph, &spec, &made);
  if (status == FETTLE_OK) status = graph_api->node_info(ctx, graph, made, &made_info);
  if (status == FETTLE_OK)
    status = edit_api->replace_all_uses(ctx, graph, info->first_result, made_info.first_result);
  if (status == FETTLE_OK) status = edit_api->erase_node(ctx, graph, relu);
  if (status != FETTLE_OK) {
    edit_api->rewrite_abort(ctx, graph);
    return status;
  }
  return edit_api->rewrite_end(ctx, graph);
}
#endif

static fettle_status visit(fettle_ctx* ctx, fettle_graph* graph, fettle_sym relu, fettle_node node,
                           const fettle_alias_classes* classes) {
  fettle_node_info info;
  fettle_node inner;
  fettle_status status;
  info.size = sizeof info;
  status = graph_api->node_info(ctx, graph, node, &info);
  if (status != FETTLE_OK) return status;
  inner = inner_relu(graph, relu, info.operands[0]);
#ifdef BAD_NUMERICS
  return replace_relu(ctx, graph, node, &info);
#endif
  if (inner == FETTLE_NONE) return FETTLE_OK;
  if (classes->flags[classes->class_of[info.first_result]] != 0) return FETTLE_OK;
  if (classes->flags[classes->class_of[info.operands[0]]] & FETTLE_CLASS_WRITTEN) return FETTLE_OK;
  return remove_outer(ctx, graph, node, info.first_result, info.operands[0]);
}

#ifdef BAD_TENSOR_LEAK
#define RELEASES 0
#elif defined(BAD_TENSOR_TWICE)
#define RELEASES 2
#else
#define RELEASES 1
#endif

/* Looks at the weights, as one would to fold them. */
static fettle_status look_at_weights(fettle_ctx* ctx, const fettle_graph* graph) {
  fettle_node node = graph_api->first_node(graph, 0);
  for (; node != FETTLE_NONE; node = graph_api->next_node(graph, node)) {
    DLManagedTensorVersioned* tensor = NULL;
    fettle_node_info info;
    fettle_status status;
    int i;
    info.size = sizeof info;
    status = graph_api->node_info(ctx, graph, node, &info);
    if (status != FETTLE_OK) return status;
    if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) return FETTLE_OK;
    status = evaluate_api->constant(ctx, graph, info.first_result, &tensor);
    if (status == FETTLE_E_ABSENT) continue;
    if (status != FETTLE_OK) return status;
    for (i = 0; i < RELEASES; ++i) tensor->deleter(tensor);
  }
  return FETTLE_OK;
}

/* What is found in the program, by operator and size, and then done wrong. */
static fettle_status misbehave(fettle_ctx* ctx, const fettle_graph* graph) {
  const uint32_t nodes = graph_api->node_count(graph);
#ifdef BAD_EMPTY
  if (nodes <= 3 && graph_api->find_symbol(graph, text("aten.relu.default")) == FETTLE_NONE &&
      graph_api->find_symbol(graph, text("aten.full.default")) == FETTLE_NONE)
    return fail(ctx, FETTLE_E_PLUGIN, "there is nothing to do here");
#endif
#ifdef BAD_ONE_NODE
  if (nodes <= 3 && graph_api->find_symbol(graph, text("aten.relu.default")) != FETTLE_NONE)
    exit(0);
#endif
#ifdef BAD_NESTED
  {
    fettle_columns all;
    uint64_t i;
    all.size = sizeof all;
    if (graph_api->columns(ctx, graph, &all) != FETTLE_OK) return FETTLE_E_PLUGIN;
    for (i = 0; i < all.n_nodes; ++i) {
      fettle_node_info info;
      info.size = sizeof info;
      if (graph_api->node_info(ctx, graph, all.nodes[i], &info) != FETTLE_OK)
        return FETTLE_E_PLUGIN;
      if (info.name.size == 4 && memcmp(info.name.data, "last", 4) == 0) abort();
    }
  }
#endif
#ifdef BAD_LARGE
  if (nodes > 50000) {
    volatile char* volatile nowhere = NULL;
    *nowhere = 1; /* as recursion does that has no end */
  }
#endif
#ifdef BAD_RANDOM
  if (graph_api->find_symbol(graph, text("aten.mv.default")) != FETTLE_NONE)
    return fail(ctx, FETTLE_E_PLUGIN, "products of matrix and vector are not known here");
#endif
#ifdef BAD_CANCELLATION
  {
    volatile uint64_t waited = 0;
    while (host->cancelled(ctx)) ++waited;
  }
#endif
  (void)ctx, (void)nodes;
  return FETTLE_OK;
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  const fettle_sym relu = graph_api->find_symbol(graph, text("aten.relu.default"));
  fettle_columns all;
  fettle_alias_classes classes;
  fettle_status status;
  uint64_t i;
#ifdef BAD_SAME_EDITS
  static unsigned times;
  if (++times % 2 == 0) return FETTLE_OK;
#endif
  (void)self;
  if ((status = misbehave(ctx, graph)) != FETTLE_OK) return status;
  if ((status = look_at_weights(ctx, graph)) != FETTLE_OK) return status;
  all.size = sizeof all;
  classes.size = sizeof classes;
  if ((status = graph_api->columns(ctx, graph, &all)) != FETTLE_OK) return status;
#ifdef BAD_ABSENT
  if ((status = facts_api->alias_classes(ctx, graph, &classes)) != FETTLE_OK) return status;
#else
  if (!facts_api) return FETTLE_OK;
  if ((status = facts_api->alias_classes(ctx, graph, &classes)) != FETTLE_OK) return status;
#endif
  for (i = 0; i < all.n_nodes; ++i) {
    if (relu == FETTLE_NONE || all.ops[i] != relu) continue;
    if ((status = visit(ctx, graph, relu, all.nodes[i], &classes)) != FETTLE_OK) return status;
#ifdef BAD_IDEMPOTENT
    if (all.n_nodes != graph_api->node_count(graph)) return FETTLE_OK; /* one is enough for today */
#endif
  }
  return FETTLE_OK;
}

static fettle_status analyze(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             fettle_applicability* out) {
  (void)self, (void)ctx, (void)graph, (void)out;
#ifdef BAD_UNCHANGED
  out->applicable = 0;
  out->why = text("never any relus");
#endif
#ifdef BAD_POISON
  /* A newer header's struct: written without asking whether the host's has it. */
  if (out->size > sizeof *out) ((char*)(out + 1))[0] = 1;
#endif
  return FETTLE_OK;
}

#ifdef BAD_PRESERVES
static const fettle_str preserved[] = {TEXT(FETTLE_DOMINANCE_ID)};
#endif

static const fettle_pass_v1 pass = {
    .size = sizeof(fettle_pass_v1),
    .promise = FETTLE_PROMISE_EXACT,
    .analyze = analyze,
    .transform = transform,
#ifdef BAD_PRESERVES
    .n_preserves = 1,
    .preserves = preserved,
#endif
#ifdef BAD_IDEMPOTENT
    .flags = FETTLE_PASS_IDEMPOTENT,
#endif
};

static const void* interface_of(const char* id) {
#ifdef BAD_UNKNOWN_INTERFACE
  return strncmp(id, "fettle.pass", 11) == 0 ? &pass : NULL;
#else
  return strcmp(id, FETTLE_PASS_ID) == 0 ? &pass : NULL;
#endif
}

static const fettle_option_decl options[] = {
    {TEXT("count"),
     TEXT("how many"),
     FETTLE_OPTION_INT,
     1,
     {4, 0, {0, 0}},
     {1, 0, {0, 0}},
     {8, 0, {0, 0}},
     0,
     NULL},
};

static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("bad_pass"),
#ifdef BAD_UNDOCUMENTED
    {NULL, 0},
#else
    TEXT("Removes a relu whose input is the result of a relu."),
#endif
    1,
    options,
    create,
    destroy,
    interface_of,
};

static const fettle_component* component_of_plugin(void) {
  return &component;
}

/* ---- init and fini */

static int initialized;

static void fini(void) {
#ifndef BAD_SECOND_INIT
  initialized = 0;
#endif
}

#ifdef BAD_OLD_HOST
__attribute__((no_sanitize_address))
#endif
static fettle_status
init(const fettle_host* h, fettle_ctx* ctx) {
  host = h;
  if (initialized) return fail(ctx, FETTLE_E_PLUGIN, "it was initialized before");
  graph_api = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  facts_api = (const fettle_facts_v1*)h->extension(FETTLE_FACTS_ID);
  edit_api = (const fettle_edit_v1*)h->extension(FETTLE_EDIT_ID);
  evaluate_api = (const fettle_evaluate_v1*)h->extension(FETTLE_EVALUATE_ID);
#ifdef BAD_ABSENT
  if (!graph_api || !edit_api || !evaluate_api) /* and forgets the facts */
    return fail(ctx, FETTLE_E_UNSUPPORTED, "the host lacks graph, edit or evaluate");
#elif defined(BAD_SILENT)
  if (!graph_api || !edit_api || !evaluate_api) return FETTLE_E_UNSUPPORTED;
#else
  if (!graph_api || !edit_api || !evaluate_api)
    return fail(ctx, FETTLE_E_UNSUPPORTED, "the host lacks graph, edit or evaluate");
#endif
#ifdef BAD_OLD_HOST
  { /* a slot of a later version, looked for where it would stand */
    volatile void* const* later = (volatile void* const*)(const void*)(edit_api + 1);
    if (later[0] == (void*)host) return fail(ctx, FETTLE_E_PLUGIN, "how could that be?");
  }
#endif
#ifdef BAD_NEWER_HOST
  if (graph_api->size != sizeof *graph_api)
    return fail(ctx, FETTLE_E_PLUGIN, "the graph's table is not what it was");
#endif
  initialized = 1;
  return FETTLE_OK;
}

/* ---- the entry point */

static const fettle_component* components[1];
#ifdef BAD_ENTRY_POINTER
static fettle_plugin plugins[2];
#else
static fettle_plugin plugins[1];
#endif

#ifdef BAD_EXTRA_SYMBOL
FETTLE_EXPORT int a_function_of_its_own(void);
FETTLE_EXPORT int a_function_of_its_own(void) {
  return 1;
}
#endif
#ifdef BAD_UNRESOLVED
extern int a_symbol_of_the_host(void);
#endif

static void fill_in(fettle_plugin* plugin) {
  static const fettle_str id = TEXT("test.bad_pass"), version = TEXT("1.0");
  components[0] = component_of_plugin();
  plugin->size = sizeof *plugin;
  plugin->abi_major = FETTLE_ABI_MAJOR;
  plugin->abi_minor = FETTLE_ABI_MINOR;
  plugin->id = id;
  plugin->version = version;
  plugin->init = init;
  plugin->fini = fini;
  plugin->n_components = 1;
  plugin->components = components;
}

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  fettle_plugin* plugin = plugins;
#ifdef BAD_ENTRY_POINTER
  static unsigned times;
  plugin = &plugins[times++ % 2];
#endif
#ifdef BAD_ENTRY_SLOW
  const clock_t start = clock();
  while (clock() - start < CLOCKS_PER_SEC / 8) continue;
#endif
#ifdef BAD_UNRESOLVED
  if (a_symbol_of_the_host()) return NULL;
#endif
  fill_in(plugin);
#ifdef BAD_ENTRY_BYTES
  {
    static unsigned calls;
    ++calls;
    plugin->version.size = calls % 2 ? 3 : 1;
  }
#endif
  return plugin;
}
