// A pass whose result libtorch does not survive: relu reads far beyond its operand, through a view
// that no kernel checks. What goes wrong happens in no plugin's code.
#include <fettle/fettle.hpp>

#include <cstdint>
#include <vector>

namespace {

class WildStrides : public fettle::Pass {
 public:
  static constexpr const char* name = "wild_strides";
  static constexpr const char* summary = "Makes relu read what is not there.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    constexpr std::int64_t kFar = std::int64_t{1} << 40;
    for (const fettle::Node call : relus(graph)) {
      std::vector<std::int64_t> sizes, strides;
      for (const fettle_dim& size : call.operand(0).type().sizes()) {
        sizes.push_back(size.value);
        strides.push_back(kFar);
      }
      fettle::Rewrite rewrite(graph, call, "reads elsewhere");
      if (!rewrite) continue;
      const fettle::Node view = rewrite.create(fettle::NodeSpec("aten._reshape_alias.default")
                                                   .argument(call.operand(0))
                                                   .argument(sizes)
                                                   .argument(strides)
                                                   .result(call.operand(0).type_id())
                                                   .before(call));
      rewrite.set_operand(call, 0, view.result());
      rewrite.propagate_types();
      rewrite.commit();
    }
  }

 private:
  static std::vector<fettle::Node> relus(const fettle::Graph& graph) {
    std::vector<fettle::Node> found;
    for (const fettle::Node node : graph.nodes())
      if (node.op() == "aten.relu.default") found.push_back(node);
    return found;
  }
};

}  // namespace

FETTLE_PLUGIN("test.wild_strides", "1.0.0", WildStrides)
