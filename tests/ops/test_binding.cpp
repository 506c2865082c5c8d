// Calls bound to schemas, and calls that do not fit them.
#include "catch.hpp"

#include "graph_builder.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::vector<std::string> argument_names(const Graph& graph, NodeId node) {
  std::vector<std::string> names;
  for (const NamedArgument& argument : graph.node(node).arguments) {
    names.emplace_back(graph.text(argument.name));
  }
  return names;
}

// One call with the arguments as given; its error when bound, checked or both.
std::string error_of_call(std::string_view op, std::function<std::vector<Given>(ValueId)> arguments,
                          bool bind = true) {
  GraphBuilder b;
  b.leave_unbound();
  const ValueId x = b.input("x", tensor_type({2, 3}));
  b.output({b.call(op, arguments(x))});
  return error_of([&] {
    if (bind) bind_schemas(b.graph(), "model.pt2");
    check_schemas(b.graph());
  });
}

}  // namespace

TEST_CASE("omitted arguments become defaults, and operands follow their arguments") {
  GraphBuilder b;
  b.leave_unbound();
  const ValueId x = b.input("x", tensor_type({2, 3}));
  const ValueId y = b.input("y", tensor_type({2, 3}));
  const NodeId add = b.call_node("aten.add.Tensor", {arg("other", y), arg("self", x)});
  const NodeId gelu = b.call_node("aten.gelu.default", {arg("self", b.graph().result(add))});
  b.output({b.graph().result(gelu)});
  bind_schemas(b.graph(), "model.pt2");
  check_schemas(b.graph());

  const Node& node = b.graph().node(add);
  CHECK(argument_names(b.graph(), add) == std::vector<std::string>{"self", "other", "alpha"});
  CHECK(node.operands == OperandList{x, y});
  CHECK(std::get<Operand>(node.arguments[1].value.payload).index == 1);
  CHECK(node.arguments[2].form == ArgForm::defaulted);
  CHECK(node.arguments[0].form == ArgForm::positional);
  const NamedArgument& approximate = b.graph().node(gelu).arguments[1];
  CHECK(b.graph().text(std::get<StringId>(approximate.value.payload)) == "none");

  const std::uint64_t version = b.graph().version();
  bind_schemas(b.graph(), "model.pt2");  // bound calls are left alone
  CHECK(b.graph().version() == version);
}

TEST_CASE("arguments without a name go by position") {
  GraphBuilder b;
  b.leave_unbound();
  const ValueId x = b.input("x", tensor_type({2, 3}));
  const NodeId node = b.call_node("aten.transpose.int", {arg("", x), arg("", 0), arg("", 1)});
  bind_schemas(b.graph(), "model.pt2");
  check_schemas(b.graph());
  CHECK(argument_names(b.graph(), node) == std::vector<std::string>{"self", "dim0", "dim1"});
}

TEST_CASE("what Python accepts, fits") {
  const auto fits = [](std::string_view op, auto arguments) {
    CHECK(error_of_call(op, arguments) == "no error");
  };
  fits("aten.add.Tensor", [](ValueId x) { return std::vector{arg("self", x), arg("other", 1)}; });
  fits("aten.div_.Tensor", [](ValueId x) { return std::vector{arg("self", x), arg("other", 2.0)}; });
  fits("aten.leaky_relu.default",  // an int for a Scalar
       [](ValueId x) { return std::vector{arg("self", x), arg("negative_slope", 1)}; });
  fits("aten.dropout.default",  // an int for a float
       [](ValueId x) { return std::vector{arg("input", x), arg("p", 0), arg("train", false)}; });
  fits("aten.max_pool2d.default",  // one number for int[2]
       [](ValueId x) { return std::vector{arg("self", x), arg("kernel_size", 2)}; });
  fits("aten.sum.dim_IntList",  // None for an optional list
       [](ValueId x) { return std::vector{arg("self", x), arg("dim", Argument{})}; });
  fits("aten.index.Tensor",
       [](ValueId x) { return std::vector{arg("self", x), arg("indices", std::vector{x})}; });
}

TEST_CASE("what does not fit names the node, the argument and the schema") {
  const std::string unknown = error_of_call(
      "aten.rellu.default", [](ValueId x) { return std::vector{arg("self", x)}; });
  CHECK_THAT(unknown, contains("operator-unknown") && contains("aten.relu.default") &&
                          contains("model.pt2") && contains("rellu"));
  CHECK_THAT(error_of_call("aten.relu.Tensor",
                           [](ValueId x) { return std::vector{arg("self", x)}; }, false),
             contains("operator-unknown"));
  CHECK_THAT(error_of_call("higher_order.flex_attention",
                           [](ValueId x) { return std::vector{arg("", x)}; }),
             contains("operator-unknown") && contains("higher_order.flex_attention") &&
                 contains("not supported") && contains("scaled_dot_product_attention"));

  const auto refused = [](std::string_view op, auto arguments, std::string part, bool bind = true) {
    CHECK_THAT(error_of_call(op, arguments, bind), contains("graph-bad-arguments") && contains(part));
  };
  refused("aten.mm.default", [](ValueId x) { return std::vector{arg("self", x), arg("mat2", 1)}; },
          "'mat2' is of kind int");
  refused("aten.mm.default", [](ValueId x) { return std::vector{arg("self", x)}; },
          "'mat2' is missing");
  refused("aten.mm.default", [](ValueId x) { return std::vector{arg("self", x)}; },
          "1 arguments where the schema has 2", false);
  refused("aten.relu.default",
          [](ValueId x) { return std::vector{arg("self", x), arg("slope", 1.0)}; }, "'slope'");
  refused("aten.relu.default", [](ValueId x) { return std::vector{arg("self", x), arg("self", x)}; },
          "given twice");
  refused("aten.relu.default", [](ValueId x) { return std::vector{arg("", x), arg("", 1)}; },
          "more arguments");
  refused("aten.add.Tensor",
          [](ValueId x) { return std::vector{arg("", x), arg("", x), arg("", 2)}; }, "by keyword");
  refused("aten.relu.default", [](ValueId x) { return std::vector{arg("input", x)}; },
          "'input' stands where the schema has 'self'", false);
  refused("aten.view.default", [](ValueId x) { return std::vector{arg("self", x), arg("size", 1.0)}; },
          "'size' is of kind float");
  refused("aten.view.default", [](ValueId x) { return std::vector{arg("self", x), arg("size", 6)}; },
          "'size' is of kind int");  // int[] without a length does not take one number
  refused("aten.relu.default",
          [](ValueId) { return std::vector{arg("self", Argument{})}; }, "'self' is of kind none");
}

TEST_CASE("a number where a tensor belongs is refused by its value's type") {
  GraphBuilder b;
  const ValueId n = b.input("n", kind_type(TypeKind::sym_int));
  b.output({b.call("aten.relu.default", {arg("self", n)})});
  CHECK_THAT(error_of([&] { check_schemas(b.graph()); }),
             contains("graph-bad-arguments") && contains("'n'"));
}

TEST_CASE("a grad-mode call must own a graph that takes its operands") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  b.output({b.call("higher_order.wrap_with_set_grad_enabled", {arg("", false), arg("", x)})});
  CHECK_THAT(error_of([&] { check_schemas(b.graph()); }),
             contains("graph-bad-arguments") && contains("graph"));
}
