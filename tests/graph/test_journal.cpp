// The journal's edits: what each does, what each refuses, and that a refused edit changes nothing.
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
        return (cos,)
    mul: f32[2] = aten.mul.Tensor(sin, w)
    return (mul, relu)
)";

// A graph with an open rewrite.
struct Editing {
  std::unique_ptr<Graph> owner = program(kProgram);
  Graph& graph = *owner;
  Journal journal{graph};
  Editing() { REQUIRE(journal.begin_rewrite(node(graph, "relu"), "test")); }

  std::string brief() const {
    PrintOptions options;
    options.types = PrintOptions::Types::none;
    return print(graph, options);
  }
  // The edit is refused with that code, and nothing changed.
  template <class Fn>
  void refuses(std::string_view code, Fn&& edit) {
    const std::string before = state(graph);
    const auto mark = journal.mark();
    CHECK(refusal(edit) == code);
    CHECK(state(graph) == before);
    CHECK(journal.mark() == mark);
    CHECK(find_problems(graph).empty());
  }
};

}  // namespace

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

TEST_CASE("a node is created where it is wanted, and named after its operator") {
  Editing e;
  const NodeId neg = e.journal.create_node(call(e.graph, "aten.neg.default", {value(e.graph, "x")}),
                                           {kRootBlock, node(e.graph, "add")});
  const NodeId neg_1 =
      e.journal.create_node(call(e.graph, "aten.neg.default", {e.graph.result(neg)}), {});
  CHECK(e.graph.text(e.graph.node(neg).name) == "neg");
  CHECK(e.graph.text(e.graph.node(neg_1).name) == "neg_1");
  CHECK(e.graph.node(neg).next == node(e.graph, "add"));
  CHECK(e.graph.node(neg_1).next == e.graph.output_node());
  CHECK(e.graph.node_count() == 12);
  check(e.graph);

  NodeSpec several = call(e.graph, "aten.max.dim", {value(e.graph, "x")});
  several.result_forms = {{ArgKind::tensor, 1}, {ArgKind::tensor, 1}};
  several.result_types.push_back(several.result_types[0]);
  const NodeId max = e.journal.create_node(std::move(several), {});
  CHECK(e.graph.text(e.graph.value(e.graph.result(max, 0)).name) == "max_1_0");
  CHECK(e.graph.text(e.graph.value(e.graph.result(max, 1)).name) == "max_1_1");
  check(e.graph);
}

TEST_CASE("what cannot be created is refused") {
  Editing e;
  const ValueId x = value(e.graph, "x");
  const auto create = [&](NodeSpec spec, InsertPoint where = {}) {
    return [&, spec, where] { e.journal.create_node(spec, where); };
  };
  e.refuses("graph-stale-id", create(call(e.graph, "a.b", {x, ValueId(1000)})));
  e.refuses("graph-stale-id", create(call(e.graph, "a.b", {x}), {kRootBlock, NodeId(1000)}));
  e.refuses("graph-stale-id", create(call(e.graph, "a.b", {}), {BlockId(1000), {}}));
  e.refuses("graph-foreign-value", create(call(e.graph, "a.b", {value(e.graph, "cos")})));
  NodeSpec spec = call(e.graph, "a.b", {x});
  spec.result_types.clear();
  e.refuses("graph-bad-edit", create(spec));  // forms and types disagree
  spec = call(e.graph, "a.b", {x});
  spec.operands.push_back(x);
  e.refuses("graph-bad-edit", create(spec));  // an operand that no argument names
  spec = call(e.graph, "a.b", {x, x});
  std::swap(spec.arguments[0], spec.arguments[1]);
  e.refuses("graph-bad-edit", create(spec));  // not in order
  spec = call(e.graph, "a.b", {x});
  spec.result_types[0] = TypeId(1000);
  e.refuses("graph-stale-id", create(spec));
  spec = call(e.graph, "a.b", {x});
  spec.name = StringId(100000);
  e.refuses("graph-stale-id", create(spec));
  spec = call(e.graph, "a.b", {x});
  spec.op = StringId(100000);
  e.refuses("graph-stale-id", create(spec));
}

TEST_CASE("a node is erased once nobody uses it") {
  Editing e;
  const NodeId mul = node(e.graph, "mul");
  e.refuses("graph-has-users", [&] { e.journal.erase_node(mul); });
  e.refuses("graph-bad-edit", [&] { e.journal.erase_node(e.graph.output_node()); });
  e.journal.replace_all_uses(value(e.graph, "mul"), value(e.graph, "sin"));
  e.journal.erase_node(mul);
  CHECK(!e.graph.alive(mul));
  CHECK(e.graph.value(value(e.graph, "w")).use_count == 0);
  CHECK_THAT(e.brief(), contains("return (sin, relu)"));
  CHECK(refusal([&] { e.journal.erase_node(mul); }) == "graph-stale-id");
  check(e.graph);
}

TEST_CASE("nested graphs go with the call that owns them") {
  Editing e;
  const NodeId cos = node(e.graph, "cos");
  const NodeId wrap = node(e.graph, "wrap");
  e.journal.replace_all_uses(value(e.graph, "sin"), value(e.graph, "add"));
  e.journal.erase_node(wrap);
  CHECK(!e.graph.alive(cos));
  CHECK(e.graph.node_count() == 6);
  check(e.graph);
  CHECK(refusal([&] { e.journal.erase_node(cos); }) == "graph-stale-id");
  const BlockId sub = e.graph.node(cos).block;
  CHECK(!e.graph.alive(sub));
  CHECK(refusal([&] { e.journal.create_node(call(e.graph, "a.b", {}), {sub, {}}); }) ==
        "graph-stale-id");
}

TEST_CASE("operands and arguments are set") {
  Editing e;
  const NodeId add = node(e.graph, "add");
  e.journal.set_operand(add, 1, value(e.graph, "relu"));
  CHECK_THAT(e.brief(), contains("aten.add.Tensor(relu, relu, alpha=2)"));
  e.refuses("graph-bad-edit", [&] { e.journal.set_operand(add, 2, value(e.graph, "x")); });
  e.refuses("graph-stale-id", [&] { e.journal.set_operand(add, 0, ValueId(1000)); });
  e.refuses("graph-stale-id", [&] { e.journal.set_operand(NodeId(1000), 0, value(e.graph, "x")); });
  e.refuses("graph-foreign-value", [&] { e.journal.set_operand(add, 0, value(e.graph, "cos")); });

  auto arguments = e.graph.node(add).arguments;
  arguments.pop_back();
  e.journal.set_arguments(add, arguments, operands_of(e.graph, add));
  CHECK_THAT(e.brief(), contains("aten.add.Tensor(relu, relu)"));
  check(e.graph);
  e.refuses("graph-bad-edit", [&] { e.journal.set_arguments(add, arguments, {}); });
  e.refuses("graph-foreign-value", [&] {
    e.journal.set_arguments(add, arguments, {value(e.graph, "cos"), value(e.graph, "x")});
  });
  e.refuses("graph-bad-edit", [&] { e.journal.set_arguments(node(e.graph, "wrap"), {}, {}); });
}

TEST_CASE("uses are replaced, all of them") {
  Editing e;
  e.journal.replace_all_uses(value(e.graph, "relu"), value(e.graph, "x"));
  CHECK_THAT(e.brief(), contains("aten.add.Tensor(x, x, alpha=2)"));
  CHECK_THAT(e.brief(), contains("return (mul, x)"));
  CHECK(e.graph.value(value(e.graph, "relu")).use_count == 0);
  CHECK(e.graph.value(value(e.graph, "x")).use_count == 4);  // the nested x is another value
  check(e.graph);
  e.refuses("graph-foreign-value", [&] {
    e.journal.replace_all_uses(value(e.graph, "cos"), value(e.graph, "relu"));
  });
  e.refuses("graph-stale-id", [&] { e.journal.replace_all_uses(ValueId(), ValueId()); });
}

TEST_CASE("a node moves within its block") {
  Editing e;
  e.journal.move_before(node(e.graph, "relu"), node(e.graph, "mul"));
  CHECK(e.graph.node(node(e.graph, "relu")).next == node(e.graph, "mul"));
  CHECK(refusal([&] { check(e.graph); }) == "graph-use-before-definition");
  e.journal.move_before(node(e.graph, "relu"), node(e.graph, "add"));
  check(e.graph);
  e.refuses("graph-bad-edit",
            [&] { e.journal.move_before(node(e.graph, "relu"), node(e.graph, "cos")); });
  e.refuses("graph-bad-edit",
            [&] { e.journal.move_before(e.graph.output_node(), node(e.graph, "relu")); });
}

TEST_CASE("types, names and metadata are set") {
  Editing e;
  const ValueId add = value(e.graph, "add");
  e.journal.set_type(add, e.graph.intern(Type{}));
  e.journal.rename(add, e.graph.intern("sum"));
  e.journal.rename(node(e.graph, "add"), e.graph.intern("sum"));
  e.journal.set_metadata(node(e.graph, "sum"), {{e.graph.intern("why"), e.graph.intern("test")}});
  PrintOptions options;
  options.metadata = true;
  CHECK_THAT(print(e.graph, options),
             contains("sum = aten.add.Tensor(relu, x, alpha=2) {why='test'}"));
  check(e.graph);
  e.refuses("graph-stale-id", [&] { e.journal.set_type(add, TypeId(1000)); });
  e.refuses("graph-stale-id", [&] { e.journal.set_type(ValueId(1000), e.graph.value(add).type); });
  e.refuses("graph-stale-id", [&] { e.journal.rename(add, StringId(100000)); });
  e.refuses("graph-stale-id", [&] { e.journal.rename(NodeId(1000), e.graph.intern("a")); });
  e.refuses("graph-bad-edit", [&] { e.journal.rename(add, StringId()); });
}

TEST_CASE("a call with a nested graph is built from its block up") {
  Editing e;
  const auto nested_call = [&](std::vector<BlockId> blocks) {
    NodeSpec spec = call(e.graph, "higher_order.cond", {value(e.graph, "x")});
    for (BlockId block : blocks) {
      spec.arguments.push_back({StringId{}, ArgForm::positional,
                                {ArgKind::block, BlockRef{block, e.graph.intern("sub_1")}}});
    }
    return spec;
  };
  const BlockId block = e.journal.create_block(e.graph.intern("sub_1"));
  NodeSpec output;
  output.opcode = Opcode::output;
  e.journal.create_node(output, {block, {}});
  CHECK(refusal([&] { check(e.graph); }) == "graph-bad-block");  // nobody owns it yet

  CHECK(refusal([&] {
          e.journal.create_node(nested_call({block, block}), {});
        }) == "graph-bad-edit");
  CHECK(refusal([&] { e.journal.create_node(nested_call({BlockId(9)}), {}); }) == "graph-bad-edit");
  CHECK(refusal([&] { e.journal.create_node(nested_call({kRootBlock}), {}); }) == "graph-bad-edit");
  e.journal.create_node(nested_call({block}), {});
  check(e.graph);
  CHECK(refusal([&] { e.journal.create_node(nested_call({block}), {}); }) == "graph-bad-edit");
}

TEST_CASE("blocks cannot own each other in a circle") {
  Editing e;
  const BlockId outer = e.journal.create_block(e.graph.intern("outer"));
  const BlockId inner = e.journal.create_block(e.graph.intern("inner"));
  const auto owner_of = [&](BlockId block) {
    NodeSpec spec = call(e.graph, "higher_order.f", {});
    spec.arguments = {{StringId{}, ArgForm::positional,
                       {ArgKind::block, BlockRef{block, e.graph.intern("b")}}}};
    return spec;
  };
  e.journal.create_node(owner_of(inner), {outer, {}});
  CHECK(refusal([&] { e.journal.create_node(owner_of(outer), {inner, {}}); }) == "graph-bad-edit");
  CHECK(refusal([&] { e.journal.create_node(owner_of(outer), {outer, {}}); }) == "graph-bad-edit");
}

TEST_CASE("signature and constants are edited") {
  Editing e;
  const TensorData w = e.graph.constants().at("w");
  e.refuses("graph-bad-edit", [&] { e.journal.add_constant("w", w); });
  e.refuses("graph-bad-edit", [&] { e.journal.remove_constant("v"); });
  e.journal.add_constant("v", w);
  CHECK(refusal([&] { check(e.graph); }) == "graph-bad-signature");  // no input names it
  InputSpec spec;
  spec.kind = InputKind::parameter;
  spec.target = "v";
  e.journal.set_input_spec(node(e.graph, "w"), spec);
  e.journal.remove_constant("w");
  check(e.graph);
  e.refuses("graph-bad-edit", [&] { e.journal.set_input_spec(node(e.graph, "relu"), spec); });
  e.refuses("graph-bad-edit", [&] { e.journal.set_output_specs({}); });
  e.journal.set_output_specs({{OutputKind::parameter_mutation, "v"}, {}});
  check(e.graph);
  CHECK_THAT(e.brief(), contains("return (mul -> parameter_mutation 'v', relu)"));
}

TEST_CASE("fields that no pass may touch are closed to recording journals") {
  Editing e;
  e.refuses("graph-bad-edit", [&] {
    e.journal.set_node_details(node(e.graph, "relu"), e.graph.intern("{}"), true);
  });
  e.refuses("graph-bad-edit",
            [&] { e.journal.set_block_details(kRootBlock, e.graph.intern("{}"), true); });
  e.refuses("graph-bad-edit", [&] { e.journal.set_block_name(kRootBlock, e.graph.intern("a")); });
}

TEST_CASE("a tensor in a list of one has a name of its own") {
  Editing e;
  NodeSpec spec;
  spec.op = e.graph.intern("aten.unbind.int");
  spec.arguments.push_back({e.graph.intern("self"), ArgForm::positional,
                            {ArgKind::tensor, spec.add_operand(value(e.graph, "x"))}});
  spec.result_forms = {{ArgKind::tensors, 1}};
  spec.result_types = {e.graph.value(value(e.graph, "x")).type};
  const NodeId node = e.journal.create_node(std::move(spec), {});
  CHECK(e.graph.text(e.graph.node(node).name) == "unbind");
  CHECK(e.graph.text(e.graph.value(e.graph.result(node)).name) == "unbind_0");
}

TEST_CASE("fresh names are nobody's") {
  Editing e;
  CHECK(e.graph.text(e.journal.fresh_name("add")) == "add_1");
  CHECK(e.graph.text(e.journal.fresh_name("add")) == "add_2");
  CHECK(e.graph.text(e.journal.fresh_name("new")) == "new");
  CHECK(e.graph.text(e.journal.fresh_name("")) == "node");
  CHECK(e.graph.text(e.journal.fresh_name("max")) == "max_1");  // Python would rename "max"
  CHECK(e.graph.text(e.journal.fresh_name("max")) == "max_2");
  Journal another(e.graph, Journal::Recording::off);
  CHECK(e.graph.text(another.fresh_name("add")) == "add_3");
}

TEST_CASE("a clone is the same graph, and its own") {
  Editing e;
  const std::string before = state(e.graph);
  e.journal.erase_node(e.journal.create_node(call(e.graph, "a.b", {value(e.graph, "x")}), {}));
  const auto copy = e.graph.clone();
  CHECK(state(*copy) == before);
  check(*copy);
  e.journal.replace_all_uses(value(e.graph, "relu"), value(e.graph, "x"));
  CHECK(state(*copy) == before);
  CHECK(state(e.graph) != before);
}
