// Finds the value that is used most often; of several, the first. What others ask for is in
// my_plugin.h. Looks at the program's own graph, not at nested ones.
#include "my_plugin.h"

#include <fettle/fettle.hpp>

class MyPlugin : public fettle::Analysis<my_plugin_answer> {
 public:
  static constexpr const char* name = "my_plugin";
  static constexpr const char* summary = "Finds the value that is used most often.";
  static constexpr const char* answer_id = my_plugin_answer_id;
  static constexpr std::uint32_t reads = FETTLE_READS_STRUCTURE;

  std::unique_ptr<my_plugin_answer> compute(const fettle::Graph& graph) override {
    my_plugin_answer busiest = {FETTLE_NONE, 0};
    for (const fettle::Node node : graph.nodes()) {
      for (std::uint32_t k = 0; k < node.result_count(); ++k) {
        const fettle::Value value = node.result(k);
        if (value.use_count() > busiest.uses) busiest = {value.id(), value.use_count()};
      }
    }
    return std::make_unique<my_plugin_answer>(busiest);
  }

  std::string describe(const fettle::Graph& graph, const my_plugin_answer& busiest) override {
    if (busiest.value == FETTLE_NONE) return "nothing is used";
    return std::string(graph.value(busiest.value).name()) + " is used " +
           std::to_string(busiest.uses) + " times";
  }
};

FETTLE_PLUGIN("org.example.my_plugin", "0.1.0", MyPlugin)
