#include <fettle/testing.h>

int main() {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", nullptr);
  fettle_test_part part;

  // Elements of inputs count up from -1.
  const fettle_graph* graph = fettle_test_graph(t, R"(
    graph(x: f32[4]):
      first: f32[4] = aten.relu.default(x)
      second: f32[4] = aten.relu.default(first)
      other: f32[4] = aten.sin.default(second)
      return (other,))");
  FETTLE_EXPECT(t, fettle_test_launch(t, graph, &part) == FETTLE_OK);
  FETTLE_EXPECT(t, part.n_nodes == 2 && part.n_inputs == 1 && part.n_outputs == 1);
  const float expected[] = {0, 0, 1, 2};
  for (uint64_t k = 0; k < 4; ++k)
    FETTLE_EXPECT(t, fettle_test_floats(&part.results[0])[k] == expected[k]);

  graph = fettle_test_graph(t, R"(
    graph(x: i64[4]):
      relu: i64[4] = aten.relu.default(x)
      return (relu,))");
  FETTLE_EXPECT(t, fettle_test_launch(t, graph, &part) == FETTLE_OK);
  FETTLE_EXPECT(t, part.n_nodes == 0);  // integers are libtorch's
  return fettle_test_end(t);
}
