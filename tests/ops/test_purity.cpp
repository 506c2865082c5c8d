// Is it safe to move, merge, remove: asked of a call, of an operator, and of a node in its program.
#include "base/error.hpp"
#include "catch.hpp"
#include "graph/text.hpp"
#include "ops/purity.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using fettle::test::contains;

namespace {

std::string error_code(std::string_view call) {
  try {
    purity_of_call(call);
  } catch (const Error& error) {
    return std::string(code_name(error.code())) + ": " + error.diagnostic().hint;
  }
  return {};
}

std::string when_safe(std::string_view op) {
  std::string out;
  for (const PurityCase& c : purity_of_operator(op)) {
    if (c.purity.safe) out += (out.empty() ? "" : "; ") + c.when;
  }
  return out;
}

}  // namespace

TEST_CASE("purity of calls depends on their arguments") {
  CHECK(purity_of_call("aten.relu.default(x)").safe);
  CHECK(purity_of_call("aten.dropout.default(x, 0.5, False)").safe);
  CHECK(purity_of_call("aten.dropout.default(x, p=0.0, train=True)").safe);
  const Purity active = purity_of_call("aten.dropout.default(x, 0.5, True)");
  CHECK_FALSE(active.safe);
  REQUIRE(active.reasons.size() == 1);
  CHECK_THAT(active.reasons[0], contains("random"));
  const Purity in_place = purity_of_call("aten.add_.Tensor(a, b)");
  CHECK_FALSE(in_place.safe);
  CHECK(in_place.reasons == std::vector<std::string>{"it writes 'self'"});
  const Purity view = purity_of_call("aten.view.default(x, [2])");
  CHECK(view.safe);
  REQUIRE(view.conditions.size() == 1);
  CHECK_THAT(view.conditions[0], contains("share storage with 'self'"));
  CHECK_FALSE(purity_of_call("aten._assert_async.msg(x, 'no (x, y) here')").safe);
}

TEST_CASE("purity of an operator tells which arguments decide") {
  CHECK(purity_of_operator("aten.relu.default").size() == 1);
  CHECK(purity_of_operator("aten.relu.default")[0].when.empty());
  CHECK(when_safe("aten.dropout.default") ==
        "p=0.0, train=False; p=0.5, train=False; p=0.0, train=True");
  CHECK(when_safe("aten.batch_norm.default") == "training=False");
  CHECK(when_safe("aten.scaled_dot_product_attention.default") == "dropout_p=0.0");
  CHECK(when_safe("aten.rand.default").empty());
}

TEST_CASE("unknown operators and arguments that do not fit") {
  CHECK_THAT(error_code("aten.sigmod.default(x)"), contains("operator-unknown"));
  CHECK_THAT(error_code("aten.sigmod.default(x)"), contains("'aten.sigmoid.default'"));
  CHECK_THAT(error_code("aten.add(x, y)"), contains("'aten.add.Tensor'"));
  CHECK_THAT(error_code("aten.relu.default(x, y, z)"), contains("graph-bad-arguments"));
  CHECK_THAT(error_code("aten.relu.default(x"), contains("text-syntax"));
}

TEST_CASE("every operator's purity can be told") {
  for (const char* op :
       {"aten.split.Tensor", "aten.max.dim", "aten.cat.default", "aten.sym_size.int",
        "aten.lstm.input", "aten.topk.default", "aten.item.default", "aten.index_put_.default",
        "_operator.add", "aten.empty.memory_format"}) {
    INFO(op);
    CHECK_FALSE(purity_of_operator(op).empty());
  }
}

TEST_CASE("purity of a node knows what its program writes") {
  const auto graph = parse_graph(R"(
graph(x: f32[2]):
  relu: f32[2] = aten.relu.default(x)
  add_: f32[2] = aten.add_.Tensor(x, 1.0)
  tanh: f32[2] = aten.tanh.default(relu)
  return (tanh,)
)");
  bind_schemas(*graph, "test");
  auto node = graph->nodes().begin();
  const Purity relu = purity_of(*graph, *++node);
  CHECK(relu.safe);
  REQUIRE(relu.conditions.size() == 1);
  CHECK_THAT(relu.conditions[0], contains("writes to the storage of 'x'"));
  CHECK_FALSE(purity_of(*graph, *++node).safe);
  CHECK(purity_of(*graph, *++node).conditions.empty());
}
