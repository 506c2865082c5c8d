// A pass that is wrong on purpose: it promises to be exact, and puts neg where relu was. The same
// library offers it under an honest promise, for pipelines that accept an error.
#include <fettle/fettle.hpp>

namespace {

class ReluToNeg : public fettle::Pass {
 public:
  static constexpr const char* name = "relu_to_neg";
  static constexpr const char* summary = "Computes something else.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Symbol relu = graph.symbol("aten.relu.default");
    for (fettle::Node node : graph.nodes()) {
      if (!node.is(relu)) continue;
      fettle::Rewrite rewrite(graph, node, "wrong on purpose");
      if (!rewrite) continue;
      const fettle::Node neg = rewrite.create(fettle::NodeSpec("aten.neg.default")
                                                  .argument(node.operand(0))
                                                  .result(node.result().info().type)
                                                  .before(node));
      rewrite.replace(node.result(), neg.result());
      rewrite.erase(node);
      rewrite.commit();
    }
  }
};

class HonestReluToNeg : public ReluToNeg {
 public:
  static constexpr const char* name = "relu_to_neg_honest";
  static constexpr fettle::Promise promise = fettle::Promise::changes_results;
};

}  // namespace

FETTLE_PLUGIN("test.relu_to_neg", "1.0.0", ReluToNeg, HonestReluToNeg)
