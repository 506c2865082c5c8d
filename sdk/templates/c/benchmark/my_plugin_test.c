#include <fettle/testing.h>

/* A fake program computes what the test says; this one counts its runs. */
static void count(void* runs, const fettle_datum* in, fettle_datum* out) {
  (void)in, (void)out;
  ++*(int*)runs;
}

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", "runs=5");
  const fettle_graph* signature = fettle_test_graph(t,
                                                    "graph(x: f32[4]):\n"
                                                    "  relu: f32[4] = aten.relu.default(x)\n"
                                                    "  return (relu,)\n");
  int first = 0, second = 0;
  const fettle_program* programs[2];
  uint64_t k;
  programs[0] = fettle_test_program(t, "original", signature, count, &first);
  programs[1] = fettle_test_program(t, "optimized", signature, count, &second);

  FETTLE_EXPECT(t, fettle_test_measure(t, 2, programs) == FETTLE_OK);
  FETTLE_EXPECT(t, first == second && first >= 5);
  for (k = 0; k < 2; ++k) {
    const fettle_metric* metric = fettle_test_metric(t, k);
    FETTLE_EXPECT(t, metric != NULL && metric->program == k && metric->n_samples == 5);
    FETTLE_EXPECT(t, metric->low <= metric->median && metric->median <= metric->high);
  }
  FETTLE_EXPECT(t, fettle_test_metric(t, 2) == NULL);
  return fettle_test_end(t);
}
