// Graphs of 200,000 nodes in the shapes that recursion dislikes, on a stack of 256 KB: parsing,
// checks, dce, cse, printing, saving and loading recurse over nothing that grows with the graph.
#include <fmt/format.h>

#include "../archive/small_archive.hpp"
#include "archive/new_program.hpp"
#include "fixture.hpp"
#include "graph/nested_blocks.hpp"
#include "small_stack.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr int kNodes = 200000;

// Every call but the first uses the one before it, and x, which so has as many users.
std::string chain() {
  std::string text = "graph(x: f32[4]):\n  v0: f32[4] = aten.relu.default(x)\n";
  for (int k = 1; k < kNodes; ++k) {
    text += fmt::format("  v{}: f32[4] = aten.add.Tensor(v{}, x)\n", k, k - 1);
  }
  return text + fmt::format("  return (v{},)\n", kNodes - 1);
}

// Half the users are equal to the other half, and one call and the output name them all.
std::string one_value_for_all() {
  std::string text = "graph(x: f32[4]):\n  a: f32[4] = aten.relu.default(x)\n", names;
  for (int k = 0; k < kNodes; ++k) {
    text += fmt::format("  v{}: f32[4] = aten.add.Tensor(a, {}.0)\n", k, k % (kNodes / 2));
    names += fmt::format("v{}, ", k);
  }
  return text + fmt::format("  all: f32[{}] = aten.cat.default([{}])\n  return (all,)\n",
                            4 * kNodes, names);
}

// The same operand again and again, of a call, of a nested graph's and of the output.
std::string long_lists() {
  std::string operands, placeholders;
  for (int k = 0; k < kNodes; ++k) operands += "a, ";
  for (int k = 0; k < 1000; ++k) placeholders += fmt::format(", p{}: f32[4]", k);
  return fmt::format(
      "graph(x: f32[4]):\n"
      "  a: f32[4] = aten.relu.default(x)\n"
      "  all: f32[{}] = aten.cat.default([{}])\n"
      "  again: f32[{}] = aten.cat.default([{}])\n"
      "  w: (y: f32[4]) = higher_order.wrap(self.body, x, {})\n"
      "    graph body(u: f32[4]{}):\n      return (u,)\n"
      "  n: f32[{}] = aten.neg.default(again)\n"
      "  return (all, n, y, {})\n",
      4 * kNodes, operands, 4 * kNodes, operands,
      std::string_view(operands).substr(0, 3 * 1000 - 2), placeholders,
      4 * kNodes, operands);
}

// As deep as graphs nest, with as many calls in each; the innermost result comes out.
std::string nested() {
  std::string text = "graph(x: f32[4]):\n", end;
  for (std::uint32_t depth = 0; depth <= kMostNesting; ++depth) {
    const std::string d = std::to_string(depth), name = depth == 0 ? "x" : "x" + d;
    text += fmt::format("a{}_0: f32[4] = aten.sin.default({})\n", d, name);
    for (std::uint32_t k = 1; k < kNodes / kMostNesting; ++k) {
      text += fmt::format("a{}_{}: f32[4] = aten.sin.default(a{}_{})\n", d, k, d, k - 1);
    }
    const std::string last = fmt::format("a{}_{}", d, kNodes / kMostNesting - 1);
    if (depth == kMostNesting) {
      end = "return (" + last + ",)\n" + end;
    } else {
      text += fmt::format("w{}: (y{}: f32[4]) = higher_order.wrap(self.b{}, {}, {})\n", d, d, d,
                          last, name);
      text += fmt::format("graph b{}(x{}: f32[4], unused{}: f32[4]):\n", d, depth + 1, d);
      end = fmt::format("return (y{},)\n", d) + end;
    }
  }
  return text + end;
}

std::unique_ptr<Graph> saved_and_loaded(std::unique_ptr<Graph> graph) {
  const TempFolder folder;
  const auto path = folder.path() / "model.pt2";
  Program program;
  program.graph = std::move(graph);
  complete_program(program, {"[1, {}]", "[1, {}]", {"x"}}, "2.13.0");
  write_program(program, path);
  return std::move(read_program(path).graph);
}

std::uint32_t run_pass(const char* name, Graph& graph) {
  const auto pass = shipped().create_pass(name, {});
  Outcome outcome;
  AnalysisManager analyses(graph);
  pass->analyze(analyses, outcome);
  Journal journal(graph);
  pass->transform(journal, analyses, outcome);
  check(graph);
  check_schemas(graph);
  const std::uint32_t nodes = graph.node_count();
  journal.rollback();
  check(graph);
  pass->transform(journal, analyses, outcome);
  CHECK(graph.node_count() == nodes);
  return nodes;
}

struct Nodes {
  std::uint32_t before, after_cse, after_dce;
};

void take_through(const std::string& text, Nodes expected) {
  on_small_stack([&] {
    const std::unique_ptr<Graph> graph = graph_of(text);
    CHECK(graph->node_count() == expected.before);
    CHECK(run_pass("cse", *graph) == expected.after_cse);
    CHECK(run_pass("dce", *graph) == expected.after_dce);
    const std::string printed = text_of(*graph);
    CHECK((text_of(*saved_and_loaded(graph_of(printed))) == printed));  // not shown if it fails
  });
}

}  // namespace

TEST_CASE("on a small stack: a chain of 200,000 calls") {
  take_through(chain(), {kNodes + 2, kNodes + 2, kNodes + 2});
}

TEST_CASE("on a small stack: one value with 200,000 users, which one call takes") {
  take_through(one_value_for_all(), {kNodes + 4, kNodes / 2 + 4, kNodes / 2 + 4});
}

TEST_CASE("on a small stack: lists of 200,000 operands") {
  take_through(long_lists(), {9 + 1000, 8 + 1000, 8});
}

TEST_CASE("on a small stack: graphs in graphs, as deep as they may be, of 200,000 calls") {
  constexpr std::uint32_t kEach = kNodes / kMostNesting, kGraphs = kMostNesting + 1;
  constexpr std::uint32_t kBefore = kGraphs * (kEach + 2) + 2 * kMostNesting;
  take_through(nested(), {kBefore, kBefore, kBefore - kMostNesting});
}
