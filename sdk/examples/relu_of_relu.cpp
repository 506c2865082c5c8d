// A complete plugin with one pass: relu(relu(x)) is relu(x).
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o relu_of_relu.so
//       sdk/examples/relu_of_relu.cpp
#include <fettle/fettle.hpp>

class ReluOfRelu : public fettle::Pass {
 public:
  static constexpr const char* name = "relu_of_relu";
  static constexpr const char* summary = "Removes a relu whose operand is a relu.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Symbol relu = graph.symbol("aten.relu.default");
    for (fettle::Node node : graph.nodes()) {
      if (!node.is(relu) || !node.operand(0).producer().is(relu)) continue;
      fettle::Rewrite rewrite(graph, node, "relu of relu");
      if (!rewrite) continue;  // past the limit on rewrites: leave this site alone
      rewrite.replace(node.result(), node.operand(0));
      rewrite.erase(node);
      rewrite.commit();
    }
  }
};

FETTLE_PLUGIN("org.example.relu_of_relu", "1.0.0", ReluOfRelu)
