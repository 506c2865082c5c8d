// Properties of the journal over random edits: refused edits change nothing, accepted ones keep the
// bookkeeping sound, and rolling back to any mark gives the very graph that was there.
#include "graph/random_edits.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// Bookkeeping is always sound; what an edit may leave wrong for the check to refuse is another
// matter.
std::string corruption(const Graph& graph) {
  for (const Diagnostic& problem : find_problems(graph)) {
    if (problem.code == Code::graph_corrupt) return format(problem);
  }
  return {};
}

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
