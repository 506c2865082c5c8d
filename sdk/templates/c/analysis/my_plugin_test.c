#include <fettle/testing.h>

#include "my_plugin.h"

int main(void) {
  fettle_test* t = fettle_test_begin(fettle_plugin_v1(), "my_plugin", NULL);
  fettle_test_finding found;

  fettle_graph* graph = fettle_test_graph(t,
                                          "graph(x: f32[4]):\n"
                                          "  relu: f32[4] = aten.relu.default(x)\n"
                                          "  add: f32[4] = aten.add.Tensor(relu, relu)\n"
                                          "  mul: f32[4] = aten.mul.Tensor(add, relu)\n"
                                          "  return (mul, x)\n");
  FETTLE_EXPECT(t, fettle_test_compute(t, graph, &found) == FETTLE_OK);
  FETTLE_EXPECT(t, ((const my_plugin_answer*)found.answer)->uses == 3);
  FETTLE_EXPECT(t, strcmp(found.text, "relu is used 3 times") == 0);

  graph = fettle_test_graph(t, "graph(): return ()");
  FETTLE_EXPECT(t, fettle_test_compute(t, graph, &found) == FETTLE_OK);
  FETTLE_EXPECT(t, ((const my_plugin_answer*)found.answer)->value == FETTLE_NONE);
  return fettle_test_end(t);
}
