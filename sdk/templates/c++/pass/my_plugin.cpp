// Removes dropouts that do nothing outside training: dropout(x, p, train=False) is x itself.
// Exact: the call returns its input, so whoever used the result gets the same tensor. Leaves alone
// dropouts in training, and nested graphs: this walks the program's own.
#include <fettle/fettle.hpp>

class MyPlugin : public fettle::Pass {
 public:
  static constexpr const char* name = "my_plugin";
  static constexpr const char* summary = "Removes dropouts that do nothing outside training.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Symbol dropout = graph.symbol("aten.dropout.default");
    for (fettle::Node node : graph.nodes()) {
      if (!node.is(dropout) || node.argument("train")->boolean()) continue;
      fettle::Rewrite rewrite(graph, node, "dropout without training");
      if (!rewrite) continue;  // past the limit on rewrites: leave this site alone
      rewrite.replace(node.result(), node.operand(0));
      rewrite.erase(node);
      rewrite.commit();
    }
  }
};

FETTLE_PLUGIN("org.example.my_plugin", "0.1.0", MyPlugin)
