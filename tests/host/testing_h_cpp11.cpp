// fettle/testing.h is strict C++11, too.
#include <fettle/testing.h>

extern "C" int testing_h_run(const fettle_plugin* plugin);
extern "C" int testing_h_run(const fettle_plugin* plugin) {
  fettle_test* t = fettle_test_begin(plugin, "any", nullptr);
  fettle_graph* g = fettle_test_graph(t, "graph(x: f32[4]): return (x,)");
  FETTLE_EXPECT(t, fettle_test_transform(t, g) == FETTLE_OK);
  FETTLE_EXPECT_GRAPH(t, g, "graph(x: f32[4]): return (x,)");
  return fettle_test_end(t);
}
