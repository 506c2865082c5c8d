/* A pass that breaks one rule of the ABI, chosen by its option `how`. Each way is a case of
 * tests/host/test_misbehaving.cpp; the host must answer each with a clear error and a whole graph.
 *
 * It works on the graph of that test: x, two relus of it, their sum, and a return. */
#include <fettle/fettle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const fettle_host* host;
static const fettle_graph_v1* graph_api;
static const fettle_edit_v1* edit_api;

#define TEXT(s) \
  { s, sizeof(s) - 1 }

static fettle_str text(const char* s) {
  fettle_str t;
  t.data = s;
  t.size = strlen(s);
  return t;
}

static fettle_status say(fettle_ctx* ctx, uint32_t severity, fettle_node node,
                         const char* message) {
  fettle_diagnostic d;
  memset(&d, 0, sizeof d);
  d.size = sizeof d;
  d.severity = severity;
  d.message = text(message);
  d.hint = text("do not use this pass");
  d.node = node;
  host->report(ctx, &d);
  return FETTLE_E_PLUGIN;
}

/* ---- finding one's way */

static fettle_node nth_call(const fettle_graph* g, const char* op, unsigned n) {
  const fettle_sym sym = graph_api->find_symbol(g, text(op));
  fettle_node at = graph_api->first_node(g, 0);
  for (; at != FETTLE_NONE; at = graph_api->next_node(g, at)) {
    if (graph_api->node_op(g, at) == sym && n-- == 0) return at;
  }
  return FETTLE_NONE;
}

static fettle_value result_of(fettle_ctx* ctx, const fettle_graph* g, fettle_node node) {
  fettle_node_info info;
  info.size = sizeof info;
  return graph_api->node_info(ctx, g, node, &info) == FETTLE_OK ? info.first_result : FETTLE_NONE;
}

static fettle_type_id type_of(fettle_ctx* ctx, const fettle_graph* g, fettle_value value) {
  fettle_value_info info;
  info.size = sizeof info;
  return graph_api->value_info(ctx, g, value, &info) == FETTLE_OK ? info.type : FETTLE_NONE;
}

static fettle_arg value_arg(fettle_value value) {
  fettle_arg arg;
  memset(&arg, 0, sizeof arg);
  arg.kind = FETTLE_ARG_TENSOR;
  arg.payload = FETTLE_PAYLOAD_VALUE;
  arg.value = value;
  return arg;
}

static fettle_status create_unary(fettle_ctx* ctx, fettle_graph* g, const char* op,
                                  const fettle_arg* args, uint64_t n_args, fettle_node before,
                                  fettle_node* out) {
  fettle_node_spec spec;
  const fettle_type_id type =
      type_of(ctx, g, result_of(ctx, g, nth_call(g, "aten.relu.default", 0)));
  memset(&spec, 0, sizeof spec);
  spec.size = sizeof spec;
  spec.op = text(op);
  spec.n_args = n_args;
  spec.args = args;
  spec.n_results = 1;
  spec.result_types = &type;
  spec.before = before;
  spec.provenance = FETTLE_NONE;
  return edit_api->create_node(ctx, g, &spec, out);
}

/* ---- the ways */

typedef fettle_status (*way)(fettle_ctx*, fettle_graph*);

static fettle_status begin(fettle_ctx* ctx, fettle_graph* g) {
  return edit_api->rewrite_begin(ctx, g, nth_call(g, "aten.relu.default", 0), text("misbehaving"));
}

/* Replaces the first relu's uses by x, then fails with the rewrite open. */
static fettle_status halfway(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_node relu = nth_call(g, "aten.relu.default", 0);
  const fettle_value x = result_of(ctx, g, graph_api->first_node(g, 0));
  fettle_status status = begin(ctx, g);
  if (status == FETTLE_OK) status = edit_api->replace_all_uses(ctx, g, result_of(ctx, g, relu), x);
  if (status == FETTLE_OK) status = edit_api->erase_node(ctx, g, relu);
  if (status != FETTLE_OK) return status;
  return say(ctx, FETTLE_SEVERITY_ERROR, nth_call(g, "aten.relu.default", 0), "lost heart halfway");
}

/* One whole rewrite, then an error in the second. */
static fettle_status second_rewrite(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_value x = result_of(ctx, g, graph_api->first_node(g, 0));
  fettle_status status = begin(ctx, g);
  if (status == FETTLE_OK) {
    status = edit_api->replace_all_uses(ctx, g,
                                        result_of(ctx, g, nth_call(g, "aten.relu.default", 0)), x);
  }
  if (status == FETTLE_OK) status = edit_api->rewrite_end(ctx, g);
  if (status != FETTLE_OK) return status;
  return halfway(ctx, g);
}

static fettle_status rewrite_open(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_value x = result_of(ctx, g, graph_api->first_node(g, 0));
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return edit_api->replace_all_uses(ctx, g, result_of(ctx, g, nth_call(g, "aten.relu.default", 0)),
                                    x);
}

static fettle_status stale_node(fettle_ctx* ctx, fettle_graph* g) {
  fettle_node_info info;
  info.size = sizeof info;
  return graph_api->node_info(ctx, g, 12345, &info);
}

static fettle_status outside_rewrite(fettle_ctx* ctx, fettle_graph* g) {
  return edit_api->erase_node(ctx, g, nth_call(g, "aten.relu.default", 0));
}

static fettle_status erase_used(fettle_ctx* ctx, fettle_graph* g) {
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return edit_api->erase_node(ctx, g, nth_call(g, "aten.relu.default", 0));
}

static fettle_status erase_input(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_node x = graph_api->first_node(g, 0);
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return edit_api->erase_node(ctx, g, x);
}

static fettle_status erase_output(fettle_ctx* ctx, fettle_graph* g) {
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return edit_api->erase_node(ctx, g, graph_api->last_node(g, 0));
}

/* The first relu takes the sum, which comes after it. The edit is possible; the graph is wrong. */
static fettle_status use_before_definition(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_node relu = nth_call(g, "aten.relu.default", 1);
  const fettle_value sum = result_of(ctx, g, nth_call(g, "aten.add.Tensor", 0));
  fettle_status status = begin(ctx, g);
  if (status == FETTLE_OK) status = edit_api->set_operand(ctx, g, relu, 0, sum);
  return status == FETTLE_OK ? edit_api->rewrite_end(ctx, g) : status;
}

/* alpha becomes a text: the edit is possible, and the call fits no schema. */
static fettle_status break_schema(fettle_ctx* ctx, fettle_graph* g) {
  fettle_arg arg;
  fettle_status status = begin(ctx, g);
  memset(&arg, 0, sizeof arg);
  arg.name = text("alpha");
  arg.payload = FETTLE_PAYLOAD_STRING;
  arg.s = text("much");
  if (status == FETTLE_OK) {
    status = edit_api->set_arg(ctx, g, nth_call(g, "aten.add.Tensor", 0), &arg);
  }
  return status == FETTLE_OK ? edit_api->rewrite_end(ctx, g) : status;
}

/* Returns x itself: no check of numbers can see that. */
static fettle_status new_alias(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_value x = result_of(ctx, g, graph_api->first_node(g, 0));
  fettle_status status = begin(ctx, g);
  if (status == FETTLE_OK) {
    status = edit_api->set_operand(ctx, g, graph_api->last_node(g, 0), 0, x);
  }
  return status == FETTLE_OK ? edit_api->rewrite_end(ctx, g) : status;
}

static fettle_status unknown_operator(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_arg arg = value_arg(result_of(ctx, g, graph_api->first_node(g, 0)));
  fettle_node made;
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return create_unary(ctx, g, "aten.relou.default", &arg, 1, graph_api->last_node(g, 0), &made);
}

static fettle_status unknown_argument(fettle_ctx* ctx, fettle_graph* g) {
  fettle_arg args[2];
  fettle_node made;
  fettle_status status = begin(ctx, g);
  args[0] = value_arg(result_of(ctx, g, graph_api->first_node(g, 0)));
  memset(&args[1], 0, sizeof args[1]);
  args[1].name = text("slope");
  args[1].form = FETTLE_FORM_KEYWORD;
  args[1].payload = FETTLE_PAYLOAD_INT;
  if (status != FETTLE_OK) return status;
  return create_unary(ctx, g, "aten.relu.default", args, 2, graph_api->last_node(g, 0), &made);
}

static fettle_status missing_argument(fettle_ctx* ctx, fettle_graph* g) {
  fettle_node made;
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return create_unary(ctx, g, "aten.relu.default", NULL, 0, graph_api->last_node(g, 0), &made);
}

static fettle_status stale_operand(fettle_ctx* ctx, fettle_graph* g) {
  const fettle_arg arg = value_arg(4711);
  fettle_node made;
  fettle_status status = begin(ctx, g);
  if (status != FETTLE_OK) return status;
  return create_unary(ctx, g, "aten.relu.default", &arg, 1, graph_api->last_node(g, 0), &made);
}

static fettle_status nested_rewrite(fettle_ctx* ctx, fettle_graph* g) {
  fettle_status status = begin(ctx, g);
  return status == FETTLE_OK ? begin(ctx, g) : status;
}

static fettle_status end_without_begin(fettle_ctx* ctx, fettle_graph* g) {
  return edit_api->rewrite_end(ctx, g);
}

/* Every refusal is handled and the pass says that all is well: nothing changed. */
static fettle_status nulls(fettle_ctx* ctx, fettle_graph* g) {
  fettle_node_info info;
  uint64_t n = 0;
  memset(&info, 0, sizeof info); /* size 0 */
  if (graph_api->node_info(ctx, NULL, 0, &info) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (graph_api->node_info(ctx, g, 0, NULL) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (graph_api->node_info(ctx, g, 0, &info) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (graph_api->node_info(NULL, g, 4711, &info) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (graph_api->value_uses(ctx, g, 0, 1, NULL, &n) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (graph_api->node_op(NULL, 0) != FETTLE_NONE) return FETTLE_E_PLUGIN;
  if (graph_api->node_op(g, FETTLE_NONE) != FETTLE_NONE) return FETTLE_E_PLUGIN;
  if (graph_api->first_node(g, 77) != FETTLE_NONE) return FETTLE_E_PLUGIN;
  if (graph_api->symbol_text(g, 0xfffffffeu).size != 0) return FETTLE_E_PLUGIN;
  if (edit_api->create_node(ctx, g, NULL, NULL) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (edit_api->erase_node(ctx, NULL, 0) != FETTLE_E_ARGUMENT) return FETTLE_E_PLUGIN;
  if (edit_api->add_constant(ctx, g, text("c"), NULL, NULL) != FETTLE_E_ARGUMENT)
    return FETTLE_E_PLUGIN;
  if (host->extension("fettle.nothing/1") || host->extension(NULL)) return FETTLE_E_PLUGIN;
  if (host->scratch(ctx, 16, 3)) return FETTLE_E_PLUGIN; /* not a power of two */
  if (host->scratch(NULL, 16, 8)) return FETTLE_E_PLUGIN;
  if (!host->scratch(ctx, 16, 8)) return FETTLE_E_PLUGIN;
  host->report(ctx, NULL);
  host->statistic(NULL, text("x"), 1);
  return FETTLE_OK;
}

/* More notes than anybody reads, with text that is not UTF-8 and has control characters. */
static fettle_status chatter(fettle_ctx* ctx, fettle_graph* g) {
  int i;
  (void)g;
  for (i = 0; i < 1000; ++i) say(ctx, FETTLE_SEVERITY_NOTE, 0, "caf\xc3\xa9 \xff\x01!");
  say(ctx, FETTLE_SEVERITY_WARNING, 0, "enough");
  host->statistic(ctx, text("said"), 600);
  host->statistic(ctx, text("said"), 400);
  return FETTLE_OK;
}

static fettle_status unknown_status(fettle_ctx* ctx, fettle_graph* g) {
  (void)ctx, (void)g;
  return -1234;
}

static fettle_status cancelled(fettle_ctx* ctx, fettle_graph* g) {
  (void)g;
  return host->cancelled(ctx) ? FETTLE_E_CANCELLED : FETTLE_OK;
}

static const struct {
  fettle_str name;
  way run;
} ways[] = {
    {TEXT("halfway"), halfway},
    {TEXT("second_rewrite"), second_rewrite},
    {TEXT("rewrite_open"), rewrite_open},
    {TEXT("stale_node"), stale_node},
    {TEXT("outside_rewrite"), outside_rewrite},
    {TEXT("erase_used"), erase_used},
    {TEXT("erase_input"), erase_input},
    {TEXT("erase_output"), erase_output},
    {TEXT("use_before_definition"), use_before_definition},
    {TEXT("break_schema"), break_schema},
    {TEXT("new_alias"), new_alias},
    {TEXT("unknown_operator"), unknown_operator},
    {TEXT("unknown_argument"), unknown_argument},
    {TEXT("missing_argument"), missing_argument},
    {TEXT("stale_operand"), stale_operand},
    {TEXT("nested_rewrite"), nested_rewrite},
    {TEXT("end_without_begin"), end_without_begin},
    {TEXT("nulls"), nulls},
    {TEXT("chatter"), chatter},
    {TEXT("unknown_status"), unknown_status},
    {TEXT("cancelled"), cancelled},
};
#define N_WAYS (sizeof ways / sizeof ways[0])

/* ---- the plugin */

static fettle_str way_names[N_WAYS];
static fettle_option_decl options[1];

static fettle_status init(const fettle_host* h, fettle_ctx* ctx) {
  (void)ctx;
  host = h;
  graph_api = (const fettle_graph_v1*)h->extension(FETTLE_GRAPH_ID);
  edit_api = (const fettle_edit_v1*)h->extension(FETTLE_EDIT_ID);
  return graph_api && edit_api ? FETTLE_OK : FETTLE_E_UNSUPPORTED;
}

static fettle_status create(fettle_ctx* ctx, const fettle_option* given, uint64_t n,
                            fettle_instance** out) {
  size_t* chosen;
  size_t i;
  if (n != 1 || given[0].type != FETTLE_OPTION_STRING) return FETTLE_E_ARGUMENT;
  for (i = 0; i < N_WAYS; ++i) {
    if (ways[i].name.size == given[0].value.s.size &&
        memcmp(ways[i].name.data, given[0].value.s.data, ways[i].name.size) == 0) {
      break;
    }
  }
  chosen = (size_t*)malloc(sizeof *chosen);
  if (!chosen || i == N_WAYS) {
    free(chosen);
    return say(ctx, FETTLE_SEVERITY_ERROR, FETTLE_NONE, "no such way");
  }
  *chosen = i;
  *out = (fettle_instance*)(void*)chosen;
  return FETTLE_OK;
}
static void destroy(fettle_instance* self) {
  free(self);
}

static fettle_status transform(fettle_instance* self, fettle_ctx* ctx, fettle_graph* graph) {
  return ways[*(const size_t*)(const void*)self].run(ctx, graph);
}

/* Reading only: an edit through a cast must be refused, too. */
static fettle_status analyze(fettle_instance* self, fettle_ctx* ctx, const fettle_graph* graph,
                             fettle_applicability* out) {
  (void)self, (void)out;
  return edit_api->rewrite_begin(ctx, (fettle_graph*)graph, graph_api->first_node(graph, 0),
                                 text("sly")) == FETTLE_E_REFUSED
             ? FETTLE_OK
             : FETTLE_E_PLUGIN;
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

static const fettle_component component = {
    sizeof(fettle_component),
    0,
    TEXT("misbehaving_pass"),
    TEXT("Breaks a rule of the ABI."),
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
    TEXT("test.misbehaving_pass"),
    TEXT("1.0"),
    init,
    NULL,
    1,
    components,
};

FETTLE_EXPORT const fettle_plugin* fettle_plugin_v1(void) {
  size_t i;
  for (i = 0; i < N_WAYS; ++i) way_names[i] = ways[i].name; /* same each time: pure in effect */
  options[0].name = text("how");
  options[0].help = text("the rule to break");
  options[0].type = FETTLE_OPTION_STRING;
  options[0].default_value.s = ways[0].name;
  options[0].n_choices = N_WAYS;
  options[0].choices = way_names;
  return &plugin;
}
