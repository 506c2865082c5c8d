/* relu(relu(x)) → relu(x): a whole pass in plain C99, written against fettle.h alone.
 *
 *     r1: f32[4] = aten.relu.default(x)          r1: f32[4] = aten.relu.default(x)
 *     r2: f32[4] = aten.relu.default(r1)    →
 *     add: f32[4] = aten.add.Tensor(r2, x)       add: f32[4] = aten.add.Tensor(r1, x)
 *
 * Exact: relu is idempotent bit for bit (NaN and -0.0 included). Leaves alone a second relu whose
 * result is returned or that shares its storage with something that is written: the two results
 * would become one tensor, and whoever holds both could tell. */
#include <fettle/fettle.h>
#include <string.h>

static const fettle_host* host;
static const fettle_graph_v1* graph_api;
static const fettle_facts_v1* facts_api;
static const fettle_edit_v1* edit_api;

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

static fettle_status init(const fettle_host* h, fettle_ctx* ctx) {
  host = h;
  graph_api = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  facts_api = (const fettle_facts_v1*)h->extension(FETTLE_FACTS_ID);
  edit_api = (const fettle_edit_v1*)h->extension(FETTLE_EDIT_ID);
  if (graph_api && facts_api && edit_api) return FETTLE_OK;
  return unsupported(h, ctx, text("this host lacks fettle.graph/1, facts/1 or edit/1"));
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

static fettle_status analyze(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             fettle_applicability* out) {
  (void)self, (void)ctx;
  if (graph_api->find_symbol(graph, text("aten.relu.default")) == FETTLE_NONE) {
    out->applicable = 0;
    out->why = text("the graph has no relu");
  }
  return FETTLE_OK;
}

/* The relu whose result this relu takes, or FETTLE_NONE. Asked of the graph as it is now: the
 * columns do not follow edits, and in relu(relu(relu(x))) the operand of the last is replaced on
 * the way. */
static fettle_node inner_relu(const fettle_graph* graph, fettle_sym relu,
                              const fettle_node_info* outer) {
  fettle_node producer;
  if (outer->n_operands != 1) return FETTLE_NONE;
  producer = graph_api->value_producer(graph, outer->operands[0]);
  return graph_api->node_op(graph, producer) == relu ? producer : FETTLE_NONE;
}

static fettle_status remove_outer(fettle_ctx* ctx, fettle_graph* graph, fettle_node outer,
                                  fettle_node inner) {
  fettle_node_info outer_info, inner_info;
  fettle_status status;
  outer_info.size = sizeof outer_info;
  inner_info.size = sizeof inner_info;
  status = graph_api->node_info(ctx, graph, outer, &outer_info);
  if (status == FETTLE_OK) status = graph_api->node_info(ctx, graph, inner, &inner_info);
  if (status != FETTLE_OK) return status;

  status = edit_api->rewrite_begin(ctx, graph, outer, text("relu of relu"));
  if (status == FETTLE_E_LIMIT) return FETTLE_OK; /* leave this site alone */
  if (status != FETTLE_OK) return status;
  status = edit_api->replace_all_uses(ctx, graph, outer_info.first_result, inner_info.first_result);
  if (status == FETTLE_OK) status = edit_api->erase_node(ctx, graph, outer);
  if (status != FETTLE_OK) {
    edit_api->rewrite_abort(ctx, graph);
    return status;
  }
  host->statistic(ctx, text("relus_removed"), 1);
  return edit_api->rewrite_end(ctx, graph);
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  const fettle_sym relu = graph_api->find_symbol(graph, text("aten.relu.default"));
  fettle_columns all;
  fettle_alias_classes classes;
  fettle_status status;
  uint64_t i;
  (void)self;
  all.size = sizeof all;
  classes.size = sizeof classes;
  if ((status = graph_api->columns(ctx, graph, &all)) != FETTLE_OK) return status;
  if ((status = facts_api->alias_classes(ctx, graph, &classes)) != FETTLE_OK) return status;
  for (i = 0; i < all.n_nodes; ++i) {
    fettle_node_info info;
    fettle_node inner;
    if (relu == FETTLE_NONE || all.ops[i] != relu) continue;
    info.size = sizeof info;
    if ((status = graph_api->node_info(ctx, graph, all.nodes[i], &info)) != FETTLE_OK)
      return status;
    inner = inner_relu(graph, relu, &info);
    if (inner == FETTLE_NONE) continue;
    if (classes.flags[classes.class_of[info.first_result]] != 0) continue;
    if ((status = graph_api->node_info(ctx, graph, inner, &info)) != FETTLE_OK) return status;
    if (classes.flags[classes.class_of[info.first_result]] & FETTLE_CLASS_WRITTEN) continue;
    if ((status = remove_outer(ctx, graph, all.nodes[i], inner)) != FETTLE_OK) return status;
  }
  return FETTLE_OK;
}

static const fettle_pass_v1 pass = {
    .size = sizeof(fettle_pass_v1),
    .promise = FETTLE_PROMISE_EXACT,
    .analyze = analyze,
    .transform = transform,
};

static const void* interface_of(const char* id) {
  return strcmp(id, FETTLE_PASS_ID) == 0 ? &pass : NULL;
}

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("c_relu_idempotent"),
    TEXT("Removes a relu whose input is the result of a relu."),
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
    TEXT("test.c_relu_idempotent"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  return &plugin;
}
