// A pass whose claims are not true, chosen by its option `how`; each way is a case of
// tests/pipeline/test_lies.cpp. It works on the graph of that test.
#include <fettle/fettle.hpp>

namespace {

class LyingPass : public fettle::Pass {
 public:
  static constexpr const char* name = "lying_pass";
  static constexpr const char* summary = "Claims what is not true.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;
  static constexpr bool idempotent = true;
  static constexpr std::string_view preserves[] = {
      FETTLE_DOMINANCE_ID, FETTLE_LIVENESS_ID, FETTLE_FACTS_ID, "fettle.horoscope/1"};

  static void declare(fettle::Options<LyingPass>& options) {
    options.add("how", &LyingPass::how_, "the way to lie");
  }

  std::optional<std::string> analyze(const fettle::Graph& graph) override {
    if (how_ == "scribbles") {  // into what it was lent for reading
      const fettle_node_info sum = node(graph, "sum").info();
      const_cast<fettle_value*>(sum.operands)[0] = sum.operands[1];
    }
    if (how_ == "nothing_to_do" || how_ == "scribbles") return "there is nothing to do";
    return std::nullopt;
  }

  void transform(fettle::MutableGraph& graph) override {
    if (how_ == "scribbles") return;
    if (how_ == "walks_from_erased") return walk_from_erased(graph);
    fettle::Rewrite rewrite(graph, node(graph, "sum"), how_);
    if (how_ == "creates") {
      const fettle::Node b = node(graph, "b");
      const fettle::Value x = b.operand(0);
      const fettle::Node again = rewrite.create(fettle::NodeSpec("aten.neg.default")
                                                    .argument(x)
                                                    .result(b.result().type_id())
                                                    .before(node(graph, "sum")));
      rewrite.set_operand(node(graph, "sum"), 1, again.result());
    } else if (how_ == "rewires" || how_ == "nothing_to_do") {
      rewrite.set_operand(node(graph, "sum"), 1, node(graph, "a").result());
    } else if (how_ == "sorts") {  // true: the same edges, the same storage
      const fettle::Value a = node(graph, "a").result(), b = node(graph, "b").result();
      rewrite.set_operand(node(graph, "sum"), 0, b);
      rewrite.set_operand(node(graph, "sum"), 1, a);
    } else if (how_ == "swaps") {  // and back again
      const std::vector<fettle::Value> given = node(graph, "sum").operands();
      rewrite.set_operand(node(graph, "sum"), 0, given[1]);
      rewrite.set_operand(node(graph, "sum"), 1, given[0]);
    }
    rewrite.commit();
  }

 private:
  static fettle::Node node(const fettle::Graph& graph, std::string_view name) {
    for (const fettle::Node node : graph.nodes())
      if (node.name() == name) return node;
    throw fettle::Failure("no node " + std::string(name));
  }
  static void walk_from_erased(fettle::MutableGraph& graph) {
    const fettle::Node unused = node(graph, "unused");
    fettle::Rewrite rewrite(graph, unused, "unused");
    rewrite.erase(unused);
    rewrite.commit();
    if (unused.next()) throw fettle::Failure("there is nothing beside an erased node");
  }

  std::string how_ = "creates";
};

}  // namespace

FETTLE_PLUGIN("test.lying_pass", "1.0", LyingPass)
