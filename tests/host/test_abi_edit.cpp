// "fettle.edit/1": what plugins may change, and how a call binds to its operator's schema.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_edit_v1& e = kEditTable;

constexpr const char* kChain = R"(
  graph(x: f32[4], y: f32[4]):
    a: f32[4] = aten.relu.default(x)
    b: f32[4] = aten.sin.default(a)
    return (b,))";

struct Edit : Abi {
  explicit Edit(const std::string& text) : Abi(text) { begin(); }
  void begin() { REQUIRE(e.rewrite_begin(&ctx, &handle, node("a"), str("test")) == FETTLE_OK); }
  void end() { REQUIRE(e.rewrite_end(&ctx, &handle) == FETTLE_OK); }

  fettle_status create(const char* op, const std::vector<fettle_arg>& args,
                       std::vector<fettle_type_id> types, fettle_node* out) {
    auto spec = sized<fettle_node_spec>();
    spec.op = str(op);
    spec.args = args.data();
    spec.n_args = args.size();
    spec.result_types = types.data();
    spec.n_results = types.size();
    spec.before = node("b");
    spec.provenance = node("a");
    return e.create_node(&ctx, &handle, &spec, out);
  }
  fettle_node must_create(const char* op, const std::vector<fettle_arg>& args,
                          std::vector<fettle_type_id> types) {
    fettle_node made = FETTLE_NONE;
    INFO(ctx.last_refusal);
    const fettle_status status = create(op, args, std::move(types), &made);
    INFO(ctx.last_refusal);
    REQUIRE(status == FETTLE_OK);
    return made;
  }
  std::string made_text(fettle_node node) {
    fettle_str text{};
    REQUIRE(kGraphTable.node_text(&ctx, &handle, node, &text) == FETTLE_OK);
    return text_of(text);
  }
};

}  // namespace

TEST_CASE("a created call takes positional and keyword arguments, and the schema's defaults") {
  Edit t(kChain);
  const fettle_node add = t.must_create(
      "aten.add.Tensor", {tensor(t.value("a")), tensor(t.value("y")), named(integer(3), "alpha")},
      {t.type("a")});
  CHECK_THAT(t.made_text(add), contains("aten.add.Tensor(a, y, alpha=3)"));
  const fettle_node plain =
      t.must_create("aten.add.Tensor", {tensor(t.value("a")), named(tensor(t.value("y")), "other")},
                    {t.type("a")});
  CHECK_THAT(t.made_text(plain), contains("aten.add.Tensor(a, other=y)"));
  fettle_arg alpha{};
  REQUIRE(kGraphTable.node_arg_named(&t.ctx, &t.handle, plain, str("alpha"), &alpha) == FETTLE_OK);
  CHECK(alpha.i == 1);
  CHECK(alpha.form == FETTLE_FORM_DEFAULTED);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
  CHECK(t.journal.tally().created == 2);
}

TEST_CASE("lists, numbers, None, text, devices and dtypes become what export would write") {
  Edit t(kChain);
  const fettle_value a = t.value("a");
  const std::vector<fettle_arg> elements = {tensor(a), tensor(t.value("y"))};
  auto wide = Abi::sized<fettle_type>();
  const fettle_dim eight[] = {{8, {}, 1, 0}};
  wide.kind = FETTLE_TYPE_TENSOR;
  wide.dtype = FETTLE_DTYPE_FLOAT32;
  wide.rank = 1;
  wide.sizes = eight;
  fettle_type_id f32_8 = FETTLE_NONE;
  REQUIRE(e.intern_type(&t.ctx, &t.handle, &wide, &f32_8) == FETTLE_OK);
  CHECK_THAT(t.made_text(t.must_create("aten.cat.default", {list(elements)}, {f32_8})),
             contains("aten.cat.default([a, y])"));

  const std::int64_t shape[] = {2, 4};
  fettle_arg ints{};
  ints.payload = FETTLE_PAYLOAD_INTS;
  ints.n = 2;
  ints.ints = shape;
  fettle_arg dtype = named(integer(FETTLE_DTYPE_FLOAT32), "dtype");
  fettle_arg device{};
  device.payload = FETTLE_PAYLOAD_DEVICE;
  device.s = str("cpu");
  device.i = -1;
  const std::string zeros = t.made_text(
      t.must_create("aten.zeros.default", {ints, dtype, named(device, "device")}, {t.type("a")}));
  CHECK_THAT(zeros, contains("aten.zeros.default([2, 4], dtype=torch.float32"));

  fettle_arg approximate{};
  approximate.payload = FETTLE_PAYLOAD_STRING;
  approximate.s = str("tanh");
  CHECK_THAT(
      t.made_text(t.must_create("aten.gelu.default", {tensor(a), named(approximate, "approximate")},
                                {t.type("a")})),
      contains("approximate='tanh'"));

  fettle_arg none{};
  fettle_arg real{};
  real.payload = FETTLE_PAYLOAD_FLOAT;
  real.f = 0.5;
  CHECK_THAT(
      t.made_text(t.must_create("aten.clamp.default", {tensor(a), none, real}, {t.type("a")})),
      contains("aten.clamp.default(a, None, 0.5)"));
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
}

TEST_CASE("an operator that returns a list has as many results as types were given") {
  Edit t(kChain);
  const fettle_node split = t.must_create("aten.split.Tensor", {tensor(t.value("a")), integer(2)},
                                          {t.type("a"), t.type("a")});
  CHECK(t.graph->node(NodeId(split)).result_forms ==
        ResultForms{{ArgKind::tensors, 2}});
  fettle_node none = FETTLE_NONE;
  CHECK(t.create("aten.max.dim", {tensor(t.value("a")), integer(0)}, {t.type("a")}, &none) ==
        FETTLE_E_REFUSED);
  CHECK_THAT(t.ctx.last_refusal, contains("2 results and 1 types"));
  CHECK(none == FETTLE_NONE);
}

TEST_CASE("a new node has a fresh name, its place, and the provenance it was given") {
  Edit t(R"(
    graph(x: f32[4]):
      a: f32[4] = aten.relu.default(x) {stack_trace = 'here'}
      b: f32[4] = aten.sin.default(a)
      return (b,))");
  auto spec = Abi::sized<fettle_node_spec>();
  const fettle_arg arg = tensor(t.value("x"));
  const fettle_type_id type = t.type("a");
  spec.op = str("aten.relu.default");
  spec.name = str("b");  // taken
  spec.args = &arg;
  spec.n_args = 1;
  spec.result_types = &type;
  spec.n_results = 1;
  spec.before = t.node("a");
  spec.provenance = t.node("a");
  fettle_node made = FETTLE_NONE;
  REQUIRE(e.create_node(&t.ctx, &t.handle, &spec, &made) == FETTLE_OK);
  t.end();
  CHECK(t.node("b_1") == made);
  CHECK(kGraphTable.next_node(&t.handle, made) == t.node("a"));
  fettle_str trace{};
  REQUIRE(kGraphTable.node_metadata(&t.ctx, &t.handle, made, str("stack_trace"), &trace) ==
          FETTLE_OK);
  CHECK(text_of(trace) == "here");
}

TEST_CASE("set_arg replaces one argument and leaves the others") {
  Edit t(R"(
    graph(x: f32[4], y: f32[4]):
      a: f32[4] = aten.add.Tensor(x, y)
      return (a,))");
  REQUIRE(e.set_arg(&t.ctx, &t.handle, t.node("a"), [] {
    static fettle_arg arg = named(integer(5), "alpha");
    return &arg;
  }()) == FETTLE_OK);
  CHECK_THAT(t.made_text(t.node("a")), contains("aten.add.Tensor(x, y, alpha=5)"));
  const fettle_arg self = named(tensor(t.value("y")), "self");
  REQUIRE(e.set_arg(&t.ctx, &t.handle, t.node("a"), &self) == FETTLE_OK);
  CHECK_THAT(t.made_text(t.node("a")), contains("aten.add.Tensor(y, y, alpha=5)"));
  const fettle_arg unknown = named(integer(5), "beta");
  CHECK(e.set_arg(&t.ctx, &t.handle, t.node("a"), &unknown) == FETTLE_E_REFUSED);
  t.end();
  check(*t.graph);
}

TEST_CASE("operands, moves and types change; an aborted rewrite leaves nothing") {
  Edit t(R"(
    graph(x: f32[4], y: f32[4]):
      a: f32[4] = aten.relu.default(x)
      b: f32[4] = aten.sin.default(x)
      c: f32[4] = aten.add.Tensor(a, b)
      return (c,))");
  const std::string before = exact_text(*t.graph);
  REQUIRE(e.set_operand(&t.ctx, &t.handle, t.node("b"), 0, t.value("y")) == FETTLE_OK);
  REQUIRE(e.move_before(&t.ctx, &t.handle, t.node("b"), t.node("a")) == FETTLE_OK);
  auto half = Abi::sized<fettle_type>();
  const fettle_dim four[] = {{4, {}, 1, 0}};
  half.kind = FETTLE_TYPE_TENSOR;
  half.dtype = FETTLE_DTYPE_FLOAT16;
  half.rank = 1;
  half.sizes = four;
  fettle_type_id f16 = FETTLE_NONE;
  REQUIRE(e.intern_type(&t.ctx, &t.handle, &half, &f16) == FETTLE_OK);
  REQUIRE(e.set_type(&t.ctx, &t.handle, t.value("c"), f16) == FETTLE_OK);
  CHECK_THAT(t.text(), contains("c: f16[4]"));
  CHECK(e.set_type(&t.ctx, &t.handle, t.value("c"), 4711) == FETTLE_E_STALE);
  CHECK(e.move_before(&t.ctx, &t.handle, t.node("x"), t.node("a")) == FETTLE_E_REFUSED);
  CHECK(e.move_before(&t.ctx, &t.handle, t.node("b"), t.node("x")) == FETTLE_E_REFUSED);
  CHECK(e.set_operand(&t.ctx, &t.handle, t.node("b"), 9, t.value("y")) == FETTLE_E_REFUSED);
  REQUIRE(e.rewrite_abort(&t.ctx, &t.handle) == FETTLE_OK);
  CHECK(exact_text(*t.graph) == before);
  CHECK_FALSE(t.journal.changed());
}

TEST_CASE("types that make no sense are refused") {
  Edit t(kChain);
  auto type = Abi::sized<fettle_type>();
  fettle_type_id out = FETTLE_NONE;
  type.kind = FETTLE_TYPE_TENSOR;
  type.dtype = 99;
  CHECK(e.intern_type(&t.ctx, &t.handle, &type, &out) == FETTLE_E_REFUSED);
  type.dtype = FETTLE_DTYPE_FLOAT32;
  type.rank = 2;  // and no sizes
  CHECK(e.intern_type(&t.ctx, &t.handle, &type, &out) == FETTLE_E_REFUSED);
  type.rank = 0;
  type.kind = FETTLE_TYPE_TOKEN;
  CHECK(e.intern_type(&t.ctx, &t.handle, &type, &out) == FETTLE_E_REFUSED);
  CHECK(out == FETTLE_NONE);
}

TEST_CASE(
    "a constant is added before the user inputs, with its bytes, and goes with its placeholder") {
  Edit t(kChain);
  float data[] = {1, 2, 3, 4, 5, 6};
  std::int64_t shape[] = {3, 2}, strides[] = {1, 3};  // transposed
  DLTensor tensor_data{data, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, strides, 0};
  fettle_value constant = FETTLE_NONE;
  REQUIRE(e.add_constant(&t.ctx, &t.handle, str("folded"), &tensor_data, &constant) == FETTLE_OK);
  const fettle_node placeholder = kGraphTable.value_producer(&t.handle, constant);
  CHECK(kGraphTable.first_node(&t.handle, 0) == placeholder);
  auto info = Abi::sized<fettle_node_info>();
  REQUIRE(kGraphTable.node_info(&t.ctx, &t.handle, placeholder, &info) == FETTLE_OK);
  CHECK(info.input_kind == FETTLE_INPUT_TENSOR_CONSTANT);
  REQUIRE(t.graph->constants().size() == 1);
  const TensorData& stored = t.graph->constants().begin()->second;
  CHECK(t.graph->constants().begin()->first == text_of(info.input_target));
  REQUIRE(stored.storage->size == sizeof data);
  const float expected[] = {1, 4, 2, 5, 3, 6};
  CHECK(std::memcmp(stored.storage->data, expected, sizeof expected) == 0);

  fettle_value second = FETTLE_NONE;
  REQUIRE(e.add_constant(&t.ctx, &t.handle, str("folded"), &tensor_data, &second) == FETTLE_OK);
  CHECK(t.graph->constants().size() == 2);
  CHECK(kGraphTable.next_node(&t.handle, placeholder) ==
        kGraphTable.value_producer(&t.handle, second));
  t.end();
  check(*t.graph);

  t.begin();
  REQUIRE(e.erase_node(&t.ctx, &t.handle, placeholder) == FETTLE_OK);
  REQUIRE(e.erase_node(&t.ctx, &t.handle, kGraphTable.value_producer(&t.handle, second)) ==
          FETTLE_OK);
  t.end();
  CHECK(t.graph->constants().empty());
  check(*t.graph);
  t.journal.rollback();
  check(*t.graph);
}

TEST_CASE("tensors that cannot become constants are refused") {
  Edit t(kChain);
  float data[] = {1, 2};
  std::int64_t shape[] = {2};
  fettle_value out = FETTLE_NONE;
  DLTensor odd{data, {kDLCPU, 0}, 1, {kDLFloat, 24, 1}, shape, nullptr, 0};
  CHECK(e.add_constant(&t.ctx, &t.handle, str("c"), &odd, &out) < 0);
  std::int64_t negative[] = {-1};
  DLTensor below{data, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, negative, nullptr, 0};
  CHECK(e.add_constant(&t.ctx, &t.handle, str("c"), &below, &out) < 0);
  CHECK(out == FETTLE_NONE);
  CHECK(t.graph->constants().empty());
}

TEST_CASE("a weight that nobody uses may be erased; one that an output updates may not") {
  auto graph = parse_graph(R"(
    graph(p_w: f32[2] = parameter 'w', b_n: f32[2] = buffer 'n', x: f32[2]):
      a: f32[2] = aten.relu.default(x)
      return (a -> buffer_mutation 'n', a))");
  bind_schemas(*graph, "test");
  Journal builder(*graph, Journal::Recording::off);
  const float zeros[2] = {};
  for (const char* name : {"w", "n"}) {
    builder.add_constant(name, {make_storage(zeros, sizeof zeros), graph->type(ValueId(0))});
  }
  check(*graph);
  Journal journal(*graph);
  Outcome outcome;
  fettle_ctx ctx(outcome, "test");
  AnalysisManager analyses(*graph);
  fettle_graph handle(analyses, &journal);
  const fettle_node weight = kGraphTable.first_node(&handle, 0);
  const fettle_node buffer = kGraphTable.next_node(&handle, weight);
  REQUIRE(e.rewrite_begin(&ctx, &handle, weight, str("unused")) == FETTLE_OK);
  CHECK(e.erase_node(&ctx, &handle, buffer) == FETTLE_E_REFUSED);
  CHECK_THAT(ctx.last_refusal, contains("updates 'n'"));
  CHECK(e.erase_node(&ctx, &handle, weight) == FETTLE_OK);
  REQUIRE(e.rewrite_end(&ctx, &handle) == FETTLE_OK);
  CHECK_FALSE(graph->constants().contains("w"));
  check(*graph);
}
