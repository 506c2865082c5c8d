// A pass that changes nothing and says what the program's values need at most, and which of them.
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o peak_memory.so
//       sdk/examples/peak_memory.cpp
#include <algorithm>
#include <fettle/fettle.hpp>

class PeakMemory : public fettle::Pass {
 public:
  static constexpr const char* name = "peak_memory_note";
  static constexpr const char* summary = "Notes what the program's values need at most.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Liveness liveness(graph);
    if (liveness.peak_bytes() == 0) return;
    std::vector<fettle_storage> alive = liveness.live_at(liveness.peak());
    std::stable_sort(alive.begin(), alive.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    std::string message = std::to_string(liveness.peak_bytes()) + " bytes while " +
                          std::string(liveness.node(liveness.peak()).name()) + " runs:";
    for (const fettle_storage& storage : alive)
      message += " " + std::string(graph.value(storage.value).name());
    graph.context().note(message);
    graph.context().statistic("peak_bytes", liveness.peak_bytes());
  }
};

FETTLE_PLUGIN("org.example.peak_memory_note", "1.0.0", PeakMemory)
