// The structural checks: every invariant at the head of graph/checks.hpp, broken once, is found.
#include "graph/programs.hpp"

namespace fettle {

// The one friend of Graph besides the journal: breaks what no edit can.
struct GraphSurgery {
  static Node& node(Graph& graph, NodeId id) { return graph.nodes_[id.index]; }
  static Value& value(Graph& graph, ValueId id) { return graph.values_[id.index]; }
  static Block& block(Graph& graph, BlockId id) { return graph.blocks_[id.index]; }
  static std::uint32_t& live_nodes(Graph& graph) { return graph.live_nodes_; }
  static ConstantTable& constants(Graph& graph) { return graph.constants_; }
};

}  // namespace fettle

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr std::string_view kProgram = R"(
  graph(w: f32[2] = parameter 'w' value=[1.0, 2.0], b: f32[] = buffer 'b' value=0.0, x: f32[2],
        k: None = constant_input 'k' 3):
    relu: f32[2] = aten.relu.default(x)
    add: f32[2] = aten.add.Tensor(relu, x, alpha=2)
    wrap: (sin: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.sub, add)
      graph sub(x: f32[2]):
        cos: f32[2] = aten.cos.default(x)
        return (cos,)
    mul: f32[2] = aten.mul.Tensor(sin, w)
    return (b -> buffer_mutation 'b', mul)
)";

struct Broken {
  std::unique_ptr<Graph> owner = program(kProgram);
  Graph& graph = *owner;
  Journal journal{graph, Journal::Recording::off};

  Node& node(std::string_view name) { return GraphSurgery::node(graph, test::node(graph, name)); }
  Value& value(std::string_view name) {
    return GraphSurgery::value(graph, test::value(graph, name));
  }
  Block& block(std::uint32_t id) { return GraphSurgery::block(graph, BlockId(id)); }

  void is_found(std::string_view code, const std::string& what) {
    const std::vector<Diagnostic> problems = find_problems(graph);
    REQUIRE(!problems.empty());
    CHECK(code_name(problems[0].code) == code);
    CHECK_THAT(problems[0].what, contains(what));
    CHECK(refusal([&] { check(graph); }) == code);
  }
  void is_corrupt(const std::string& what) { is_found("graph-corrupt", what); }
};

}  // namespace

TEST_CASE("a sound graph has no problems") {
  Broken b;
  CHECK(find_problems(b.graph).empty());
  CHECK_NOTHROW(check(b.graph));
  const auto empty = parse_graph("graph(): return ()");
  CHECK_NOTHROW(check(*empty));
}

TEST_CASE("broken links are found (1, 2)") {
  Broken b;
  SECTION("prev") {
    b.node("add").prev = {};
    b.is_corrupt("links between two nodes disagree");
  }
  SECTION("a cycle") {
    b.node("mul").next = test::node(b.graph, "relu");
    b.is_corrupt("linked twice");
  }
  SECTION("nowhere") {
    b.node("mul").next = NodeId(1000);
    b.is_corrupt("leads to no node");
  }
  SECTION("a dead node") {
    b.node("mul").alive = false;
    b.is_corrupt("erased node is linked");
  }
  SECTION("another block's node") {
    b.node("mul").block = BlockId(1);
    b.is_corrupt("not its own");
  }
  SECTION("the end") {
    b.block(0).last = test::node(b.graph, "mul");
    b.is_corrupt("not the end");
  }
  SECTION("the block's count") {
    ++b.block(1).node_count;
    b.is_corrupt("counts 4 nodes and links 3");
  }
  SECTION("the graph's count") {
    ++GraphSurgery::live_nodes(b.graph);
    b.is_corrupt("the graph counts");
  }
  SECTION("a node that is in no list") {
    Node& relu = b.node("relu");
    GraphSurgery::node(b.graph, relu.prev).next = relu.next;
    GraphSurgery::node(b.graph, relu.next).prev = relu.prev;
    --b.block(0).node_count;
    b.is_corrupt("a live node is not linked");
  }
}

TEST_CASE("broken results are found (3, 5)") {
  Broken b;
  SECTION("forms") {
    b.node("add").result_forms.clear();
    b.is_corrupt("result forms count 0");
  }
  SECTION("existence") {
    b.node("add").first_result = 1000;
    b.is_corrupt("do not exist");
  }
  SECTION("producer") {
    b.node("add").first_result = b.node("relu").first_result;
    b.is_corrupt("does not know the node");
  }
  SECTION("type") {
    b.value("add").type = TypeId(1000);
    b.is_corrupt("type does not exist");
  }
  SECTION("strings") {
    b.value("add").name = StringId(100000);
    b.is_corrupt("name is not in the graph's pool");
  }
  SECTION("strings of arguments") {
    b.node("add").arguments[2].value = {
        ArgKind::dict, std::vector<DictEntry>{{StringId(100000), {ArgKind::none, {}}}}};
    b.is_corrupt("string that is not in the graph's pool");
  }
  SECTION("strings of metadata") {
    b.node("add").metadata.push_back({StringId(100000), StringId()});
    b.is_corrupt("string that is not in the graph's pool");
  }
}

TEST_CASE("broken use lists are found (4)") {
  Broken b;
  SECTION("another value") {
    b.node("mul").operands[0] = test::value(b.graph, "relu");
    b.is_corrupt("use list");
  }
  SECTION("prev") {
    b.node("add").links[1].prev = {test::node(b.graph, "mul"), 0};
    b.is_corrupt("links of a use list disagree");
  }
  SECTION("a cycle") {
    b.node("add").links[0].next = {test::node(b.graph, "add"), 0};
    b.is_corrupt("links of a use list disagree");
  }
  SECTION("a missing use") {
    b.value("relu").first_use = {};
    b.value("relu").use_count = 0;
    b.is_corrupt("use lists hold");
  }
  SECTION("the count") {
    ++b.value("relu").use_count;
    b.is_corrupt("miscounts");
  }
  SECTION("the number of links") {
    b.node("add").links.pop_back();
    b.is_corrupt("differ in number");
  }
}

TEST_CASE("a block is placeholders, calls and an output (6)") {
  Broken b;
  SECTION("no output") {
    const auto graph = std::make_unique<Graph>();
    const std::vector<Diagnostic> problems = find_problems(*graph);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == Code::graph_bad_block);
    CHECK_THAT(problems[0].what, contains("the program has no output node"));
  }
  SECTION("a late placeholder") {
    b.journal.move_before(test::node(b.graph, "k"), test::node(b.graph, "mul"));
    b.is_found("graph-bad-block", "placeholder stands after a call");
  }
  SECTION("two outputs") {
    NodeSpec spec;
    spec.opcode = Opcode::output;
    b.journal.create_node(spec, {});
    b.is_found("graph-bad-block", "stands after the output");
  }
  SECTION("an output with results") {
    NodeSpec spec = call(b.graph, "", {});
    spec.opcode = Opcode::output;
    spec.name = b.graph.intern("out");
    const BlockId block = b.journal.create_block({});
    b.journal.create_node(spec, {block, {}});
    NodeSpec owner = call(b.graph, "higher_order.f", {});
    owner.arguments = {{StringId{}, ArgForm::positional, {ArgKind::block, BlockRef{block, {}}}}};
    b.journal.create_node(owner, {});
    b.is_found("graph-bad-block", "output node has results");
  }
  SECTION("no operator") {
    NodeSpec spec = call(b.graph, "", {});
    spec.name = b.graph.intern("nothing");
    b.journal.create_node(spec, {});
    b.is_found("graph-bad-block", "names no operator");
  }
  SECTION("a placeholder with arguments") {
    NodeSpec spec = call(b.graph, "", {test::value(b.graph, "x")});
    spec.opcode = Opcode::placeholder;
    spec.name = b.graph.intern("odd");
    b.journal.create_node(spec, {kRootBlock, test::node(b.graph, "relu")});
    b.is_found("graph-bad-block", "no arguments");
  }
}

TEST_CASE("nested graphs form a tree (7)") {
  Broken b;
  const auto block_argument = [&](std::uint32_t id) {
    return NamedArgument{StringId{}, ArgForm::positional,
                         {ArgKind::block, BlockRef{BlockId(id), b.graph.intern("sub")}}};
  };
  SECTION("named twice") {
    b.node("wrap").arguments.push_back(block_argument(1));
    b.is_found("graph-bad-block", "named more than once");
  }
  SECTION("the root") {
    b.node("wrap").arguments.push_back(block_argument(0));
    b.is_found("graph-bad-block", "named more than once");
  }
  SECTION("nowhere") {
    b.node("wrap").arguments.push_back(block_argument(9));
    b.is_corrupt("does not exist");
  }
  SECTION("another owner") {
    b.block(1).owner = test::node(b.graph, "mul");
    b.is_corrupt("does not know the call");
  }
  SECTION("an owner of the root") {
    b.block(0).owner = test::node(b.graph, "mul");
    b.is_corrupt("has an owner");
  }
  SECTION("nobody's") {
    const BlockId block = b.journal.create_block(b.graph.intern("lost"));
    CHECK(find_problems(b.graph).empty());
    b.journal.create_node(call(b.graph, "a.b", {}), {block, {}});
    b.is_found("graph-bad-block", "'lost' has nodes and no call owns it");
  }
}

TEST_CASE("graphs nest only so deep (8)") {
  const auto nested = [](int depth) {
    std::string text = "graph(x): ";
    for (int i = 0; i < depth; ++i) text += "y = higher_order.f(self.b, x) graph b(x): ";
    for (int i = 0; i < depth; ++i) text += "return (x) ";
    return text + "return (x)";
  };
  CHECK_NOTHROW(program(nested(32)));
  CHECK(refusal([&] { program(nested(33)); }) == "graph-bad-edit");
}

TEST_CASE("operands are live, local and defined before (9)") {
  Broken b;
  SECTION("stale") {
    b.node("add").operands[0] = ValueId(1000);
    b.is_found("graph-stale-id", "does not exist or was erased");
  }
  SECTION("foreign") {
    Node& cos = b.node("cos");
    Value& inner = GraphSurgery::value(b.graph, cos.operands[0]);
    Value& add = b.value("add");
    cos.operands[0] = test::value(b.graph, "add");
    cos.links[0].next = add.first_use;
    GraphSurgery::node(b.graph, add.first_use.user).links[0].prev = inner.first_use;
    add.first_use = inner.first_use;
    ++add.use_count;
    inner.first_use = {};
    inner.use_count = 0;
    b.is_found("graph-foreign-value", "'add' is a value of another block");
  }
  SECTION("later") {
    b.journal.set_operand(test::node(b.graph, "relu"), 0, test::value(b.graph, "mul"));
    b.is_found("graph-use-before-definition", "'mul' is used before node 'mul'");
  }
  SECTION("itself") {
    b.journal.set_operand(test::node(b.graph, "relu"), 0, test::value(b.graph, "relu"));
    b.is_found("graph-use-before-definition", "'relu' is used before");
  }
}

TEST_CASE("values have names of their own (10)") {
  Broken b;
  SECTION("taken") {
    b.journal.rename(test::value(b.graph, "add"), b.graph.intern("relu"));
    b.is_found("graph-duplicate-name", "the name 'relu' is taken");
  }
  SECTION("none") {
    b.journal.rename(test::value(b.graph, "add"), b.graph.intern(""));
    b.is_found("graph-duplicate-name", "has no name");
  }
}

TEST_CASE("arguments hold what their kinds say (11)") {
  Broken b;
  SECTION("payload") {
    b.node("add").arguments[2].value.payload = 2.0;
    b.is_found("graph-bad-arguments", "'alpha' does not hold what its kind 'int' says");
  }
  SECTION("elements") {
    b.node("add").arguments[2].value = {ArgKind::booleans,
                                        std::vector<Argument>{{ArgKind::integer, std::int64_t{1}}}};
    b.is_found("graph-bad-arguments", "bools");
  }
  SECTION("an operand too many") {
    b.node("add").arguments.pop_back();
    b.node("add").arguments.pop_back();
    b.is_found("graph-bad-arguments", "has 2 operands and its arguments name 1");
  }
  SECTION("order") {
    std::swap(b.node("add").arguments[0], b.node("add").arguments[1]);
    b.is_found("graph-bad-arguments", "names operand 1 where 0 was expected");
  }
}

TEST_CASE("inputs and constants agree (12, 13)") {
  Broken b;
  const auto bad = [&](const std::string& what) { b.is_found("graph-bad-signature", what); };
  TensorData& w = GraphSurgery::constants(b.graph).find("w")->second;
  SECTION("no spec") {
    b.node("x").input_spec.reset();
    bad("has no spec");
  }
  SECTION("a spec too many") {
    b.node("relu").input_spec = b.node("x").input_spec;
    bad("no input of the program has an input spec");
  }
  SECTION("missing") {
    b.journal.remove_constant("w");
    bad("there is no constant 'w'");
  }
  SECTION("unnamed") {
    b.journal.add_constant("v", w);
    bad("no input names the constant 'v'");
  }
  SECTION("named twice") {
    InputSpec spec;
    spec.kind = InputKind::buffer;
    spec.target = "w";
    b.journal.set_input_spec(test::node(b.graph, "x"), spec);
    bad("two inputs name 'w'");
  }
  SECTION("dtype") {
    w.type.dtype = DType::int32;
    bad("is of i32, its input of f32");
  }
  SECTION("sizes") {
    w.type.sizes[0] = 1;
    bad("sizes of the constant 'w'");
  }
  SECTION("bytes") {
    w.type.storage_offset = 1;
    bad("does not fit into its storage");
  }
  SECTION("overflow") {
    w.type.strides[0] = INT64_MAX;
    w.type.storage_offset = INT64_MAX;
    bad("does not fit into its storage");
  }
  SECTION("no storage") {
    w.storage.reset();
    bad("does not fit into its storage");
  }
  SECTION("symbolic") {
    w.type.strides[0].expression = "s0";
    bad("does not fit into its storage");
  }
  SECTION("a constant that names a value") {
    InputSpec spec = *b.node("k").input_spec;
    spec.constant = {ArgKind::tensor, Operand{0}};
    b.journal.set_input_spec(test::node(b.graph, "k"), spec);
    bad("names a value");
  }
}

TEST_CASE("outputs and their specs agree (14)") {
  Broken b;
  const auto bad = [&](const std::string& what) { b.is_found("graph-bad-signature", what); };
  Node& output = GraphSurgery::node(b.graph, b.graph.output_node());
  SECTION("too few") {
    output.output_specs.pop_back();
    bad("returns 2 values and has specs for 1");
  }
  SECTION("elsewhere") {
    b.node("relu").output_specs = output.output_specs;
    bad("not the program's output has output specs");
  }
  for (const OutputKind kind : {OutputKind::buffer_mutation, OutputKind::parameter_mutation,
                                OutputKind::user_input_mutation, OutputKind::gradient_to_parameter,
                                OutputKind::gradient_to_user_input}) {
    DYNAMIC_SECTION("no target " << output_kind_name(kind)) {
      output.output_specs[0] = {kind, "nobody"};
      bad("names 'nobody'");
    }
  }
}

TEST_CASE("at most twenty problems are listed") {
  Broken b;
  for (int i = 0; i < 50; ++i) {
    NodeSpec spec = call(b.graph, "", {});
    spec.name = b.graph.intern("n" + std::to_string(i));
    b.journal.create_node(spec, {});
  }
  CHECK(find_problems(b.graph).size() == 20);
}
