#include <fettle/testing.h>

int main() {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", nullptr);

  fettle_graph* graph = fettle_test_graph(t, R"(
    graph(x: f32[4]):
      relu: f32[4] = aten.relu.default(x)
      dropout: f32[4] = aten.dropout.default(relu, 0.1, train: False)
      training: f32[4] = aten.dropout.default(dropout, 0.1, train: True)
      return (training, dropout))");
  FETTLE_EXPECT(t, fettle_test_transform(t, graph) == FETTLE_OK);
  FETTLE_EXPECT(t, fettle_test_rewrites(graph) == 1);
  FETTLE_EXPECT_GRAPH(t, graph, R"(
    graph(x: f32[4]):
      relu: f32[4] = aten.relu.default(x)
      training: f32[4] = aten.dropout.default(relu, 0.1, train: True)
      return (training, relu))");

  // Past the limit on rewrites a pass leaves the site alone and succeeds.
  fettle_test_limit(t, 0);
  const char* one = R"(
    graph(x: f32[4]):
      dropout: f32[4] = aten.dropout.default(x, 0.1, train: False)
      return (dropout,))";
  graph = fettle_test_graph(t, one);
  FETTLE_EXPECT(t, fettle_test_transform(t, graph) == FETTLE_OK);
  FETTLE_EXPECT_GRAPH(t, graph, one);

  return fettle_test_end(t);
}
