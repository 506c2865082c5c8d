/* The SDK's fake host (fettle/testing.h): what it reads it prints, what the real host refuses it
 * refuses (the same misbehaving pass runs on both, here and in test_misbehaving.cpp), and what a
 * plugin keeps fails the test. Its expectations are tested by failing, so this file has its own. */
#include <fettle/testing.h>

#include "fake_host_text.h"

static int failures;

static void expect(int so, const char* what, const char* detail) {
  if (so) return;
  fprintf(stderr, "not so: %s (%s)\n", what, detail);
  ++failures;
}
#define EXPECT(condition, detail) expect((condition), #condition, (detail))

/* ---- text */

static const char everything[] = FAKE_HOST_TEXT;

static void test_text_prints_as_it_reads(fettle_test* t) {
  const char* once = fettle_test_text(fettle_test_graph(t, everything));
  EXPECT(strcmp(once, everything) == 0, once);
  once = fettle_test_text(fettle_test_graph(t, "graph ( x:f32[4] ) : # a comment\n return(x)"));
  EXPECT(strcmp(once, "graph(x: f32[4]):\n  return (x,)\n") == 0, once);
}

/* ---- what is refused */

static const char plain[] =
    "graph(x: f32[4]):\n"
    "  a: f32[4] = aten.relu.default(x)\n"
    "  b: f32[4] = aten.relu.default(x)\n"
    "  sum: f32[4] = aten.add.Tensor(a, b)\n"
    "  return (sum,)\n";

static void test_a_misbehaving_pass_is_refused(void) {
  static const char* const ways[][2] = {
      {"halfway", "lost heart halfway"},
      {"second_rewrite", ""},
      {"rewrite_open", "left a rewrite open"},
      {"stale_node", "no node"},
      {"outside_rewrite", "no rewrite is open"},
      {"erase_used", "results are used"},
      {"erase_input", "signature's nodes stay"},
      {"erase_output", "signature's nodes stay"},
      {"use_before_definition", "before its definition"},
      {"stale_operand", "does not exist"},
      {"nested_rewrite", "already open"},
      {"end_without_begin", "no rewrite is open"},
      {"unknown_status", ""},
  };
  size_t k;
  for (k = 0; k < sizeof ways / sizeof *ways; ++k) {
    char option[64] = "how=";
    fettle_test* t =
        fettle_test_begin(fettle_plugin_v1(), "misbehaving_pass", strcat(option, ways[k][0]));
    fettle_graph* g = fettle_test_graph(t, plain);
    EXPECT(fettle_test_transform(t, g) != FETTLE_OK, ways[k][0]);
    EXPECT(strstr(fettle_test_messages(t), ways[k][1]) != NULL, fettle_test_messages(t));
    EXPECT(strcmp(fettle_test_text(g), plain) == 0, ways[k][0]);
    EXPECT(fettle_test_end(t) == 0, ways[k][0]);
  }
}

static void test_messages_statistics_and_cancelling(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "misbehaving_pass", "how=chatter");
  fettle_graph* g = fettle_test_graph(t, plain);
  EXPECT(fettle_test_transform(t, g) == FETTLE_OK, "chatter");
  EXPECT(fettle_test_statistic(t, "said") == 1000, "statistics add up");
  EXPECT(fettle_test_statistic(t, "never") == 0, "none of the name");
  EXPECT(strstr(fettle_test_messages(t), "warning: enough") != NULL, "messages");
  EXPECT(fettle_test_end(t) == 0, "chatter");

  t = fettle_test_begin(fettle_plugin_v1(), "misbehaving_pass", "how=cancelled");
  g = fettle_test_graph(t, plain);
  fettle_test_cancel(t);
  EXPECT(fettle_test_transform(t, g) == FETTLE_E_CANCELLED, "cancelled");
  EXPECT(fettle_test_end(t) == 0, "cancelled");
}

/* ---- edits and facts, by a pass that the test drives itself */

static void test_edits(fettle_test* t) {
  const fettle_graph_v1* read = &fettle_fake_graph_table;
  const fettle_edit_v1* edit = &fettle_fake_edit_table;
  fettle_graph* g = fettle_test_graph(t, plain);
  const fettle_node a = read->next_node(g, read->first_node(g, 0)), b = read->next_node(g, a);
  fettle_node_spec spec;
  fettle_node_info info;
  fettle_value_info value;
  fettle_node made;
  fettle_arg arg;
  value.size = sizeof value;
  info.size = sizeof info;
  EXPECT(read->node_info(&t->ctx, g, a, &info) == FETTLE_OK, "node_info");
  EXPECT(read->value_info(&t->ctx, g, info.first_result, &value) == FETTLE_OK, "value_info");

  memset(&arg, 0, sizeof arg);
  arg.kind = FETTLE_ARG_TENSOR;
  arg.payload = FETTLE_PAYLOAD_VALUE;
  arg.value = info.first_result;
  memset(&spec, 0, sizeof spec);
  spec.size = sizeof spec;
  spec.op = fettle_fake_str("aten.relu.default");
  spec.n_args = 1;
  spec.args = &arg;
  spec.n_results = 1;
  spec.result_types = &value.type;
  spec.before = b;
  EXPECT(edit->rewrite_begin(&t->ctx, g, a, fettle_fake_str("one")) == FETTLE_OK, "begin");
  EXPECT(edit->create_node(&t->ctx, g, &spec, &made) == FETTLE_OK, "create_node");
  EXPECT(strstr(fettle_test_text(g), "relu: f32[4] = aten.relu.default(a)") != NULL, "its name");
  EXPECT(edit->rewrite_abort(&t->ctx, g) == FETTLE_OK, "abort");
  EXPECT(strcmp(fettle_test_text(g), plain) == 0, fettle_test_text(g));
  EXPECT(read->node_op(g, made) == FETTLE_NONE, "an aborted node is gone");

  EXPECT(edit->rewrite_begin(&t->ctx, g, a, fettle_fake_str("two")) == FETTLE_OK, "begin again");
  EXPECT(edit->move_before(&t->ctx, g, b, a) == FETTLE_OK, "move_before");
  EXPECT(edit->set_operand(&t->ctx, g, read->next_node(g, a), 1, info.first_result) == FETTLE_OK,
         "set_operand");
  EXPECT(edit->erase_node(&t->ctx, g, b) == FETTLE_OK, "erase_node");
  EXPECT(edit->rewrite_end(&t->ctx, g) == FETTLE_OK, "end");
  EXPECT(strstr(fettle_test_text(g), "aten.add.Tensor(a, a)") != NULL, fettle_test_text(g));
  EXPECT(fettle_test_rewrites(g) == 1, "an aborted rewrite does not count");
  EXPECT(read->value_use_count(g, info.first_result) == 2, "uses");
}

static void test_facts(fettle_test* t) {
  const fettle_graph* g = fettle_test_graph(t,
                                            "graph(x: f32[4]):\n"
                                            "  a: f32[4] = aten.relu.default(x)\n"
                                            "  b: f32[4] = aten.relu.default(x)\n"
                                            "  c: f32[4] = aten.add_.Tensor(a, 1)\n"
                                            "  d: f32[4] = aten.rand_like.default(c)\n"
                                            "  return (c, d)\n");
  const fettle_facts_v1* facts = &fettle_fake_facts_table;
  fettle_call_facts call;
  fettle_alias_classes classes;
  uint64_t hash_1, hash_2;
  uint32_t same;
  call.size = sizeof call;
  classes.size = sizeof classes;
  fettle_test_op(t, "aten.rand_like.default", FETTLE_FACT_KNOWN | FETTLE_FACT_RANDOM);
  EXPECT(facts->call_facts(&t->ctx, g, 1, &call) == FETTLE_OK, "call_facts");
  EXPECT(call.flags == (FETTLE_FACT_KNOWN | FETTLE_FACT_PURE), "relu");
  facts->call_facts(&t->ctx, g, 3, &call);
  EXPECT((call.flags & FETTLE_FACT_MUTATES) && !(call.flags & FETTLE_FACT_PURE), "add_");
  facts->call_facts(&t->ctx, g, 4, &call);
  EXPECT(call.flags == (FETTLE_FACT_KNOWN | FETTLE_FACT_RANDOM), "declared");
  EXPECT(facts->alias_classes(&t->ctx, g, &classes) == FETTLE_OK, "alias_classes");
  EXPECT(classes.class_of[1] == classes.class_of[3], "what is written in place is the same tensor");
  EXPECT(classes.class_of[1] != classes.class_of[2], "others are not");
  EXPECT(classes.flags[classes.class_of[1]] == (FETTLE_CLASS_WRITTEN | FETTLE_CLASS_RETURNED), "a");
  EXPECT(classes.flags[classes.class_of[0]] == FETTLE_CLASS_INPUT, "x");
  facts->same_call(&t->ctx, g, 1, 2, &same);
  facts->call_hash(&t->ctx, g, 1, &hash_1);
  facts->call_hash(&t->ctx, g, 2, &hash_2);
  EXPECT(same && hash_1 == hash_2, "the same call");
  facts->same_call(&t->ctx, g, 1, 3, &same);
  EXPECT(!same, "another call");
}

/* ---- a benchmark that keeps what it should give back, or gives it back twice */

static int times_deleted;

static fettle_status measure(fettle_instance* self, fettle_ctx* ctx, uint64_t n,
                             const fettle_program* const* programs,
                             const fettle_metric_sink* sink) {
  fettle_datum input;
  int k;
  (void)self, (void)n, (void)sink;
  fettle_fake_program_table.sample_inputs(ctx, programs[0], 0, &input);
  for (k = 0; k < times_deleted; ++k) input.tensor->deleter(input.tensor);
  return FETTLE_OK;
}
static const fettle_benchmark_v1 benchmark = {.size = sizeof benchmark, .measure = measure};
static const void* get_interface(const char* id) {
  return strcmp(id, FETTLE_BENCHMARK_ID) == 0 ? &benchmark : NULL;
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
static void run(void* user, const fettle_datum* in, fettle_datum* out) {
  (void)user, (void)in, (void)out;
}

static void test_tensors_are_counted(void) {
  static const fettle_component keeper = {.size = sizeof keeper,
                                          .name = {"keeper", 6},
                                          .create = create,
                                          .destroy = destroy,
                                          .get_interface = get_interface};
  static const fettle_component* const components[] = {&keeper};
  static const fettle_plugin plugin = {.size = sizeof plugin,
                                       .abi_major = FETTLE_ABI_MAJOR,
                                       .n_components = 1,
                                       .components = components};
  for (times_deleted = 0; times_deleted <= 2; ++times_deleted) {
    fettle_test* t = fettle_test_begin(&plugin, "keeper", NULL);
    const fettle_program* p =
        fettle_test_program(t, "original", fettle_test_graph(t, plain), run, NULL);
    EXPECT(fettle_test_measure(t, 1, &p) == FETTLE_OK, "measure");
    EXPECT((fettle_test_end(t) == 0) == (times_deleted == 1), "given back exactly once");
  }
}

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "misbehaving_pass", "how=halfway");
  test_text_prints_as_it_reads(t);
  test_edits(t);
  test_facts(t);
  EXPECT(fettle_test_end(t) == 0, "nothing failed");
  test_a_misbehaving_pass_is_refused();
  test_messages_statistics_and_cancelling();
  test_tensors_are_counted();

  t = fettle_test_begin(fettle_plugin_v1(), "misbehaving_pass", "how=halfway");
  FETTLE_EXPECT_GRAPH(t, fettle_test_graph(t, plain), "graph(x: f32[4]): return (x,)");
  EXPECT(fettle_test_end(t) == 1, "a failed expectation fails the test");
  return failures != 0;
}
