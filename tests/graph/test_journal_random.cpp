// Properties of the journal over random edits: refused edits change nothing, accepted ones keep the
// bookkeeping sound, and rolling back to any mark gives the very graph that was there.
#include <random>

#include "graph/programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
  graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], x: f32[2]):
    relu: f32[2] = aten.relu.default(x)
    add: f32[2] = aten.add.Tensor(relu, x, alpha=2)
    wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, add)
      graph sub(x: f32[2]):
        cos: f32[2] = aten.cos.default(x)
        inner: (in) = higher_order.wrap_with_set_grad_enabled(True, self.deep, cos)
          graph deep(x):
            return (x,)
        return (in,)
    cat: f32[2] = aten.cat.default([sin, sin, relu])
    mul: f32[2] = aten.mul.Tensor(cat, w)
    return (mul, relu)
)";

// Bookkeeping is always sound; what an edit may leave wrong for the check to refuse is another
// matter.
std::string corruption(const Graph& graph) {
  for (const Diagnostic& problem : find_problems(graph)) {
    if (problem.code == Code::graph_corrupt) return format(problem);
  }
  return {};
}

class RandomEditor {
 public:
  RandomEditor(Graph& graph, Journal& journal, std::uint32_t seed)
      : graph_(graph), journal_(journal), random_(seed) {}

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  // Ids just past the bound are tried too.
  NodeId any_node() { return NodeId(below(graph_.node_bound() + 1)); }
  ValueId any_value() { return ValueId(below(graph_.value_bound() + 1)); }

  // True when the edit was accepted.
  bool edit() {
    try {
      edit_unchecked();
      return true;
    } catch (const Error&) {
      return false;
    }
  }

 private:
  void edit_unchecked() {
    switch (below(13)) {
      case 0:
        journal_.create_node(call(graph_, "aten.f.default", {any_value(), any_value()}),
                             {kRootBlock, any_node()});
        return;
      case 1: journal_.erase_node(any_node()); return;
      case 2: journal_.set_operand(any_node(), below(2), any_value()); return;
      case 3: journal_.replace_all_uses(any_value(), any_value()); return;
      case 4: {
        const NodeSpec spec = call(graph_, "", {any_value()});
        const NodeId node = any_node();  // no placeholder: text does not show arguments of those
        if (graph_.alive(node) && graph_.node(node).opcode == Opcode::placeholder) return;
        journal_.set_arguments(node, spec.arguments, spec.operands);
        return;
      }
      case 5: journal_.move_before(any_node(), any_node()); return;
      case 6: journal_.set_type(any_value(), TypeId(below(3))); return;
      case 7: journal_.rename(any_node(), journal_.fresh_name("n")); return;
      case 8: journal_.rename(any_value(), journal_.fresh_name("v")); return;
      case 9: journal_.set_metadata(any_node(), {{graph_.intern("k"), graph_.intern("v")}}); return;
      case 10: {
        InputSpec spec;
        spec.kind = below(2) == 0 ? InputKind::token : InputKind::user_input;
        journal_.set_input_spec(any_node(), spec);
        return;
      }
      case 11:
        if (below(2) == 0) journal_.remove_constant("w");
        else journal_.add_constant("w", TensorData{make_storage("12345678", 8), Type{}});
        return;
      default: create_nested();
    }
  }

  void create_nested() {
    const BlockId block = below(2) == 0 ? journal_.create_block(graph_.intern("b"))
                                        : BlockId(below(graph_.block_bound()));
    NodeSpec owner = call(graph_, "higher_order.f", {});
    owner.arguments = {{StringId{}, ArgForm::positional,
                        {ArgKind::block, BlockRef{block, graph_.intern("b")}}}};
    journal_.create_node(call(graph_, "aten.f.default", {}), {block, {}});
    journal_.create_node(owner, {BlockId(below(graph_.block_bound())), {}});
  }

  Graph& graph_;
  Journal& journal_;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("random edits are sound and undone exactly") {
  std::size_t accepted = 0;
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    const auto graph = program(kProgram);
    const std::string before = state(*graph);
    Journal journal(*graph);
    RandomEditor editor(*graph, journal, seed);
    std::vector<std::pair<Journal::Mark, std::string>> states;
    for (int step = 0; step < 60; ++step) {
      if (!journal.in_rewrite()) {
        REQUIRE(journal.begin_rewrite(graph->output_node(), "random"));
        states.emplace_back(journal.mark(), state(*graph));
      }
      const bool compare = step % 4 == 0;
      const std::string here = compare ? state(*graph) : std::string();
      const auto mark = journal.mark();
      if (editor.edit()) ++accepted;
      // A refused edit made of several leaves what came before the refusal; those are in the
      // journal.
      else if (compare && journal.mark() == mark) REQUIRE(state(*graph) == here);
      REQUIRE(corruption(*graph) == "");
      switch (editor.below(12)) {
        case 0: journal.end_rewrite(); break;
        case 1:
          journal.abort_rewrite();
          REQUIRE(state(*graph) == states.back().second);
          break;
        default: break;
      }
    }
    while (!states.empty()) {
      journal.rollback(states.back().first);
      REQUIRE(state(*graph) == states.back().second);
      REQUIRE(corruption(*graph) == "");
      states.pop_back();
    }
    journal.rollback();
    REQUIRE(state(*graph) == before);
    REQUIRE_FALSE(journal.changed());
    REQUIRE(find_problems(*graph).empty());
  }
  CHECK(accepted > 2000);
}

TEST_CASE("the net effect agrees with what a comparison of the graphs says") {
  std::size_t changes = 0, same = 0;
  for (std::uint32_t seed = 0; seed < 600; ++seed) {
    INFO("seed " << seed);
    const auto graph = program(kProgram);
    const std::string before = state(*graph);
    const std::uint32_t nodes = graph->node_count();
    Journal journal(*graph);
    RandomEditor editor(*graph, journal, seed + 1000);
    REQUIRE(journal.begin_rewrite(graph->output_node(), "random"));
    for (int step = 0; step < 4; ++step) editor.edit();
    // State includes the order of use lists, which is nobody's business: compare without it.
    const auto program_of = [](const std::string& all) {
      return all.substr(0, all.find("\nnode"));
    };
    const auto constants_of = [](const std::string& all) {
      const auto at = all.find("\nconstant");
      return at == all.npos ? std::string() : all.substr(at);
    };
    const std::string after = state(*graph);
    const bool differs = program_of(before) != program_of(after) ||
                         constants_of(before) != constants_of(after) ||
                         graph->node_count() != nodes;
    INFO(before << after);
    CHECK(journal.changed() == differs);
    ++(differs ? changes : same);
  }
  CHECK(changes > 100);
  CHECK(same > 20);
}
