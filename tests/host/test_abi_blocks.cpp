// "fettle.blocks/1": calls with nested graphs, read, built, copied and inlined by a plugin.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_blocks_v1& blocks = kBlocksTable;
const fettle_edit_v1& e = kEditTable;

constexpr const char* kCond = R"(
  graph(x: f32[4], p: b8[]):
    a: f32[4] = aten.relu.default(x)
    cond: (c: f32[4]) = higher_order.cond(p, self.yes, self.no, [a])
      graph yes(u: f32[4]):
        sin: f32[4] = aten.sin.default(u)
        w: (t: f32[4]) = higher_order.wrap_with_set_grad_enabled(False, self.inner, sin)
          graph inner(v: f32[4]):
            neg: f32[4] = aten.neg.default(v)
            return (neg,)
        return (t,)
      graph no(u2: f32[4]):
        return (u2,)
    b: f32[4] = aten.sin.default(c)
    return (b,))";

struct Blocks : Abi {
  explicit Blocks(const std::string& text = kCond) : Abi(text) { begin(); }
  void begin() { REQUIRE(e.rewrite_begin(&ctx, &handle, node("a"), str("test")) == FETTLE_OK); }
  void end() { REQUIRE(e.rewrite_end(&ctx, &handle) == FETTLE_OK); }

  fettle_nested_call nested(std::string_view name) {
    auto call = sized<fettle_nested_call>();
    REQUIRE(blocks.nested_call(&ctx, &handle, node(name), &call) == FETTLE_OK);
    return call;
  }
  fettle_block create(const char* name, std::uint32_t flags = 0) {
    fettle_block out = FETTLE_NONE;
    REQUIRE(blocks.create_block(&ctx, &handle, str(name), flags, &out) == FETTLE_OK);
    return out;
  }
  fettle_value placeholder(fettle_block block) {
    fettle_value out = FETTLE_NONE;
    REQUIRE(blocks.create_placeholder(&ctx, &handle, block, str("arg"), type("a"), &out) ==
            FETTLE_OK);
    return out;
  }
  fettle_node_spec spec(const char* op, const std::vector<fettle_arg>& args,
                        const std::vector<fettle_type_id>& types) {
    auto spec = sized<fettle_node_spec>();
    spec.op = str(op);
    spec.args = args.data();
    spec.n_args = args.size();
    spec.result_types = types.data();
    spec.n_results = types.size();
    spec.before = node("b");
    spec.provenance = FETTLE_NONE;
    return spec;
  }
  fettle_value append(fettle_block block, const char* op, const std::vector<fettle_arg>& args) {
    const std::vector<fettle_type_id> types = {type("a")};
    const auto what = spec(op, args, types);
    fettle_node out = FETTLE_NONE;
    const fettle_status status = blocks.append_node(&ctx, &handle, block, &what, &out);
    INFO(ctx.last_refusal);
    REQUIRE(status == FETTLE_OK);
    return graph->result(NodeId(out)).index;
  }
  fettle_status create_call(const char* op, const std::vector<fettle_arg>& args, fettle_node* out) {
    const std::vector<fettle_type_id> types = {type("a")};
    const auto what = spec(op, args, types);
    return e.create_node(&ctx, &handle, &what, out);
  }
  // A block that negates its placeholder.
  fettle_block negation() {
    const fettle_block block = create("body");
    const fettle_value arg = placeholder(block);
    const fettle_value result = append(block, "aten.neg.default", {tensor(arg)});
    REQUIRE(blocks.create_output(&ctx, &handle, block, 1, &result) == FETTLE_OK);
    return block;
  }
};

}  // namespace

TEST_CASE("a call says how it runs its blocks and what their placeholders stand for") {
  Blocks t;
  const fettle_nested_call cond = t.nested("cond");
  CHECK(cond.runs == FETTLE_NESTED_BRANCH);
  CHECK(cond.mode == FETTLE_MODE_NONE);
  CHECK(cond.n_blocks == 2);
  REQUIRE(cond.n_inputs == 1);
  CHECK(cond.inputs[0] == t.value("a"));
  CHECK(cond.predicate == t.value("p"));
  const fettle_nested_call wrap = t.nested("w");
  CHECK(wrap.runs == FETTLE_NESTED_ONCE);
  CHECK(wrap.mode == FETTLE_MODE_GRAD);
  CHECK(wrap.predicate == FETTLE_NONE);
  auto none = Abi::sized<fettle_nested_call>();
  CHECK(blocks.nested_call(&t.ctx, &t.handle, t.node("a"), &none) == FETTLE_E_ABSENT);
  CHECK(blocks.nested_call(&t.ctx, &t.handle, 9999, &none) == FETTLE_E_STALE);
}

TEST_CASE("a plugin builds a call with nested graphs, and taking it back leaves nothing") {
  Blocks t;
  const std::string before = exact_text(*t.graph);
  const fettle_block first = t.negation(), second = t.negation();
  const std::vector<fettle_arg> operands = {tensor(t.value("a"))};
  fettle_node made = FETTLE_NONE;
  REQUIRE(t.create_call("higher_order.cond",
                        {tensor(t.value("p")), block_arg(first), block_arg(second), list(operands)},
                        &made) == FETTLE_OK);
  REQUIRE(e.replace_all_uses(&t.ctx, &t.handle, t.value("cond"),
                             t.graph->result(NodeId(made)).index) == FETTLE_OK);
  REQUIRE(e.erase_node(&t.ctx, &t.handle, t.node("cond")) == FETTLE_OK);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
  CHECK_THAT(t.text(), contains("higher_order.cond(p, self.body, self.body_1, [a])"));
  const std::string built = exact_text(*t.graph);
  CHECK(exact_text(*parse_graph(built)) == built);
  t.journal.rollback();
  check(*t.graph);
  CHECK(exact_text(*t.graph) == before);
}

TEST_CASE("operands by *rest and lists of several kinds") {
  Blocks t;
  fettle_node made = FETTLE_NONE;
  REQUIRE(t.create_call("higher_order.wrap_with_set_grad_enabled",
                        {boolean(false), block_arg(t.negation()), tensor(t.value("a"))},
                        &made) == FETTLE_OK);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
}

TEST_CASE("a clone shares nothing, nested graphs included") {
  Blocks t;
  const fettle_block yes = t.nested("cond").blocks[0];
  fettle_block copy = FETTLE_NONE;
  REQUIRE(blocks.clone_block(&t.ctx, &t.handle, yes, &copy) == FETTLE_OK);
  fettle_node made = FETTLE_NONE;
  REQUIRE(t.create_call("higher_order.wrap_with_set_grad_enabled",
                        {boolean(true), block_arg(copy), tensor(t.value("a"))},
                        &made) == FETTLE_OK);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
  CHECK(t.journal.tally().created == 1 + 4 + 3);  // the call, its graph, the graph in that
}

TEST_CASE("inlining the branch of a cond, nested calls included") {
  Blocks t;
  const fettle_nested_call cond = t.nested("cond");
  fettle_value result = FETTLE_NONE;
  REQUIRE(blocks.inline_block(&t.ctx, &t.handle, cond.blocks[0], t.node("cond"), 1, cond.inputs, 1,
                              &result) == FETTLE_OK);
  REQUIRE(e.replace_all_uses(&t.ctx, &t.handle, t.value("cond"), result) == FETTLE_OK);
  REQUIRE(e.erase_node(&t.ctx, &t.handle, t.node("cond")) == FETTLE_OK);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
  CHECK_THAT(t.text(), contains("aten.sin.default(a)") && !contains("cond"));
  t.journal.rollback();
  CHECK_THAT(t.text(), contains("higher_order.cond(p, self.yes, self.no, [a])"));
}

TEST_CASE("an output that is a placeholder inlines as what was given for it") {
  Blocks t;
  const fettle_nested_call cond = t.nested("cond");
  fettle_value result = FETTLE_NONE;
  REQUIRE(blocks.inline_block(&t.ctx, &t.handle, cond.blocks[1], t.node("cond"), 1, cond.inputs, 1,
                              &result) == FETTLE_OK);
  CHECK(result == t.value("a"));
}

TEST_CASE("one more input for every block of a call, and one less") {
  Blocks t;
  fettle_value held[2] = {FETTLE_NONE, FETTLE_NONE};
  REQUIRE(blocks.pass_value(&t.ctx, &t.handle, t.node("cond"), t.value("x"), 2, held) == FETTLE_OK);
  check_schemas(*t.graph);
  CHECK_THAT(t.text(), contains("self.no, [a, x])"));
  CHECK(t.nested("cond").n_inputs == 2);
  REQUIRE(e.set_operand(&t.ctx, &t.handle, t.node("sin"), 0, held[0]) == FETTLE_OK);
  CHECK(blocks.drop_input(&t.ctx, &t.handle, t.node("cond"), 1) == FETTLE_E_REFUSED);  // used
  CHECK(blocks.drop_input(&t.ctx, &t.handle, t.node("cond"), 0) == FETTLE_E_REFUSED);  // by no
  CHECK(blocks.drop_input(&t.ctx, &t.handle, t.node("cond"), 2) == FETTLE_E_REFUSED);
  REQUIRE(e.set_operand(&t.ctx, &t.handle, t.node("sin"), 0, t.value("u")) == FETTLE_OK);
  REQUIRE(blocks.drop_input(&t.ctx, &t.handle, t.node("cond"), 1) == FETTLE_OK);
  fettle_value inner = FETTLE_NONE;
  REQUIRE(blocks.pass_value(&t.ctx, &t.handle, t.node("w"), t.value("u"), 1, &inner) == FETTLE_OK);
  t.end();
  check(*t.graph);
  check_schemas(*t.graph);
  CHECK_THAT(t.text(), contains("self.no, [a])") && contains("self.inner, sin, u)"));
}

TEST_CASE("what a plugin must not do with blocks is refused and changes nothing") {
  Blocks t;
  const fettle_block body = t.negation();
  const std::string before = exact_text(*t.graph);
  fettle_node made = FETTLE_NONE;
  fettle_block block = FETTLE_NONE;
  fettle_value value = FETTLE_NONE;
  const fettle_value a = t.value("a");
  const fettle_block owned = t.nested("cond").blocks[0];
  const auto wrap = [&](fettle_block given, fettle_value operand) {
    return t.create_call("higher_order.wrap_with_set_grad_enabled",
                         {boolean(false), block_arg(given), tensor(operand)}, &made);
  };

  CHECK(wrap(owned, a) == FETTLE_E_REFUSED);          // another call's
  CHECK(wrap(0, a) == FETTLE_E_REFUSED);              // the program itself
  CHECK(wrap(999, a) == FETTLE_E_STALE);
  CHECK(wrap(body, t.value("u")) == FETTLE_E_REFUSED);  // a value of another block
  CHECK(blocks.clone_block(&t.ctx, &t.handle, 0, &block) == FETTLE_E_REFUSED);
  CHECK(blocks.clone_block(&t.ctx, &t.handle, 999, &block) == FETTLE_E_STALE);
  CHECK(blocks.create_placeholder(&t.ctx, &t.handle, 0, str("p"), t.type("a"), &value) ==
        FETTLE_E_REFUSED);
  CHECK(blocks.create_placeholder(&t.ctx, &t.handle, body, str("p"), 9999, &value) ==
        FETTLE_E_STALE);
  CHECK(blocks.create_output(&t.ctx, &t.handle, body, 1, &a) == FETTLE_E_REFUSED);  // has one
  const fettle_block empty = t.create("empty");
  CHECK(blocks.create_output(&t.ctx, &t.handle, empty, 1, &a) == FETTLE_E_REFUSED);  // foreign
  fettle_value results[2];
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("b"), 0, nullptr, 1, results) ==
        FETTLE_E_REFUSED);  // a placeholder without a value
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("b"), 1, &a, 2, results) ==
        FETTLE_E_REFUSED);
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("x"), 1, &a, 1, results) ==
        FETTLE_E_REFUSED);  // before a placeholder
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("sin"), 1, &a, 1, results) ==
        FETTLE_E_REFUSED);  // into itself
  const fettle_value missing = FETTLE_NONE;
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("b"), 1, &missing, 1, results) ==
        FETTLE_E_REFUSED);
  const fettle_value foreign = t.value("u");
  CHECK(blocks.inline_block(&t.ctx, &t.handle, owned, t.node("b"), 1, &foreign, 1, results) ==
        FETTLE_E_REFUSED);
  CHECK(blocks.pass_value(&t.ctx, &t.handle, t.node("b"), a, 0, nullptr) == FETTLE_E_REFUSED);
  CHECK(blocks.pass_value(&t.ctx, &t.handle, t.node("cond"), a, 1, results) == FETTLE_E_REFUSED);
  CHECK(blocks.pass_value(&t.ctx, &t.handle, t.node("cond"), foreign, 2, results) ==
        FETTLE_E_REFUSED);
  CHECK(blocks.create_block(&t.ctx, &t.handle, str(""), 0, nullptr) == FETTLE_E_ARGUMENT);
  CHECK(blocks.append_node(&t.ctx, &t.handle, body, nullptr, &made) == FETTLE_E_ARGUMENT);
  CHECK(exact_text(*t.graph) == before);
  t.end();
  CHECK(blocks.create_block(&t.ctx, &t.handle, str(""), 0, &block) == FETTLE_E_REFUSED);
}

TEST_CASE("a block cannot hold the call that owns it, and graphs nest only so deep") {
  Blocks t;
  const fettle_block body = t.negation();
  const std::vector<fettle_type_id> types = {t.type("a")};
  const std::vector<fettle_arg> args = {boolean(false), block_arg(body)};
  const auto itself = t.spec("higher_order.wrap_with_set_grad_enabled", args, types);
  fettle_node made = FETTLE_NONE;
  CHECK(blocks.append_node(&t.ctx, &t.handle, body, &itself, &made) == FETTLE_E_REFUSED);

  fettle_block inner = body;
  fettle_status status = FETTLE_OK;
  int depth = 1;
  while (status == FETTLE_OK && depth < 100) {
    const fettle_block outer = t.create("outer");
    const fettle_value arg = t.placeholder(outer);
    const std::vector<fettle_arg> call = {boolean(false), block_arg(inner), tensor(arg)};
    const auto what = t.spec("higher_order.wrap_with_set_grad_enabled", call, types);
    status = blocks.append_node(&t.ctx, &t.handle, outer, &what, &made);
    if (status != FETTLE_OK) break;
    const fettle_value result = t.graph->result(NodeId(made)).index;
    REQUIRE(blocks.create_output(&t.ctx, &t.handle, outer, 1, &result) == FETTLE_OK);
    inner = outer;
    ++depth;
  }
  CHECK(status == FETTLE_E_REFUSED);
  CHECK(depth == 32);
  CHECK_THAT(t.ctx.last_refusal, contains("32 deep"));
}

TEST_CASE("what does not fit together is found by the checks") {
  Blocks t;
  fettle_node made = FETTLE_NONE;
  SECTION("a block that no call owns") {
    t.negation();
    t.end();
    CHECK(code_of([&] { check(*t.graph); }) == "graph-bad-block");
  }
  SECTION("another number of operands than placeholders") {
    REQUIRE(t.create_call("higher_order.wrap_with_set_grad_enabled",
                          {boolean(false), block_arg(t.negation())}, &made) == FETTLE_OK);
    t.end();
    CHECK(code_of([&] { check_schemas(*t.graph); }) == "graph-bad-arguments");
  }
  SECTION("a block without an output") {
    const fettle_block empty = t.create("empty");
    t.placeholder(empty);
    REQUIRE(t.create_call("higher_order.wrap_with_set_grad_enabled",
                          {boolean(false), block_arg(empty), tensor(t.value("a"))},
                          &made) == FETTLE_OK);
    t.end();
    CHECK(code_of([&] { check(*t.graph); }) == "graph-bad-block");
  }
}
