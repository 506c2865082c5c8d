#include <fettle/testing.h>

/* A fake program computes what the test says: here its input, plus a number. */
static void add(void* number, const fettle_datum* in, fettle_datum* out) {
  uint64_t k;
  for (k = 0; k < fettle_test_elements(in); ++k)
    fettle_test_floats(out)[k] = fettle_test_floats(in)[k] + *(const float*)number;
}

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", "tolerance=0.1");
  const fettle_graph* signature = fettle_test_graph(t,
                                                    "graph(x: f32[4]):\n"
                                                    "  add: f32[4] = aten.add.Tensor(x, 1)\n"
                                                    "  return (add,)\n");
  float nothing = 0, little = 0.0625f, much = 0.5f;
  fettle_program* original = fettle_test_program(t, "original", signature, add, &nothing);
  fettle_program* close = fettle_test_program(t, "close", signature, add, &little);
  fettle_program* wrong = fettle_test_program(t, "wrong", signature, add, &much);
  fettle_verdict v;

  FETTLE_EXPECT(t,
                fettle_test_verify(t, FETTLE_PROMISE_EXACT, original, original, &v) == FETTLE_OK);
  FETTLE_EXPECT(t, v.verdict == FETTLE_VERDICT_PASS && v.comparisons == 1);
  FETTLE_EXPECT(t,
                fettle_test_verify(t, FETTLE_PROMISE_TOLERANT, original, close, &v) == FETTLE_OK);
  FETTLE_EXPECT(t, v.verdict == FETTLE_VERDICT_PASS && v.max_abs == 0.0625);
  FETTLE_EXPECT(t, fettle_test_verify(t, FETTLE_PROMISE_EXACT, original, close, &v) == FETTLE_OK);
  FETTLE_EXPECT(t, v.verdict == FETTLE_VERDICT_FAIL);
  FETTLE_EXPECT(t,
                fettle_test_verify(t, FETTLE_PROMISE_TOLERANT, original, wrong, &v) == FETTLE_OK);
  FETTLE_EXPECT(t, v.verdict == FETTLE_VERDICT_FAIL && v.max_abs == 0.5);
  return fettle_test_end(t);
}
