// The journal: every edit, what each refuses, and that undoing restores the graph exactly.
#include "catch.hpp"

#include "base/error.hpp"
#include "graph/journal.hpp"

using namespace fettle;
using fettle::test::contains;

TEST_CASE("an edit outside a rewrite is refused") {
  Graph graph;
  Journal journal(graph);
  try {
    journal.create_node(NodeSpec{}, InsertPoint{});
    FAIL("the edit was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == Code::graph_bad_edit);
    CHECK_THAT(error.what(), contains("graph-bad-edit"));
    CHECK_THAT(error.what(), contains("rewrite_begin"));
  }
  CHECK(graph.node_count() == 0);
}
