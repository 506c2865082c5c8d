/* A fake host for unit tests of plugins: the host's tables over small graphs in memory. Headers
 * only, C99 or C++, the standard library alone; a test links to the plugin's own code and needs no
 * fettle.
 *
 *   #include <fettle/testing.h>
 *
 *   int main(void) {
 *     fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "relu_of_relu", NULL);
 *     fettle_graph* g = fettle_test_graph(t,
 *         "graph(x: f32[4]):\n"
 *         "  a: f32[4] = aten.relu.default(x)\n"
 *         "  b: f32[4] = aten.relu.default(a)\n"
 *         "  return (b,)\n");
 *     FETTLE_EXPECT(t, fettle_test_transform(t, g) == FETTLE_OK);
 *     FETTLE_EXPECT_GRAPH(t, g,
 *         "graph(x: f32[4]):\n"
 *         "  a: f32[4] = aten.relu.default(x)\n"
 *         "  return (a,)\n");
 *     return fettle_test_end(t);
 *   }
 *
 * What is where: testing/text.h, how graphs are written; facts.h, what calls are taken to do;
 * edit.h, what edits are refused; program.h, programs for verifiers and benchmarks; analysis.h, backend.h.
 *
 * It offers fettle.graph/1, edit/1, facts/1, evaluate/1 (which evaluates nothing) and program/1,
 * and no other interface. It knows no operator's schema, types or kernels, and no nested graphs:
 * what it cannot do it refuses with a message, and never makes up. `fettle plugins check` and a
 * verified `fettle run` are the tests on the real host. */
#ifndef FETTLE_TESTING_H
#define FETTLE_TESTING_H

#include <fettle/testing/analysis.h>
#include <fettle/testing/backend.h>
#include <fettle/testing/host.h>

typedef struct fettle_fake_metric {
  struct fettle_fake_metric* next;
  fettle_metric metric;
} fettle_fake_metric;

/* ---- a test: one component of a plugin, between init and fini */

/* `options`: "name=value other=value", or NULL for the defaults. What the real host would refuse to
 * load ends the test program. */
static inline fettle_test* fettle_test_begin(const fettle_plugin* plugin, const char* component,
                                             const char* options) {
  fettle_test* t = (fettle_test*)calloc(1, sizeof *t);
  uint64_t k;
  if (!t) fettle_fake_stop("out of memory", "");
  t->ctx.test = t;
  t->messages = (char*)(uintptr_t) "";
  t->rewrite_limit = UINT64_MAX;
  t->plugin = plugin;
  if (!plugin || plugin->abi_major != FETTLE_ABI_MAJOR ||
      plugin->abi_min_minor > FETTLE_TARGET_MINOR)
    fettle_fake_stop("the plugin is not for this version of the ABI", "");
  for (k = 0; k < plugin->n_components; ++k) {
    if (fettle_fake_is(plugin->components[k]->name, component))
      t->component = plugin->components[k];
  }
  if (!t->component) fettle_fake_stop("the plugin has no component", component);
  if (plugin->init && plugin->init(&fettle_fake_host, &t->ctx) != FETTLE_OK)
    fettle_fake_stop("the plugin's init failed", t->messages);
  if (t->component->create(&t->ctx, fettle_fake_options(t, options), t->component->n_options,
                           &t->instance) != FETTLE_OK)
    fettle_fake_stop("the component's create failed", t->messages);
  return t;
}

/* Gives everything back. What main returns: 0 if every expectation held and the plugin kept
 * nothing. */
static inline int fettle_test_end(fettle_test* t) {
  int failed;
#if FETTLE_TARGET_MINOR >= 1
  fettle_fake_release_answer(t);
#endif
  t->component->destroy(t->instance);
  if (t->plugin->fini) t->plugin->fini();
  if (t->lent) {
    fprintf(stderr, "%ld tensors or bound programs were not given back\n", (long)t->lent);
    ++t->failures;
  }
  failed = t->failures > 0;
  if (failed) fprintf(stderr, "%u failures\n%s", t->failures, t->messages);
  while (t->memory) {
    fettle_fake_chunk* next = t->memory->next;
    free(t->memory);
    t->memory = next;
  }
  free(t);
  return failed;
}

/* What was reported and refused in the last transform, verify or measure, a line each. */
static inline const char* fettle_test_messages(const fettle_test* t) {
  return t->messages;
}

/* ---- expectations: a failed one is printed with the plugin's messages, and the test goes on */

static inline void fettle_fake_failed(fettle_test* t, const char* file, int line,
                                      const char* what) {
  fprintf(stderr, "%s:%d: %s\n%s", file, line, what, t->messages);
  ++t->failures;
}
static inline void fettle_fake_expect_graph(fettle_test* t, const char* file, int line,
                                            const fettle_graph* graph, const char* expected) {
  const char* has = fettle_test_text(graph);
  const char* wanted = fettle_test_text(fettle_test_graph(t, expected)); /* in the same spelling */
  if (strcmp(has, wanted) == 0) return;
  fettle_fake_failed(t, file, line,
                     fettle_fake_format(t, "the graph is\n%sand should be\n%s", has, wanted));
}
#define FETTLE_EXPECT(t, condition) \
  ((condition) ? (void)0 : fettle_fake_failed((t), __FILE__, __LINE__, "not so: " #condition))
#define FETTLE_EXPECT_GRAPH(t, graph, text) \
  fettle_fake_expect_graph((t), __FILE__, __LINE__, (graph), (text))

/* ---- passes */

/* The rules that the host checks when a pass has ended. */
static inline fettle_status fettle_fake_check(fettle_test* t, const fettle_graph* g) {
  uint8_t* defined = (uint8_t*)fettle_fake_take(t, g->n_values);
  fettle_node at;
  uint32_t k;
  if (g->in_rewrite)
    return fettle_fake_refuse(&t->ctx, FETTLE_E_REFUSED, "the pass left a rewrite open");
  if (t->lost)
    return fettle_fake_refuse(&t->ctx, FETTLE_E_REFUSED,
                              "the pass asked what stands beside a node that it had erased");
  for (at = g->first; at != FETTLE_NONE; at = g->nodes[at].next) {
    const fettle_fake_node* node = &g->nodes[at];
    for (k = 0; k < node->n_operands; ++k) {
      if (!defined[node->operands[k]])
        return fettle_fake_refuse(
            &t->ctx, FETTLE_E_REFUSED,
            fettle_fake_format(t, "'%s' uses a value before its definition", node->name.data));
    }
    for (k = 0; k < node->n_results; ++k) defined[node->first_result + k] = 1;
  }
  return FETTLE_OK;
}

/* Runs the pass as the host does: analyze, transform, the host's checks, verify. A failure leaves
 * the graph as it was. If analyze found nothing to do, fettle_test_unneeded tells what it said. */
static inline fettle_status fettle_test_transform(fettle_test* t, fettle_graph* g) {
  const fettle_pass_v1* pass = (const fettle_pass_v1*)t->component->get_interface(FETTLE_PASS_ID);
  const fettle_fake_state before = fettle_fake_save(g);
  fettle_applicability needed;
  fettle_status status = FETTLE_OK;
  if (!pass) fettle_fake_stop("the component is not a pass", "");
  t->messages = (char*)(uintptr_t) "";
  t->unneeded = NULL;
  t->lost = 0;
  memset(&needed, 0, sizeof needed);
  needed.size = (uint32_t)sizeof needed;
  needed.applicable = 1;
  g->read_only = 1;
  if (pass->analyze) status = pass->analyze(t->instance, &t->ctx, g, &needed);
  g->read_only = 0;
  if (status == FETTLE_OK && !needed.applicable) {
    t->unneeded = fettle_fake_keep(t, needed.why.data, needed.why.size).data;
    return FETTLE_OK;
  }
  if (status == FETTLE_OK) status = pass->transform(t->instance, &t->ctx, g);
  if (status == FETTLE_OK) status = fettle_fake_check(t, g);
  g->read_only = 1;
  if (status == FETTLE_OK && pass->verify) status = pass->verify(t->instance, &t->ctx, g);
  g->read_only = 0;
  if (status != FETTLE_OK) fettle_fake_restore(g, &before);
  g->in_rewrite = 0;
  return status;
}
/* Why analyze said that there is nothing to do; NULL if it did not. */
static inline const char* fettle_test_unneeded(const fettle_test* t) {
  return t->unneeded;
}
static inline uint64_t fettle_test_rewrites(const fettle_graph* g) {
  return g->rewrites;
}
/* From here on rewrite_begin answers FETTLE_E_LIMIT once a graph has so many. */
static inline void fettle_test_limit(fettle_test* t, uint64_t rewrites) {
  t->rewrite_limit = rewrites;
}

/* From here on host.cancelled answers yes: a pass gives up, and the graph stays as it was. */
static inline void fettle_test_cancel(fettle_test* t) {
  t->cancelled = 1;
}

/* ---- verifiers and benchmarks */

static inline fettle_status fettle_test_verify(fettle_test* t, uint32_t promise,
                                               const fettle_program* reference,
                                               const fettle_program* candidate,
                                               fettle_verdict* out) {
  const fettle_verifier_v1* verifier =
      (const fettle_verifier_v1*)t->component->get_interface(FETTLE_VERIFIER_ID);
  fettle_verify_request request;
  if (!verifier) fettle_fake_stop("the component is not a verifier", "");
  t->messages = (char*)(uintptr_t) "";
  memset(&request, 0, sizeof request);
  request.size = (uint32_t)sizeof request;
  request.promise = promise;
  request.subject = fettle_fake_str("test");
  request.reference = reference;
  request.candidate = candidate;
  memset(out, 0, sizeof *out);
  out->size = (uint32_t)sizeof *out;
  out->verdict = FETTLE_VERDICT_UNABLE;
  return verifier->verify(t->instance, &t->ctx, &request, out);
}

static inline fettle_status fettle_fake_add_metric(void* user, const fettle_metric* metric) {
  fettle_test* t = (fettle_test*)user;
  fettle_fake_metric* added = (fettle_fake_metric*)fettle_fake_take(t, sizeof *added);
  fettle_fake_metric** end = &t->metrics;
  if (!metric->name.size) return fettle_fake_refuse(&t->ctx, FETTLE_E_ARGUMENT, "no name");
  added->metric = *metric;
  added->metric.name = fettle_fake_keep(t, metric->name.data, metric->name.size);
  added->metric.unit = fettle_fake_keep(t, metric->unit.data, metric->unit.size);
  added->metric.note = fettle_fake_keep(t, metric->note.data, metric->note.size);
  added->metric.samples = (const double*)fettle_fake_copy(
      t, metric->samples, metric->samples ? metric->n_samples * sizeof(double) : 0);
  while (*end) end = &(*end)->next;
  *end = added;
  return FETTLE_OK;
}
static inline fettle_status fettle_test_measure(fettle_test* t, uint64_t n,
                                                const fettle_program* const* programs) {
  const fettle_benchmark_v1* benchmark =
      (const fettle_benchmark_v1*)t->component->get_interface(FETTLE_BENCHMARK_ID);
  fettle_metric_sink sink;
  if (!benchmark) fettle_fake_stop("the component is not a benchmark", "");
  t->messages = (char*)(uintptr_t) "";
  t->metrics = NULL;
  memset(&sink, 0, sizeof sink);
  sink.size = (uint32_t)sizeof sink;
  sink.user = t;
  sink.add = fettle_fake_add_metric;
  return benchmark->measure(t->instance, &t->ctx, n, programs, &sink);
}
/* Metric k in the order measured; NULL past the last. */
static inline const fettle_metric* fettle_test_metric(const fettle_test* t, uint64_t k) {
  const fettle_fake_metric* at = t->metrics;
  while (at && k-- > 0) at = at->next;
  return at ? &at->metric : NULL;
}

/* What host.statistic added up under this name; 0 if it never came. */
static inline int64_t fettle_test_statistic(const fettle_test* t, const char* name) {
  const fettle_fake_statistic* s;
  for (s = t->statistics; s; s = s->next) {
    if (fettle_fake_is(s->name, name)) return s->value;
  }
  return 0;
}

#endif
