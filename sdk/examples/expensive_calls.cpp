// A pass that changes nothing and says which calls have the most to compute, and how much that is
// for each byte that they have to move: below what a machine does while it moves a byte, memory is
// what holds a call up.
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o expensive_calls.so
//       sdk/examples/expensive_calls.cpp
#include <algorithm>
#include <fettle/fettle.hpp>

class ExpensiveCalls : public fettle::Pass {
 public:
  static constexpr const char* name = "expensive_calls_note";
  static constexpr const char* summary = "Notes which calls have the most to compute.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Costs costs(graph);
    const auto operations = [&](fettle::Node call) {
      return costs.flops(call) + costs.element_ops(call);
    };
    std::vector<fettle::Node> calls;
    for (const fettle::Node node : graph.nodes())
      if (operations(node) > 0) calls.push_back(node);
    std::stable_sort(calls.begin(), calls.end(), [&](fettle::Node a, fettle::Node b) {
      return operations(a) > operations(b);
    });
    if (calls.size() > kMost) calls.resize(kMost);
    for (const fettle::Node call : calls) {
      graph.context().note(std::string(call.name()) + ": " + std::to_string(operations(call)) +
                           " operations, " + std::to_string(costs.bytes(call)) + " bytes");
    }
    graph.context().statistic("flops", costs.raw().total_flops);
    graph.context().statistic("bytes",
                              costs.raw().total_bytes_read + costs.raw().total_bytes_written);
  }

 private:
  static constexpr std::size_t kMost = 3;
};

FETTLE_PLUGIN("org.example.expensive_calls_note", "1.0.0", ExpensiveCalls)
