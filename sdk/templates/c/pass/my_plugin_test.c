#include <fettle/testing.h>

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", NULL);
  const char* one =
      "graph(x: f32[4]):\n"
      "  dropout: f32[4] = aten.dropout.default(x, 0.1, train: False)\n"
      "  return (dropout,)\n";
  fettle_graph* graph =
      fettle_test_graph(t,
                        "graph(x: f32[4]):\n"
                        "  relu: f32[4] = aten.relu.default(x)\n"
                        "  dropout: f32[4] = aten.dropout.default(relu, 0.1, train: False)\n"
                        "  training: f32[4] = aten.dropout.default(dropout, 0.1, train: True)\n"
                        "  return (training, dropout)\n");
  FETTLE_EXPECT(t, fettle_test_transform(t, graph) == FETTLE_OK);
  FETTLE_EXPECT(t, fettle_test_rewrites(graph) == 1);
  FETTLE_EXPECT_GRAPH(t, graph,
                      "graph(x: f32[4]):\n"
                      "  relu: f32[4] = aten.relu.default(x)\n"
                      "  training: f32[4] = aten.dropout.default(relu, 0.1, train: True)\n"
                      "  return (training, relu)\n");

  /* Past the limit on rewrites a pass leaves the site alone and succeeds. */
  fettle_test_limit(t, 0);
  graph = fettle_test_graph(t, one);
  FETTLE_EXPECT(t, fettle_test_transform(t, graph) == FETTLE_OK);
  FETTLE_EXPECT_GRAPH(t, graph, one);

  return fettle_test_end(t);
}
