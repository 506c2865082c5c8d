#include <fettle/testing.h>

#include "my_plugin.h"

int main() {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", nullptr);
  fettle_test_finding found;

  fettle_graph* graph = fettle_test_graph(t, R"(
    graph(x: f32[4]):
      relu: f32[4] = aten.relu.default(x)
      add: f32[4] = aten.add.Tensor(relu, relu)
      mul: f32[4] = aten.mul.Tensor(add, relu)
      return (mul, x))");
  FETTLE_EXPECT(t, fettle_test_compute(t, graph, &found) == FETTLE_OK);
  FETTLE_EXPECT(t, static_cast<const my_plugin_answer*>(found.answer)->uses == 3);
  FETTLE_EXPECT(t, strcmp(found.text, "relu is used 3 times") == 0);

  graph = fettle_test_graph(t, "graph(): return ()");
  FETTLE_EXPECT(t, fettle_test_compute(t, graph, &found) == FETTLE_OK);
  FETTLE_EXPECT(t, static_cast<const my_plugin_answer*>(found.answer)->value == FETTLE_NONE);
  return fettle_test_end(t);
}
