// What is claimed of calls: purity, randomness, mutation, aliasing, and the invariant built on it.
#include "catch.hpp"

#include "graph_builder.hpp"
#include "ops/facts.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Indices = std::vector<std::uint32_t>;

// Facts of one call on the inputs x, y and z, all tensors.
struct Fixture {
  GraphBuilder b;
  ValueId x = b.input("x", tensor_type({2, 3}));
  ValueId y = b.input("y", tensor_type({2, 3}));
  ValueId z = b.input("z", tensor_type({2, 3}));
  bool plain = false;  // of the last call

  CallFacts facts(std::string_view op, std::vector<Given> given, std::size_t results = 1) {
    const NodeId node = b.call_node(op, std::move(given),
                                    std::vector<Type>(results, GraphBuilder::any_tensor()));
    CallFacts facts = call_facts(b.graph(), node);
    plain = PlainCalls(b.graph()).contains(node);
    if (plain) {  // the short answer never says more than the long one
      CHECK(facts.pure());
      CHECK(facts.results_alias == std::vector<Indices>(results));
      CHECK_FALSE(facts.results_share);
    }
    return facts;
  }
  CallFacts dropout(std::string_view op, double p, bool train) {
    return facts(op, {arg("input", x), arg("p", p), arg("train", train)});
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "schema: fresh, view, in place") {
  const CallFacts add = facts("aten.add.Tensor", {arg("self", x), arg("other", y)});
  CHECK(add.pure());
  CHECK(add.results_alias == std::vector<Indices>{{}});
  CHECK(add.why == "schema");

  const CallFacts view = facts("aten.transpose.int", {arg("self", x), arg("dim0", 0), arg("dim1", 1)});
  CHECK(view.pure());
  CHECK(view.results_alias == std::vector<Indices>{{0}});

  const CallFacts in_place = facts("aten.add_.Tensor", {arg("self", x), arg("other", y)});
  CHECK_FALSE(in_place.pure());
  CHECK(in_place.writes == Indices{0});
  CHECK(in_place.results_alias == std::vector<Indices>{{0}});

  CHECK(facts("aten.t_.default", {arg("self", x)}).writes == Indices{0});
}

TEST_CASE_METHOD(Fixture, "plain calls are told from their operator alone") {
  const auto is_plain = [&](const char* op) {
    facts(op, {arg("self", x)});
    return plain;
  };
  for (const char* op : {"aten.relu.default", "aten.exp.default", "aten.square.default"}) {
    INFO(op);
    CHECK(is_plain(op));
  }
  for (const char* op : {"aten.relu_.default", "aten.t.default", "aten.rand_like.default",
                         "aten.atleast_1d.default", "aten.empty_like.default"}) {
    INFO(op);
    CHECK_FALSE(is_plain(op));
  }
  CHECK(facts("aten.add.Tensor", {arg("self", x), arg("other", y)}).pure());
  CHECK(plain);
  facts("aten.dropout.default", {arg("input", x), arg("p", 0.5), arg("train", false)});
  CHECK_FALSE(plain);  // it depends on the arguments
}

TEST_CASE_METHOD(Fixture, "every element of a list of views aliases the operand") {
  const NodeId split = b.call_node("aten.split.Tensor", {arg("self", x), arg("split_size", 1)},
                                   {GraphBuilder::any_tensor(), GraphBuilder::any_tensor()},
                                   {{ArgKind::tensors, 2}});
  CHECK(call_facts(b.graph(), split).results_alias == std::vector<Indices>{{0}, {0}});
}

TEST_CASE_METHOD(Fixture, "randomness depends on arguments") {
  CHECK(facts("aten.rand_like.default", {arg("self", x)}).random);
  CHECK(facts("aten.bernoulli.default", {arg("self", x)}).random);
  CHECK(facts("aten.empty_like.default", {arg("self", x)}).random);
  CHECK(dropout("aten.dropout.default", 0.5, true).random);
  CHECK(dropout("aten.dropout.default", 0.5, false).pure());
  CHECK(dropout("aten.dropout.default", 0.0, true).pure());
  CHECK(dropout("aten.dropout.default", 0.5, false).results_alias == std::vector<Indices>{{0}});
  const std::vector<Given> qkv = {arg("query", x), arg("key", y), arg("value", z)};
  CHECK(facts("aten.scaled_dot_product_attention.default", qkv).pure());
  auto with_p = qkv;
  with_p.push_back(arg("attn_mask", Argument{}));
  with_p.push_back(arg("dropout_p", 0.1));
  CHECK(facts("aten.scaled_dot_product_attention.default", with_p).random);
}

TEST_CASE_METHOD(Fixture, "an idle in-place dropout writes nothing") {
  const auto call = [&](bool train) {
    return facts("aten.dropout_.default", {arg("self", x), arg("p", 0.5), arg("train", train)});
  };
  CHECK(call(true).writes == Indices{0});
  CHECK(call(true).random);
  CHECK(call(false).pure());
  CHECK(call(false).results_alias == std::vector<Indices>{{0}});
}

TEST_CASE_METHOD(Fixture, "batch_norm writes its statistics while training, unannotated") {
  const auto batch_norm = [&](bool training) {
    return facts("aten.batch_norm.default",
                 {arg("input", x), arg("weight", Argument{}), arg("bias", Argument{}),
                  arg("running_mean", y), arg("running_var", z), arg("training", training),
                  arg("momentum", 0.1), arg("eps", 1e-5), arg("cudnn_enabled", true)});
  };
  CHECK(batch_norm(true).writes == Indices{1, 2});
  CHECK(batch_norm(false).pure());
  CHECK(batch_norm(false).results_alias == std::vector<Indices>{{}});
}

TEST_CASE_METHOD(Fixture, "composite operators may forward an operand unless reviewed") {
  CHECK(facts("aten.type_as.default", {arg("self", x), arg("other", y)}).results_alias ==
        std::vector<Indices>{{0, 1}});
  CHECK(facts("aten.linear.default", {arg("input", x), arg("weight", y)}).results_alias ==
        std::vector<Indices>{{}});
  const std::vector<std::int64_t> six = {6};
  CHECK(facts("aten._unsafe_view.default", {arg("self", x), arg("size", six)}).results_alias ==
        std::vector<Indices>{{0}});
}

TEST_CASE_METHOD(Fixture, "assertions stay where they are; factories are fresh") {
  const NodeId assertion = b.call_node("aten._assert_tensor_metadata.default", {arg("a", x)}, {});
  CHECK(call_facts(b.graph(), assertion).side_effect);
  CHECK_FALSE(call_facts(b.graph(), assertion).pure());
  CHECK(facts("aten.arange.default", {arg("end", 4)}).pure());
  CHECK(call_facts(b.graph(), b.graph().value(x).producer).side_effect);
}

TEST_CASE_METHOD(Fixture, "of an unregistered operator nothing is promised") {
  b.leave_unbound();
  const CallFacts facts_of = facts("mylib.mystery.default", {arg("a", x), arg("b", y)}, 2);
  CHECK_FALSE(facts_of.known);
  CHECK_FALSE(facts_of.pure());
  CHECK(facts_of.writes == Indices{0, 1});
  CHECK(facts_of.results_alias == std::vector<Indices>{{0, 1}, {0, 1}});
}

namespace {

// wrap_with_set_grad_enabled(False, body, x, y) whose body is made by `fill` from two placeholders.
template <class Fill>
NodeId grad_mode_call(GraphBuilder& b, ValueId x, ValueId y, Fill fill) {
  const BlockId body = b.journal().create_block(b.graph().intern("submod_1"));
  const ValueId inner_x = b.input("inner_x", tensor_type({2, 3}), body);
  const ValueId inner_y = b.input("inner_y", tensor_type({2, 3}), body);
  b.output({fill(body, inner_x, inner_y)}, body);
  Given graph = arg("", Argument{ArgKind::block, BlockRef{body, b.graph().intern("submod_1")}});
  return b.call_node("higher_order.wrap_with_set_grad_enabled",
                     {arg("", false), graph, arg("", x), arg("", y)});
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a call with a nested graph is as pure as the worst node inside") {
  const auto pure = grad_mode_call(b, x, y, [&](BlockId body, ValueId ix, ValueId iy) {
    return b.call("aten.add.Tensor", {arg("self", ix), arg("other", iy)}, tensor_type({2, 3}), body);
  });
  check_schemas(b.graph());
  CHECK(call_facts(b.graph(), pure).pure());
  CHECK(call_facts(b.graph(), pure).results_alias == std::vector<Indices>{{}});

  const auto writing = grad_mode_call(b, x, y, [&](BlockId body, ValueId, ValueId iy) {
    const ValueId view = b.call("aten.alias.default", {arg("self", iy)}, tensor_type({2, 3}), body);
    return b.call("aten.relu_.default", {arg("self", view)}, tensor_type({2, 3}), body);
  });
  const CallFacts facts_of = call_facts(b.graph(), writing);
  CHECK(facts_of.known);
  CHECK(facts_of.writes == Indices{1});
  CHECK(facts_of.results_alias == std::vector<Indices>{{1}});

  const AliasClasses classes(b.graph());
  CHECK(classes.written(y));
  CHECK_FALSE(classes.written(x));
  CHECK(classes.class_of(y) == classes.class_of(b.graph().result(writing)));
}

TEST_CASE_METHOD(Fixture, "results that share a storage of their own are one class") {
  const std::vector<Type> tensors(2, GraphBuilder::any_tensor());
  const NodeId where = b.call_node("aten.where.default", {arg("condition", x)}, tensors,
                                   {{ArgKind::tensors, 2}});
  CHECK(call_facts(b.graph(), where).results_share);
  CHECK(call_facts(b.graph(), where).pure());
  const NodeId max = b.call_node("aten.max.dim", {arg("self", x), arg("dim", 0)}, tensors);
  const AliasClasses classes(b.graph());
  const auto one_class = [&](NodeId call) {
    return classes.class_of(b.graph().result(call, 0)) == classes.class_of(b.graph().result(call, 1));
  };
  CHECK(one_class(where));
  CHECK_FALSE(one_class(max));
}

TEST_CASE_METHOD(Fixture, "recurrent networks draw random numbers while training with dropout") {
  const auto lstm = [&](double dropout, bool train) {
    return facts("aten.lstm.input",
                 {arg("input", x), arg("hx", std::vector{y, z}), arg("params", std::vector{y, z}),
                  arg("has_biases", false), arg("num_layers", 1), arg("dropout", dropout),
                  arg("train", train), arg("bidirectional", false), arg("batch_first", false)},
                 3);
  };
  CHECK(lstm(0.5, true).random);
  CHECK_FALSE(lstm(0.0, true).random);
  CHECK(lstm(0.5, false).pure());
}

TEST_CASE_METHOD(Fixture, "alias classes: views join, fresh results do not, tied weights do") {
  const ValueId view = b.call("aten.t.default", {arg("self", x)});
  const ValueId sum = b.call("aten.add.Tensor", {arg("self", view), arg("other", y)});
  b.call("aten.relu_.default", {arg("self", sum)});
  const TensorData shared = floats({2}, {1, 2});
  const ValueId w = b.constant("w", shared);
  const ValueId tied = b.constant("tied", shared);
  const AliasClasses classes(b.graph());
  CHECK(classes.class_of(view) == classes.class_of(x));
  CHECK(classes.class_of(sum) != classes.class_of(x));
  CHECK(classes.class_of(w) == classes.class_of(tied));
  CHECK(classes.class_of(w) != classes.class_of(x));
  CHECK(classes.written(sum));
  CHECK_FALSE(classes.written(x));
}

TEST_CASE_METHOD(Fixture, "an output that newly aliases is refused, one that did already is not") {
  const ValueId clone = b.call("aten.clone.default", {arg("self", x)});
  const ValueId other = b.call("aten.neg.default", {arg("self", y)});
  const ValueId view = b.call("aten.t.default", {arg("self", z)});
  b.output({clone, other, view});
  const OutputAliases before(b.graph(), AliasClasses(b.graph()));
  before.check(b.graph(), AliasClasses(b.graph()));

  const NodeId output = b.graph().output_node();
  b.journal().set_operand(output, 2, z);  // it aliased z before
  before.check(b.graph(), AliasClasses(b.graph()));
  b.journal().set_operand(output, 0, x);
  CHECK_THAT(error_of([&] { before.check(b.graph(), AliasClasses(b.graph())); }),
             contains("graph-new-alias") && contains("output 0") && contains("'x'"));
  b.journal().set_operand(output, 0, other);
  CHECK_THAT(error_of([&] { before.check(b.graph(), AliasClasses(b.graph())); }),
             contains("graph-new-alias") && contains("output 1"));
}
