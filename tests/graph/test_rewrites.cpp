// Rewrites and what a journal amounts to: limits, abort, rollback, the net effect.
#include "graph/programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
  graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], x: f32[2]):
    relu: f32[2] = aten.relu.default(x)
    add: f32[2] = aten.add.Tensor(relu, x, alpha=2)
    mul: f32[2] = aten.mul.Tensor(add, relu)
    wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, mul)
      graph sub(x: f32[2]):
        cos: f32[2] = aten.cos.default(x)
        cosh: f32[2] = aten.cosh.default(x)
        return (cos,)
    sub: f32[2] = aten.sub.Tensor(sin, w)
    return (sub,)
)";

struct Fixture {
  std::unique_ptr<Graph> owner = program(kProgram);
  Graph& graph = *owner;
  std::string before = state(graph);
  Journal journal{graph};
  Fixture() { REQUIRE(journal.begin_rewrite(node(graph, "relu"), "test")); }

  bool changed() const { return journal.changed(); }
  // Undoing gives the very same graph, use lists and counts included.
  void check_rollback() {
    journal.rollback();
    CHECK(state(graph) == before);
    CHECK(find_problems(graph).empty());
    CHECK(!journal.changed());
    CHECK(journal.rewrites() == 0);
  }
};

}  // namespace

TEST_CASE("a rewrite counts when it did something") {
  Fixture f;
  CHECK(f.journal.in_rewrite());
  CHECK(refusal([&] { f.journal.begin_rewrite(node(f.graph, "add"), "nested"); }) ==
        "graph-bad-edit");
  f.journal.end_rewrite();
  CHECK(f.journal.rewrites() == 0);
  REQUIRE(f.journal.begin_rewrite(node(f.graph, "relu"), "x for relu"));
  f.journal.replace_all_uses(value(f.graph, "relu"), value(f.graph, "x"));
  f.journal.end_rewrite();
  CHECK(f.journal.rewrites() == 1);
  REQUIRE(f.journal.kept_rewrites().size() == 1);
  CHECK(f.journal.kept_rewrites()[0].why == "x for relu");
  CHECK(f.journal.kept_rewrites()[0].root == node(f.graph, "relu"));
  CHECK(!f.journal.in_rewrite());
  CHECK(refusal([&] { f.journal.end_rewrite(); }) == "graph-bad-edit");
  CHECK(refusal([&] { f.journal.abort_rewrite(); }) == "graph-bad-edit");
  CHECK(refusal([&] { f.journal.begin_rewrite(NodeId(1000), ""); }) == "graph-stale-id");
}

TEST_CASE("a journal that does not record has rewrites only where they were begun") {
  Fixture f;
  Journal builder(f.graph, Journal::Recording::off);
  CHECK(refusal([&] { builder.end_rewrite(); }) == "graph-bad-edit");
  CHECK(refusal([&] { builder.abort_rewrite(); }) == "graph-bad-edit");
}

TEST_CASE("setting what is there already is no edit") {
  Fixture f;
  const ValueId add = value(f.graph, "add");
  const NodeId node = f.graph.value(add).producer;
  f.journal.set_type(add, f.graph.value(add).type);
  f.journal.rename(add, f.graph.value(add).name);
  f.journal.rename(node, f.graph.node(node).name);
  f.journal.set_operand(node, 1, f.graph.node(node).operands[1]);
  f.journal.set_metadata(node, f.graph.node(node).metadata);
  f.journal.move_before(node, f.graph.node(node).next);
  f.journal.replace_all_uses(add, add);
  f.journal.set_arguments(node, f.graph.node(node).arguments, operands_of(f.graph, node));
  f.journal.set_input_spec(test::node(f.graph, "w"),
                           *f.graph.node(test::node(f.graph, "w")).input_spec);
  f.journal.set_output_specs(f.graph.node(f.graph.output_node()).output_specs);
  f.journal.end_rewrite();
  CHECK(f.journal.rewrites() == 0);
  CHECK(!f.changed());
  CHECK(state(f.graph) == f.before);
}

TEST_CASE("past the limit a rewrite does not begin") {
  Fixture f;
  f.journal.end_rewrite();
  f.journal.set_rewrite_limit(1);
  REQUIRE(f.journal.begin_rewrite(node(f.graph, "relu"), "first"));
  f.journal.replace_all_uses(value(f.graph, "relu"), value(f.graph, "x"));
  f.journal.end_rewrite();
  CHECK(!f.journal.begin_rewrite(node(f.graph, "add"), "second"));
  CHECK(!f.journal.in_rewrite());
  f.journal.rollback();
  CHECK(f.journal.begin_rewrite(node(f.graph, "add"), "again"));
}

TEST_CASE("an aborted rewrite leaves the ones before") {
  Fixture f;
  f.journal.replace_all_uses(value(f.graph, "relu"), value(f.graph, "x"));
  f.journal.end_rewrite();
  const std::string kept = state(f.graph);
  REQUIRE(f.journal.begin_rewrite(node(f.graph, "add"), "aborted"));
  f.journal.erase_node(node(f.graph, "relu"));
  f.journal.abort_rewrite();
  CHECK(state(f.graph) == kept);
  CHECK(f.journal.rewrites() == 1);
  CHECK(f.journal.kept_rewrites().size() == 1);
  f.check_rollback();
}

TEST_CASE("every edit is undone") {
  Fixture f;
  Journal& j = f.journal;
  Graph& g = f.graph;
  SECTION("creation") {
    j.create_node(call(g, "a.b", {value(g, "x"), value(g, "x"), value(g, "add")}),
                  {kRootBlock, node(g, "mul")});
  }
  SECTION("erasure, from the middle of use lists") {
    j.replace_all_uses(value(g, "mul"), value(g, "add"));
    j.erase_node(node(g, "mul"));
    j.erase_node(node(g, "cosh"));
  }
  SECTION("erasure with nested graphs") {
    j.replace_all_uses(value(g, "sin"), value(g, "add"));
    j.erase_node(node(g, "cosh"));
    j.erase_node(node(g, "wrap"));
    CHECK(j.tally().erased == 5);  // the call, and what was in its graph: x, cos, cosh and output
  }
  SECTION("replaced uses") {
    j.replace_all_uses(value(g, "x"), value(g, "w"));
    j.replace_all_uses(value(g, "relu"), value(g, "w"));
  }
  SECTION("operands and arguments") {
    j.set_operand(node(g, "add"), 0, value(g, "x"));
    j.set_operand(node(g, "mul"), 1, value(g, "x"));
    j.set_arguments(node(g, "add"), call(g, "", {value(g, "x")}).arguments, {value(g, "w")});
  }
  SECTION("moves") {
    j.move_before(node(g, "sub"), node(g, "relu"));
    j.move_before(node(g, "mul"), node(g, "sub"));
    j.move_before(node(g, "w"), node(g, "relu"));
  }
  SECTION("names, types, metadata") {
    j.rename(value(g, "add"), g.intern("a"));
    j.rename(node(g, "add"), g.intern("a"));
    j.set_type(value(g, "mul"), g.intern(Type{}));
    j.set_metadata(node(g, "mul"), {{g.intern("a"), g.intern("b")}});
  }
  SECTION("signature and constants") {
    j.add_constant("v", g.constants().at("w"));
    j.remove_constant("w");
    j.set_input_spec(node(g, "w"), InputSpec{});
    j.set_output_specs({{OutputKind::user_input_mutation, "x"}});
  }
  SECTION("a call with a nested graph") {
    const BlockId block = j.create_block(g.intern("new"));
    NodeSpec input;
    input.opcode = Opcode::placeholder;
    input.name = g.intern("in");
    input.result_forms = {{ArgKind::tensor, 1}};
    input.result_types = {g.value(value(g, "w")).type};
    const NodeId in = j.create_node(input, {block, {}});
    NodeSpec output = call(g, "", {g.result(in)});
    output.opcode = Opcode::output;
    output.result_forms.clear();
    output.result_types.clear();
    j.create_node(output, {block, {}});
    NodeSpec wrap = call(g, "higher_order.wrap_with_set_grad_enabled", {value(g, "add")});
    wrap.arguments.push_back(
        {StringId{}, ArgForm::positional, {ArgKind::block, BlockRef{block, g.intern("new")}}});
    const NodeId made = j.create_node(wrap, {});
    CHECK(find_problems(g).empty());
    CHECK(j.tally().created == 3);
    SECTION("and kept") {}
    SECTION("and erased again") { j.erase_node(made); }
  }
  CHECK(f.journal.mark() > 0);
  f.check_rollback();
}

TEST_CASE("rollback goes back to a mark") {
  Fixture f;
  f.journal.replace_all_uses(value(f.graph, "relu"), value(f.graph, "x"));
  f.journal.end_rewrite();
  const auto mark = f.journal.mark();
  const std::string at_mark = state(f.graph);
  REQUIRE(f.journal.begin_rewrite(node(f.graph, "relu"), "dead"));
  f.journal.erase_node(node(f.graph, "relu"));
  f.journal.end_rewrite();
  CHECK(f.journal.rewrites() == 2);
  f.journal.rollback(mark);
  CHECK(state(f.graph) == at_mark);
  CHECK(f.journal.rewrites() == 1);
  CHECK(f.changed());
  f.check_rollback();
}

TEST_CASE("edits that cancel are no change") {
  Fixture f;
  Journal& j = f.journal;
  Graph& g = f.graph;
  CHECK(!f.changed());
  const ValueId x = value(g, "x");
  const ValueId relu = value(g, "relu");
  const NodeId add = node(g, "add");
  SECTION("created and erased") {
    const NodeId made = j.create_node(call(g, "a.b", {x}), {kRootBlock, add});
    CHECK(f.changed());
    j.erase_node(made);
  }
  SECTION("set and set back") {
    j.set_operand(add, 0, x);
    CHECK(f.changed());
    j.set_operand(add, 0, relu);
  }
  SECTION("arguments") {
    const auto arguments = g.node(add).arguments;
    const auto operands = operands_of(g, add);
    j.set_arguments(add, {}, {});
    CHECK(f.changed());
    j.set_operand(node(g, "mul"), 0, x);
    j.set_arguments(add, arguments, operands);
    CHECK(f.changed());
    j.set_operand(node(g, "mul"), 0, value(g, "add"));
  }
  SECTION("moved away and back") {
    j.move_before(node(g, "mul"), add);
    CHECK(f.changed());
    j.move_before(add, node(g, "mul"));
  }
  SECTION("moved around a node that came and went") {
    const NodeId made = j.create_node(call(g, "a.b", {x}), {kRootBlock, add});
    j.move_before(add, made);
    j.erase_node(made);
  }
  SECTION("names, types, metadata") {
    const TypeId type = g.value(relu).type;
    j.rename(relu, g.intern("r"));
    CHECK(f.changed());
    j.rename(g.value(relu).producer, g.intern("r"));
    j.set_type(relu, g.intern(Type{}));
    j.set_metadata(add, {{g.intern("a"), g.intern("b")}});
    j.set_metadata(add, {});
    j.set_type(relu, type);
    j.rename(g.value(relu).producer, g.intern("relu"));
    CHECK(f.changed());
    j.rename(relu, g.intern("relu"));
  }
  SECTION("constants and signature") {
    const TensorData w = g.constants().at("w");
    const InputSpec spec = *g.node(node(g, "w")).input_spec;
    j.remove_constant("w");
    CHECK(f.changed());
    j.add_constant("v", w);
    j.add_constant("w", w);
    j.remove_constant("v");
    CHECK(!f.changed());
    j.set_input_spec(node(g, "w"), InputSpec{});
    CHECK(f.changed());
    j.set_input_spec(node(g, "w"), spec);
    CHECK(!f.changed());
    j.set_output_specs({{OutputKind::loss_output, ""}});
    CHECK(f.changed());
    j.set_output_specs({{OutputKind::user_output, ""}});
  }
  SECTION("a nested graph that nobody came to own") {
    const BlockId block = j.create_block(g.intern("unused"));
    const NodeId made = j.create_node(call(g, "a.b", {}), {block, {}});
    j.erase_node(made);
  }
  CHECK(!f.changed());
  const Journal::Tally tally = j.tally();
  CHECK(tally.created + tally.erased + tally.modified == 0);
  f.check_rollback();
}

TEST_CASE("the tally tells created, erased and modified nodes") {
  Fixture f;
  Journal& j = f.journal;
  Graph& g = f.graph;
  j.create_node(call(g, "a.b", {value(g, "x")}), {});
  j.replace_all_uses(value(g, "relu"), value(g, "x"));  // in add and in mul
  j.erase_node(node(g, "relu"));
  j.rename(node(g, "wrap"), g.intern("w"));
  const Journal::Tally tally = j.tally();
  CHECK(tally.created == 1);
  CHECK(tally.erased == 1);
  CHECK(tally.modified == 3);
  CHECK(f.changed());
  f.check_rollback();
}
