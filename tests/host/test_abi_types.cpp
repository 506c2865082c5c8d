// "fettle.types/1" as a plugin calls it: calls that need no types, what rules say of a call, and
// what follows from an edit of types.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_edit_v1& e = kEditTable;

constexpr const char* kChain = R"(
  graph(x: f32[s0=4, 8][8, 1], p: b8[]):
    a: f32[s0=4, 8][8, 1] = aten.relu.default(x)
    b: f32[8, s0=4][1, 8] = aten.t.default(a)
    cond: [y: f32[8, s0=4][1, 8]] = higher_order.cond(p, self.yes, self.no, [b])
      graph yes(c: f32[8, s0=4][1, 8]):
        d: f32[8, s0=4][1, 8] = aten.exp.default(c)
        return (d,)
      graph no(f: f32[8, s0=4][1, 8]):
        g: f32[8, s0=4][1, 8] = aten.sin.default(f)
        return (g,)
    return (y,))";

struct Types : Abi {
  explicit Types(const std::string& program = kChain) : Abi(program) {
    REQUIRE(e.rewrite_begin(&ctx, &handle, node("a"), str("test")) == FETTLE_OK);
  }
  fettle_node_spec spec(const char* op, const std::vector<fettle_arg>& args) {
    auto spec = sized<fettle_node_spec>();
    spec.op = str(op);
    spec.args = args.data();
    spec.n_args = args.size();
    spec.before = node("b");
    spec.provenance = FETTLE_NONE;
    return spec;
  }
  std::string made(const char* op, const std::vector<fettle_arg>& args) {
    const fettle_node_spec asked = spec(op, args);
    fettle_node made = FETTLE_NONE;
    if (e.create_node(&ctx, &handle, &asked, &made) != FETTLE_OK) return ctx.last_refusal;
    PrintOptions options;
    options.types = PrintOptions::Types::full;
    return print_node(*graph, NodeId(made), options);
  }
  fettle_status infer(const char* op, const std::vector<fettle_arg>& args, std::uint64_t capacity,
                      fettle_type_id* out, std::uint64_t* n) {
    const fettle_node_spec asked = spec(op, args);
    return kTypesTable.infer(&ctx, &handle, &asked, capacity, out, n);
  }
};

}  // namespace

TEST_CASE("a call without types gets those that rules tell, symbolic sizes included") {
  Types t;
  const fettle_arg a = tensor(t.value("a"));
  const std::int64_t dim = 1;
  fettle_arg dims{};
  dims.payload = FETTLE_PAYLOAD_INTS, dims.n = 1, dims.ints = &dim;
  CHECK_THAT(t.made("aten.sum.dim_IntList", {a, dims}), contains("f32[s0"));
  CHECK_THAT(t.made("aten.max.dim", {a, integer(0)}), contains("i64[8]"));
  CHECK_THAT(t.made("aten.t.default", {a}), contains("f32[8, s0"));
  CHECK_THAT(t.made("aten.split.Tensor", {a, integer(2), integer(1)}), contains("f32[s0"));
  REQUIRE(e.rewrite_end(&t.ctx, &t.handle) == FETTLE_OK);
  check(*t.graph);
  check_schemas(*t.graph);
}

TEST_CASE("a call whose types no rule tells needs them from its author") {
  Types t;
  CHECK_THAT(t.made("aten.nonzero.default", {tensor(t.value("a"))}),
             contains("no types were given for the results of 'aten.nonzero.default'"));
  // One that returns nothing needs none.
  CHECK_THAT(t.made("aten._assert_async.default", {tensor(t.value("p"))}),
             contains("_assert_async"));
}

TEST_CASE("types of a call that is not there can be asked for") {
  Types t;
  const std::string before = t.text();
  fettle_type_id types[2] = {FETTLE_NONE, FETTLE_NONE};
  std::uint64_t n = 0;
  const std::vector<fettle_arg> args = {tensor(t.value("a")), integer(0)};
  REQUIRE(t.infer("aten.max.dim", args, 1, types, &n) == FETTLE_OK);
  CHECK(n == 2);
  CHECK(types[1] == FETTLE_NONE);
  REQUIRE(t.infer("aten.max.dim", args, 2, types, &n) == FETTLE_OK);
  CHECK(t.graph->types().type(TypeId(types[1])).dtype == DType::int64);
  CHECK(t.infer("aten.nonzero.default", {args[0]}, 2, types, &n) == FETTLE_E_ABSENT);
  CHECK(t.infer("aten.no_such.default", {}, 2, types, &n) == FETTLE_E_REFUSED);
  CHECK(t.infer("aten.max.dim", args, 2, nullptr, &n) == FETTLE_E_ARGUMENT);
  CHECK(kTypesTable.infer(&t.ctx, &t.handle, nullptr, 2, types, &n) == FETTLE_E_ARGUMENT);
  CHECK(t.text() == before);
}

TEST_CASE("what follows from a changed type is set in the whole program, nested graphs included") {
  Types t;
  auto half = Abi::sized<fettle_type>();
  REQUIRE(kGraphTable.type(&t.ctx, &t.handle, t.type("a"), &half) == FETTLE_OK);
  half.dtype = FETTLE_DTYPE_FLOAT16;
  fettle_type_id wanted = FETTLE_NONE;
  REQUIRE(e.intern_type(&t.ctx, &t.handle, &half, &wanted) == FETTLE_OK);
  REQUIRE(e.set_type(&t.ctx, &t.handle, t.value("x"), wanted) == FETTLE_OK);
  std::uint64_t n = 0;
  REQUIRE(kTypesTable.propagate(&t.ctx, &t.handle, &n) == FETTLE_OK);
  CHECK(n == 7);  // a, b, c, d, f, g and the call's result
  for (const char* name : {"a", "b", "c", "d", "f", "g", "cond"}) {
    INFO(name);
    CHECK(t.graph->type(ValueId(t.value(name))).dtype == DType::float16);
  }
  REQUIRE(kTypesTable.propagate(&t.ctx, &t.handle, &n) == FETTLE_OK);
  CHECK(n == 0);
  t.journal.rollback();
  CHECK(t.graph->type(ValueId(t.value("g"))).dtype == DType::float32);
}

TEST_CASE("propagation refuses to guess, and needs a rewrite") {
  Types t(R"(
    graph(x: f32[4]):
      a: f32[4] = aten.relu.default(x)
      b: i64[s0=2, 1][1, 1] = aten.nonzero.default(a)
      return (b,))");
  REQUIRE(e.set_type(&t.ctx, &t.handle, t.value("x"), t.type("b")) == FETTLE_OK);
  const std::string before = t.text();
  CHECK(kTypesTable.propagate(&t.ctx, &t.handle, nullptr) == FETTLE_E_REFUSED);
  CHECK_THAT(t.ctx.last_refusal, contains("the type of 'a' changes, which 'b'"));
  CHECK(t.text() == before);
  REQUIRE(e.rewrite_end(&t.ctx, &t.handle) == FETTLE_OK);
  CHECK(kTypesTable.propagate(&t.ctx, &t.handle, nullptr) == FETTLE_E_REFUSED);
  CHECK_THAT(t.ctx.last_refusal, contains("no rewrite is open"));
}
