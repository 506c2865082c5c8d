// "fettle.graph/1": what plugins read.
#include <algorithm>
#include <set>

#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_graph_v1& g = kGraphTable;

constexpr const char* kModel = R"(
  graph(p_w: f32[3, 4] = parameter 'layer.weight', c: i64[2] = tensor_constant 'table', x: f32[2, 4]):
    linear: f32[2, 3] = aten.linear.default(x, p_w) {stack_trace = 'model.py:7'}
    max_1: (values: f32[2], indices: i64[2]) = aten.max.dim(linear, 1)
    sum_1: f32[2] = aten.add.Tensor(values, values, alpha=2)
    cat: f32[4] = aten.cat.default([values, sum_1])
    return (cat, indices))";

// Constants of the text are not in the graph's table; these tests do not run it.
struct Model {
  std::unique_ptr<Graph> graph = parse_graph(kModel);
  Outcome outcome;
  fettle_ctx ctx{outcome, "test", graph.get()};
  AnalysisManager analyses{*graph};
  fettle_graph handle{analyses};
  Model() { bind_schemas(*graph, "test"); }

  fettle_node call(const char* op) const {
    const fettle_sym sym = g.find_symbol(&handle, str(op));
    fettle_node at = g.first_node(&handle, 0);
    while (at != FETTLE_NONE && g.node_op(&handle, at) != sym) at = g.next_node(&handle, at);
    return at;
  }
  fettle_node_info info(fettle_node node) {
    auto out = Abi::sized<fettle_node_info>();
    REQUIRE(g.node_info(&ctx, &handle, node, &out) == FETTLE_OK);
    return out;
  }
};

}  // namespace

TEST_CASE("nodes are walked both ways in program order") {
  Model m;
  std::vector<fettle_node> forward, backward;
  for (auto n = g.first_node(&m.handle, 0); n != FETTLE_NONE; n = g.next_node(&m.handle, n)) {
    forward.push_back(n);
  }
  for (auto n = g.last_node(&m.handle, 0); n != FETTLE_NONE; n = g.prev_node(&m.handle, n)) {
    backward.push_back(n);
  }
  CHECK(forward.size() == 8);
  CHECK(forward.size() == g.node_count(&m.handle));
  CHECK(std::vector<fettle_node>(backward.rbegin(), backward.rend()) == forward);
}

TEST_CASE("node_info tells inputs, calls and outputs apart") {
  Model m;
  const fettle_node_info weight = m.info(g.first_node(&m.handle, 0));
  CHECK(weight.opcode == FETTLE_OPCODE_PLACEHOLDER);
  CHECK(weight.input_kind == FETTLE_INPUT_PARAMETER);
  CHECK(text_of(weight.input_target) == "layer.weight");
  CHECK(weight.op == FETTLE_NONE);
  const fettle_node_info max = m.info(m.call("aten.max.dim"));
  CHECK(max.opcode == FETTLE_OPCODE_CALL_FUNCTION);
  CHECK(text_of(g.symbol_text(&m.handle, max.op)) == "aten.max.dim");
  CHECK(max.n_results == 2);
  CHECK(max.n_operands == 1);
  CHECK(g.value_producer(&m.handle, max.first_result + 1) == m.call("aten.max.dim"));
  const fettle_node_info output = m.info(g.last_node(&m.handle, 0));
  CHECK(output.opcode == FETTLE_OPCODE_OUTPUT);
  CHECK(output.n_results == 0);
  CHECK(output.first_result == FETTLE_NONE);
}

TEST_CASE("arguments come in schema order with their defaults") {
  Model m;
  const fettle_node add = m.call("aten.add.Tensor");
  CHECK(m.info(add).n_args == 3);
  fettle_arg arg{};
  REQUIRE(g.node_arg(&m.ctx, &m.handle, add, 0, &arg) == FETTLE_OK);
  CHECK(text_of(arg.name) == "self");
  CHECK(arg.kind == FETTLE_ARG_TENSOR);
  CHECK(arg.payload == FETTLE_PAYLOAD_VALUE);
  CHECK(arg.operand == 0);
  CHECK(arg.value == m.info(add).operands[0]);
  REQUIRE(g.node_arg_named(&m.ctx, &m.handle, add, str("alpha"), &arg) == FETTLE_OK);
  CHECK(arg.payload == FETTLE_PAYLOAD_INT);
  CHECK(arg.i == 2);
  CHECK(arg.form == FETTLE_FORM_KEYWORD);
  CHECK(g.node_arg_named(&m.ctx, &m.handle, add, str("beta"), &arg) == FETTLE_E_ABSENT);
  CHECK(g.node_arg(&m.ctx, &m.handle, add, 3, &arg) == FETTLE_E_ABSENT);
  REQUIRE(g.node_arg_named(&m.ctx, &m.handle, m.call("aten.linear.default"), str("bias"), &arg) ==
          FETTLE_OK);
  CHECK(arg.payload == FETTLE_PAYLOAD_NONE);
  CHECK(arg.form == FETTLE_FORM_DEFAULTED);
  REQUIRE(g.node_arg(&m.ctx, &m.handle, m.call("aten.cat.default"), 0, &arg) == FETTLE_OK);
  CHECK(arg.payload == FETTLE_PAYLOAD_LIST);
  REQUIRE(arg.n == 2);
  CHECK(arg.elements[1].value == m.info(add).first_result);
  CHECK(arg.elements[1].operand == 1);
}

TEST_CASE("values know their uses, as many as asked for") {
  Model m;
  const fettle_value values = m.info(m.call("aten.max.dim")).first_result;
  auto info = Abi::sized<fettle_value_info>();
  REQUIRE(g.value_info(&m.ctx, &m.handle, values, &info) == FETTLE_OK);
  CHECK(info.n_uses == 3);
  CHECK(g.value_use_count(&m.handle, values) == 3);
  fettle_use uses[3] = {};
  std::uint64_t n = 0;
  REQUIRE(g.value_uses(&m.ctx, &m.handle, values, 3, uses, &n) == FETTLE_OK);
  CHECK(n == 3);
  std::set<fettle_node> users;
  for (const fettle_use& use : uses) users.insert(use.user);
  CHECK(users == std::set<fettle_node>{m.call("aten.add.Tensor"), m.call("aten.cat.default")});
  uses[1].user = 4711;
  REQUIRE(g.value_uses(&m.ctx, &m.handle, values, 1, uses, &n) == FETTLE_OK);
  CHECK(n == 3);
  CHECK(uses[1].user == 4711);  // nothing is written past the capacity
}

TEST_CASE("types have sizes, strides, dtype and bytes") {
  Model m;
  auto info = Abi::sized<fettle_value_info>();
  REQUIRE(g.value_info(&m.ctx, &m.handle, m.info(m.call("aten.linear.default")).first_result,
                       &info) == FETTLE_OK);
  auto type = Abi::sized<fettle_type>();
  REQUIRE(g.type(&m.ctx, &m.handle, info.type, &type) == FETTLE_OK);
  CHECK(type.kind == FETTLE_TYPE_TENSOR);
  CHECK(type.dtype == FETTLE_DTYPE_FLOAT32);
  REQUIRE(type.rank == 2);
  CHECK(type.sizes[1].value == 3);
  CHECK(type.strides[0].value == 3);
  CHECK(type.bytes == 24);
  CHECK(text_of(type.device_type) == "cpu");
  CHECK(type.device_index == -1);
  CHECK(g.type(&m.ctx, &m.handle, 4711, &type) == FETTLE_E_STALE);
}

TEST_CASE("metadata, outputs and text") {
  Model m;
  fettle_str text{};
  const fettle_node linear = m.call("aten.linear.default");
  REQUIRE(g.node_metadata(&m.ctx, &m.handle, linear, str("stack_trace"), &text) == FETTLE_OK);
  CHECK(text_of(text) == "model.py:7");
  CHECK(g.node_metadata(&m.ctx, &m.handle, linear, str("torch_fn"), &text) == FETTLE_E_ABSENT);
  REQUIRE(g.node_text(&m.ctx, &m.handle, linear, &text) == FETTLE_OK);
  CHECK_THAT(text_of(text), contains("aten.linear.default(x, p_w"));
  auto output = Abi::sized<fettle_output_info>();
  REQUIRE(g.output_info(&m.ctx, &m.handle, 1, &output) == FETTLE_OK);
  CHECK(output.kind == FETTLE_OUTPUT_USER);
  CHECK(output.value == m.info(m.call("aten.max.dim")).first_result + 1);
  CHECK(g.output_info(&m.ctx, &m.handle, 2, &output) == FETTLE_E_ABSENT);
}

TEST_CASE("columns are the whole graph at once, and do not follow edits") {
  Abi abi(R"(graph(x: f32[4]):
    a: f32[4] = aten.relu.default(x)
    b: f32[4] = aten.add.Tensor(a, x)
    return (b,))");
  auto all = Abi::sized<fettle_columns>();
  REQUIRE(g.columns(&abi.ctx, &abi.handle, &all) == FETTLE_OK);
  REQUIRE(all.n_nodes == 4);
  CHECK(all.opcodes[0] == FETTLE_OPCODE_PLACEHOLDER);
  CHECK(all.nodes[2] == abi.node("b"));
  CHECK(all.operand_offsets[4] == 4);
  CHECK(all.operands[all.operand_offsets[2]] == abi.value("a"));
  CHECK(all.producers[abi.value("a")] == abi.node("a"));
  CHECK(all.use_counts[abi.value("x")] == 2);
  const fettle_value x = abi.value("x");
  abi.journal.begin_rewrite(NodeId(abi.node("a")), "test");
  abi.journal.replace_all_uses(ValueId(abi.value("a")), ValueId(x));
  abi.journal.end_rewrite();
  CHECK(all.operands[all.operand_offsets[2]] == abi.value("a"));
  CHECK(g.value_use_count(&abi.handle, x) == 3);
}

TEST_CASE("nested graphs stand right before the call that owns them") {
  Abi abi(R"(graph(x: f32[4]):
    a: f32[4] = aten.relu.default(x)
    w: f32[4] = higher_order.wrap_with_set_grad_enabled(False, self.submod_1, a)
    graph submod_1(y: f32[4]):
      s: f32[4] = aten.sin.default(y)
      return (s,)
    return (w,))");
  auto all = Abi::sized<fettle_columns>();
  REQUIRE(g.columns(&abi.ctx, &abi.handle, &all) == FETTLE_OK);
  std::vector<fettle_node> order(all.nodes, all.nodes + all.n_nodes);
  const auto at = [&](const char* name) {
    return std::find(order.begin(), order.end(), abi.node(name)) - order.begin();
  };
  CHECK(order.size() == 7);
  CHECK(at("a") < at("y"));
  CHECK(at("y") < at("s"));
  CHECK(at("s") < at("w"));
  const auto nested = all.blocks[at("s")];
  CHECK(nested != 0);
  CHECK(g.first_node(&abi.handle, nested) == abi.node("y"));
  fettle_arg arg{};
  REQUIRE(g.node_arg(&abi.ctx, &abi.handle, abi.node("w"), 1, &arg) == FETTLE_OK);
  CHECK(arg.payload == FETTLE_PAYLOAD_BLOCK);
  CHECK(arg.block == nested);
}

TEST_CASE(
    "an older plugin's shorter struct is not written past its end, a newer one's is left alone") {
  Abi abi(R"(graph(x: f32[1]):
    r: f32[1] = aten.relu.default(x)
    return (r,))");
  struct Newer {
    fettle_node_info info;
    std::uint64_t added_later;
  } newer{};
  newer.info.size = sizeof(Newer);
  newer.added_later = 42;
  REQUIRE(g.node_info(&abi.ctx, &abi.handle, abi.node("r"), &newer.info) == FETTLE_OK);
  CHECK(newer.added_later == 42);
  CHECK(newer.info.size == sizeof(Newer));
  CHECK(newer.info.n_operands == 1);
  auto shorter = Abi::sized<fettle_node_info>();
  shorter.size = 8;  // less than version 1.0's: nonsense
  shorter.n_operands = 77;
  CHECK(g.node_info(&abi.ctx, &abi.handle, abi.node("r"), &shorter) == FETTLE_E_ARGUMENT);
  CHECK(shorter.n_operands == 77);
}
