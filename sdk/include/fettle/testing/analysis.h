/* An analysis on the fake host: compute, and describe what it found, as the host asks.
 *
 *   fettle_test_finding found;
 *   FETTLE_EXPECT(t, fettle_test_compute(t, graph, &found) == FETTLE_OK);
 *   FETTLE_EXPECT(t, ((const my_answer*)found.answer)->n_calls == 2);
 *   FETTLE_EXPECT(t, strcmp(found.text, "2 calls") == 0);
 *
 * The answer is there until the next one is computed or the test ends; then it is released. */
#ifndef FETTLE_TESTING_ANALYSIS_H
#define FETTLE_TESTING_ANALYSIS_H

#include <fettle/testing/host.h>

#if FETTLE_TARGET_MINOR >= 1

typedef struct fettle_test_finding {
  const void* answer; /* laid out as the analysis' answer_id says */
  const char* text;   /* for people; "" if it describes nothing */
} fettle_test_finding;

static inline const fettle_analysis_v1* fettle_fake_analysis(const fettle_test* t) {
  return (const fettle_analysis_v1*)t->component->get_interface(FETTLE_ANALYSIS_ID);
}

static inline void fettle_fake_release_answer(fettle_test* t) {
  if (t->answer) fettle_fake_analysis(t)->release(t->instance, t->answer);
  t->answer = NULL;
}

static inline fettle_status fettle_test_compute(fettle_test* t, fettle_graph* g,
                                                fettle_test_finding* out) {
  const fettle_analysis_v1* analysis = fettle_fake_analysis(t);
  fettle_str text = {"", 0};
  fettle_status status;
  if (!analysis) fettle_fake_stop("the component is not an analysis", "");
  t->messages = (char*)(uintptr_t) "";
  fettle_fake_release_answer(t);
  memset(out, 0, sizeof *out);
  g->read_only = 1;
  status = analysis->compute(t->instance, &t->ctx, g, &t->answer);
  if (status != FETTLE_OK) t->answer = NULL; /* a call that fails leaves nothing to release */
  if (status == FETTLE_OK && !t->answer)
    status = fettle_fake_refuse(&t->ctx, FETTLE_E_ARGUMENT, "compute left its answer null");
  if (status == FETTLE_OK && analysis->describe)
    status = analysis->describe(t->instance, &t->ctx, g, t->answer, &text);
  g->read_only = 0;
  out->answer = t->answer;
  out->text = fettle_fake_keep(t, text.data, text.size).data;
  return status;
}

#endif /* FETTLE_TARGET_MINOR >= 1 */
#endif
