// What is refused before a run, what fails in one, and that the program can be run again afterwards.
#include "catch.hpp"

#include "graph/text.hpp"
#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

Type any_vector() {
  Type type = tensor_type({2});
  type.sizes[0].expression = "Symbol('s0')";
  return type;
}

std::string error_compiling(GraphBuilder& b) {
  return error_of([&] { Executable(b.graph(), {}); });
}

}  // namespace

TEST_CASE("inputs are checked against the recorded types before anything runs") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2, 3}));
  b.input("n", kind_type(TypeKind::sym_int));
  b.output({x});
  Executable program(b.graph(), {});
  const auto error_with = [&](std::vector<RunValue> inputs) {
    return error_of([&] { program.run(inputs); });
  };
  const RunValue good = tensor({2, 3}, std::vector<float>(6));
  const RunValue one = std::int64_t{1};
  CHECK(error_with({good, one}) == "no error");
  CHECK_THAT(error_with({good}), contains("input-count") && contains("x, n"));
  CHECK_THAT(error_with({good, one, one}), contains("input-count"));
  CHECK_THAT(error_with({tensor({3, 2}, std::vector<float>(6)), one}),
             contains("input-shape") && contains("[3, 2]") && contains("[2, 3]") && contains("'x'"));
  CHECK_THAT(error_with({tensor({6}, std::vector<float>(6)), one}), contains("input-shape"));
  const RunValue doubles = Tensor::from_constant(
      tensor_data<double>({2, 3}, std::vector<double>(6), DType::float64), false);
  CHECK_THAT(error_with({doubles, one}),
             contains("input-dtype") && contains("float64") && contains("float32"));
  CHECK_THAT(error_with({one, one}), contains("input-dtype") && contains("a tensor"));
  CHECK_THAT(error_with({good, 1.0}), contains("input-dtype") && contains("a float"));
  CHECK_THAT(error_with({Tensor(), one}), contains("input-dtype"));
}

TEST_CASE("dynamic sizes are checked against each other, ranges and guards before anything runs") {
  const auto graph = parse_graph(
      "range s0 in [2, 4]\n"
      "guard 'L[\\'x\\'].size()[0] != 3'\n"
      "graph(x: f32[s0=2], y: f32[2*s0=4], z: f32[s0=2, 1]): return (x,)");
  Executable program(*graph, {});
  const auto error_with = [&](std::int64_t x, std::int64_t y, std::vector<std::int64_t> z) {
    const auto filled = [](std::vector<std::int64_t> shape) {
      std::size_t elements = 1;
      for (const std::int64_t size : shape) elements *= static_cast<std::size_t>(size);
      return tensor(shape, std::vector<float>(elements));
    };
    const std::vector<RunValue> inputs = {filled({x}), filled({y}), filled(z)};
    return error_of([&] { program.run(inputs); });
  };
  CHECK(error_with(4, 8, {4, 1}) == "no error");
  CHECK(error_with(4, 8, {4, 1}) == "no error");
  CHECK(error_with(1, 2, {1, 1}) == "no error");
  CHECK_THAT(error_with(4, 7, {4, 1}), contains("input-size") && contains("'y'"));
  CHECK_THAT(error_with(5, 10, {5, 1}), contains("input-range") && contains("2 <= s0 <= 4"));
  CHECK_THAT(error_with(3, 6, {3, 1}), contains("input-guard"));
  CHECK_THAT(error_with(4, 8, {4, 2}), contains("input-shape") && contains("[s0, 1]"));
  CHECK_THAT(error_with(4, 8, {4}), contains("input-shape"));
}

TEST_CASE("an input that was a constant at export must be that constant") {
  GraphBuilder b;
  const ValueId flag = b.input("flag", kind_type(TypeKind::none));
  InputSpec spec;
  spec.kind = InputKind::constant_input;
  spec.constant = {ArgKind::boolean, true};
  b.journal().set_input_spec(b.graph().value(flag).producer, spec);
  b.output({b.input("x", tensor_type({1}))});
  Executable program(b.graph(), {});
  const auto with = [&](bool value) { return std::vector<RunValue>{value, tensor({1}, {1})}; };
  CHECK(program.run(with(true)).outputs.size() == 1);
  CHECK_THAT(error_of([&] { program.run(with(false)); }),
             contains("input-dtype") && contains("'flag'"));
}

TEST_CASE("a failing operator names node, operator, source line and libtorch's reason") {
  GraphBuilder b;
  const ValueId x = b.input("x", any_vector());
  const NodeId mm = b.call_node("aten.mm.default", {arg("self", x), arg("mat2", x)});
  b.journal().set_metadata(
      mm, {{b.graph().intern("stack_trace"),
            b.graph().intern("  File \"/home/me/outer.py\", line 3, in main\n    run()\n"
                             "  File \"/home/me/model.py\", line 12, in forward\n    y = x @ x\n")}});
  b.output({b.graph().result(mm)});
  Executable program(b.graph(), {});
  const std::string error = error_of([&] { program.run(std::vector{tensor({2}, {1, 2})}); });
  CHECK_THAT(error, contains("operator-failed") && contains("'aten.mm.default'") && contains("'mm'"));
  CHECK_THAT(error, contains("/home/me/model.py:12 in forward: y = x @ x"));
  CHECK_THAT(error, contains("why: ") && !contains("frame #"));
}

TEST_CASE("after a failure the program runs again") {
  GraphBuilder b;
  const ValueId x = b.input("x", any_vector());
  const ValueId w = b.constant("w", floats({2}, {1, 1}));
  b.output({b.call("aten.add.Tensor", {arg("self", x), arg("other", w)})});
  Executable program(b.graph(), {});
  CHECK_THAT(error_of([&] { program.run(std::vector{tensor({3}, {1, 2, 3})}); }),
             contains("operator-failed"));
  CHECK(values_of(program.run(std::vector{tensor({2}, {1, 2})}).outputs[0]) ==
        std::vector<float>{2, 3});
}

TEST_CASE("a list of another length than the graph records fails") {
  GraphBuilder b;
  const NodeId split =
      b.call_node("aten.split.Tensor", {arg("self", b.input("x", any_vector())), arg("split_size", 1)},
                  std::vector<Type>(2, GraphBuilder::any_tensor()), {{ArgKind::tensors, 2}});
  b.output({b.graph().result(split, 1)});
  Executable program(b.graph(), {});
  CHECK(values_of(program.run(std::vector{tensor({2}, {1, 2})}).outputs[0]) == std::vector<float>{2});
  CHECK_THAT(error_of([&] { program.run(std::vector{tensor({3}, {1, 2, 3})}); }),
             contains("operator-failed") && contains("3 tensors"));
}

TEST_CASE("a hook's exception stops the run and is handed on as it is") {
  GraphBuilder b;
  b.output({b.call("aten.neg.default", {arg("self", b.input("x", tensor_type({1})))})});
  NodeHook hook;
  hook.after = [](NodeId, std::span<const RunValue>) {
    throw Error({.code = Code::input_count, .what = "enough"});
  };
  RunOptions options;
  options.hook = &hook;
  Executable program(b.graph(), {});
  CHECK_THAT(error_of([&] { program.run(std::vector{tensor({1}, {1})}, options); }),
             contains("enough"));
}

TEST_CASE("numbers that Python could compute and 64 bits cannot, fail") {
  GraphBuilder b;
  const Type number = kind_type(TypeKind::sym_int);
  const ValueId n = b.input("n", number);
  const NodeId power =
      b.call_node("_operator.pow", {arg_number("a", ArgKind::sym_int, n), arg("b", 40)}, {number},
                  {{ArgKind::sym_int, 1}});
  b.output({b.graph().result(power)});
  Executable program(b.graph(), {});
  CHECK(std::get<std::int64_t>(program.run(std::vector<RunValue>{std::int64_t{1}}).outputs[0]) == 1);
  CHECK_THAT(error_of([&] { program.run(std::vector<RunValue>{std::int64_t{10}}); }),
             contains("operator-failed") && contains("64 bits"));
}

TEST_CASE("what cannot be run is refused when the executable is made") {
  GraphBuilder b;
  b.leave_unbound();
  SECTION("an operator that is not registered") {
    b.output({b.call("aten.rellu.default", {arg("self", b.input("x", tensor_type({1})))})});
    CHECK_THAT(error_compiling(b), contains("operator-unknown") && contains("aten.relu.default"));
  }
  SECTION("an opcode that exported programs do not have") {
    NodeSpec spec;
    spec.opcode = Opcode::call_module;
    spec.op = spec.name = b.graph().intern("layer");
    b.journal().create_node(std::move(spec), {});
    b.output({});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported") && contains("layer"));
  }
  SECTION("an argument that has no boxed form") {
    b.output({b.call("aten.relu.default",
                     {arg("self", Argument{ArgKind::dict, std::vector<DictEntry>{}})})});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported") && contains("'self'"));
  }
  SECTION("a missing argument") {
    b.output({b.call("aten.relu.default", {})});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported") && contains("'self'"));
  }
  SECTION("more results than the operator returns") {
    b.call_node("aten.relu.default", {arg("self", b.input("x", tensor_type({1})))},
                std::vector<Type>(2, GraphBuilder::any_tensor()));
    b.output({});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported") && contains("2 results"));
  }
  SECTION("a higher-order operator in another form") {
    b.output({b.call("higher_order.wrap_with_set_grad_enabled", {arg("", false)})});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported"));
  }
  SECTION("a custom object among the inputs") {
    const ValueId object = b.input("obj", kind_type(TypeKind::custom_obj));
    InputSpec spec;
    spec.kind = InputKind::custom_obj;
    spec.target = "engine";
    b.journal().set_input_spec(b.graph().value(object).producer, spec);
    b.output({});
    CHECK_THAT(error_compiling(b), contains("operator-unsupported") && contains("engine"));
  }
  SECTION("a constant that does not fit its bytes") {
    TensorData data = floats({2}, {1, 2});
    data.type.sizes = {SymInt(3)};
    b.output({b.constant("w", data)});
    CHECK_THAT(error_compiling(b), contains("tensor-unsupported"));
  }
  SECTION("no output node") { CHECK_THAT(error_compiling(b), contains("graph-bad-signature")); }
}

TEST_CASE("one call is evaluated on given operands, and what it writes is a copy") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  const NodeId add = b.call_node("aten.add_.Tensor", {arg("self", x), arg("other", 1)});
  const TensorData stored = floats({2}, {1, 2});
  const std::vector<RunValue> operands = {Tensor::from_constant(stored, false)};
  const auto results = evaluate_call(b.graph(), add, operands);
  REQUIRE(results.size() == 1);
  CHECK(values_of(results[0]) == std::vector<float>{2, 3});
  CHECK(reinterpret_cast<const float*>(stored.storage->data)[0] == 1.0f);
  CHECK_THAT(error_of([&] { evaluate_call(b.graph(), add, {}); }), contains("input-count"));
  CHECK_THAT(error_of([&] { evaluate_call(b.graph(), b.graph().value(x).producer, {}); }),
             contains("operator-unsupported"));
}
