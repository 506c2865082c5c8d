// A pass that changes results on purpose, as approximations do: gelu where relu was.
#include <fettle/fettle.hpp>

namespace {

class ReluToGelu : public fettle::Pass {
 public:
  static constexpr const char* name = "relu_to_gelu";
  static constexpr const char* summary = "Computes gelu where the model has relu.";
  static constexpr fettle::Promise promise = fettle::Promise::changes_results;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Symbol relu = graph.symbol("aten.relu.default");
    for (fettle::Node node : graph.nodes()) {
      if (!node.is(relu)) continue;
      fettle::Rewrite rewrite(graph, node, "gelu for relu");
      if (!rewrite) continue;
      const fettle::Node gelu = rewrite.create(fettle::NodeSpec("aten.gelu.default")
                                                   .argument(node.operand(0))
                                                   .result(node.result().info().type)
                                                   .before(node));
      rewrite.replace(node.result(), gelu.result());
      rewrite.erase(node);
      rewrite.commit();
    }
  }
};

}  // namespace

FETTLE_PLUGIN("test.relu_to_gelu", "1.0.0", ReluToGelu)
