#include <fettle/testing.h>

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", NULL);
  static const float expected[] = {0, 0, 1, 2};
  const fettle_graph* graph;
  fettle_test_part part;
  uint64_t k;

  /* Elements of inputs count up from -1. */
  graph = fettle_test_graph(t,
                            "graph(x: f32[4]):\n"
                            "  first: f32[4] = aten.relu.default(x)\n"
                            "  second: f32[4] = aten.relu.default(first)\n"
                            "  other: f32[4] = aten.sin.default(second)\n"
                            "  return (other,)\n");
  FETTLE_EXPECT(t, fettle_test_launch(t, graph, &part) == FETTLE_OK);
  FETTLE_EXPECT(t, part.n_nodes == 2 && part.n_inputs == 1 && part.n_outputs == 1);
  for (k = 0; k < 4; ++k) FETTLE_EXPECT(t, fettle_test_floats(&part.results[0])[k] == expected[k]);

  graph = fettle_test_graph(t,
                            "graph(x: i64[4]):\n"
                            "  relu: i64[4] = aten.relu.default(x)\n"
                            "  return (relu,)\n");
  FETTLE_EXPECT(t, fettle_test_launch(t, graph, &part) == FETTLE_OK);
  FETTLE_EXPECT(t, part.n_nodes == 0); /* integers are libtorch's */
  return fettle_test_end(t);
}
