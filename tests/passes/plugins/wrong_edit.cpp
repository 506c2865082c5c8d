// One edit, as the test asks for it and without a thought for effects: what a pass gets wrong.
#include <fettle/fettle.hpp>

namespace {

class WrongEdit : public fettle::Pass {
 public:
  static constexpr const char* name = "wrong_edit";
  static constexpr const char* summary = "Edits one node without asking what it changes.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  static void declare(fettle::Options<WrongEdit>& options) {
    options.add("edit", &WrongEdit::edit_, "drop a node, move it before the other, or merge it")
        .choices({"drop", "move", "merge"});
    options.add("node", &WrongEdit::node_, "the node");
    options.add("other", &WrongEdit::other_, "the node to move before, or to merge with");
  }

  void transform(fettle::MutableGraph& graph) override {
    const fettle::Node node = find(graph, node_);
    fettle::Rewrite rewrite(graph, node, edit_);
    if (edit_ == "move") {
      rewrite.move_before(node, find(graph, other_));
    } else {
      if (node.result_count() != 0)
        rewrite.replace(node.result(),
                        edit_ == "drop" ? node.operand(0) : find(graph, other_).result());
      rewrite.erase(node);
    }
    rewrite.commit();
  }

 private:
  static fettle::Node find(const fettle::Graph& graph, const std::string& wanted) {
    for (const fettle::Node node : graph.nodes())
      if (node.name() == wanted) return node;
    throw fettle::Failure("there is no node '" + wanted + "'");
  }
  std::string edit_ = "drop", node_, other_;
};

}  // namespace

FETTLE_PLUGIN("test.wrong_edit", "1.0.0", WrongEdit)
