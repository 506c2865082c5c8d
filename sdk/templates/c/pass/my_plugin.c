/* Removes dropouts that do nothing outside training: dropout(x, p, train=False) is x itself.
 * Exact: the call returns its input, so whoever used the result gets the same tensor. Leaves alone
 * dropouts in training, and nested graphs: this walks the program's own. */
#include <fettle/fettle.h>
#include <string.h>

static const fettle_graph_v1* graph_api;
static const fettle_edit_v1* edit_api;

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
  graph_api = (const fettle_graph_v1*)host->extension(FETTLE_GRAPH_ID);
  edit_api = (const fettle_edit_v1*)host->extension(FETTLE_EDIT_ID);
  if (graph_api && edit_api) return FETTLE_OK;
  return unsupported(host, ctx, text("this host lacks fettle.graph/1 or fettle.edit/1"));
}

/* One rewrite: all of it, or nothing. */
static fettle_status remove_dropout(fettle_ctx* ctx, fettle_graph* graph, fettle_node node) {
  fettle_node_info info;
  fettle_status status;
  info.size = sizeof info;
  status = graph_api->node_info(ctx, graph, node, &info);
  if (status != FETTLE_OK) return status;
  status = edit_api->rewrite_begin(ctx, graph, node, text("dropout without training"));
  if (status == FETTLE_E_LIMIT) return FETTLE_OK; /* leave this site alone */
  if (status != FETTLE_OK) return status;
  status = edit_api->replace_all_uses(ctx, graph, info.first_result, info.operands[0]);
  if (status == FETTLE_OK) status = edit_api->erase_node(ctx, graph, node);
  if (status == FETTLE_OK) return edit_api->rewrite_end(ctx, graph);
  edit_api->rewrite_abort(ctx, graph);
  return status;
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  const fettle_sym dropout = graph_api->find_symbol(graph, text("aten.dropout.default"));
  fettle_node node = graph_api->first_node(graph, 0), next;
  fettle_status status = FETTLE_OK;
  (void)self;
  for (; dropout != FETTLE_NONE && node != FETTLE_NONE && status == FETTLE_OK; node = next) {
    fettle_arg train;
    next = graph_api->next_node(graph, node); /* before this one may be erased */
    if (graph_api->node_op(graph, node) != dropout) continue;
    status = graph_api->node_arg_named(ctx, graph, node, text("train"), &train);
    if (status == FETTLE_OK && train.i == 0) status = remove_dropout(ctx, graph, node);
  }
  return status;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* options, uint64_t n,
                            fettle_instance** out) {
  (void)ctx, (void)options, (void)n;
  *out = NULL; /* no state */
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  (void)self;
}

static const fettle_pass_v1 pass = {
    .size = sizeof(fettle_pass_v1), .promise = FETTLE_PROMISE_EXACT, .transform = transform};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_PASS_ID) == 0 ? &pass : NULL;
}

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_component component = {
    .size = sizeof(fettle_component),
    .name = TEXT("my_plugin"),
    .summary = TEXT("Removes dropouts that do nothing outside training."),
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
