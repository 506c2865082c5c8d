// A pass that moves a computation down to where it is used: what flows into one node alone, as
// post-dominators tell, is computed right before that node.
//
//   %a = aten.exp.default(%x)
//   %b = aten.sin.default(%a)        # all that %a and %b do goes into %d
//   %c = aten.cos.default(%x)        # … so that this one comes before them
//   %d = aten.mul.Tensor(%c, %b)
//
// The new order is that of the post-dominator tree, each node behind the nodes below it. A node
// that uses %v from another branch of the tree comes later than %v in the old order as well as in
// the new one: %v then hangs right below what both flow into. Programs in which anything mutates,
// draws or has effects are left alone, as order means something there.
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o sink_to_use.so
//       sdk/examples/sink_to_use.cpp
#include <fettle/fettle.hpp>

class SinkToUse : public fettle::Pass {
 public:
  static constexpr const char* name = "sink_to_use";
  static constexpr const char* summary = "Computes what one node alone needs right before it.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    for (const fettle::Node node : graph.nodes()) {
      if (node.is_call() && !node.facts().pure()) return "its order means something";
    }
    return std::nullopt;
  }

  void transform(fettle::MutableGraph& graph) override {
    const std::vector<fettle::Node> order = by_post_dominators(graph);
    fettle::Node next = graph.output_node();
    for (auto node = order.rbegin(); node != order.rend(); ++node) {
      if (node->next() != next) {
        fettle::Rewrite rewrite(graph, *node, "only " + std::string(next.name()) + " needs it");
        if (!rewrite) return;  // past the limit: what is not moved yet stands before what is
        rewrite.move_before(*node, next);
        rewrite.commit();
      }
      next = *node;
    }
  }

 private:
  // Calls, each behind what lies below it in the tree: children in program order, then the node.
  static std::vector<fettle::Node> by_post_dominators(const fettle::Graph& graph) {
    const fettle::DominatorTree tree(graph, fettle::Dominance::post_dominators);
    std::vector<std::vector<std::uint32_t>> children(tree.size());
    for (std::uint32_t at = tree.exit(); at-- > 1;) children[tree.immediate(at)].push_back(at);
    std::vector<fettle::Node> order;
    std::vector<std::uint32_t> open{tree.exit()};
    while (!open.empty()) {  // the last child is on top: the order comes out backwards
      const std::uint32_t at = open.back();
      open.pop_back();
      const fettle::Node node = tree.node(at);
      if (node && node.is_call()) order.push_back(node);
      open.insert(open.end(), children[at].rbegin(), children[at].rend());
    }
    return {order.rbegin(), order.rend()};
  }
};

FETTLE_PLUGIN("org.example.sink_to_use", "1.0.0", SinkToUse)
