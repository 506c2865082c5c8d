// Whole programs: arguments in all their forms, order of effects, nested graphs, several runs.
#include "catch.hpp"

#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

TEST_CASE("a linear layer computes what it should") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({1, 2}));
  const ValueId w = b.constant("w", floats({2, 2}, {1, 2, 3, 4}));
  const ValueId bias = b.constant("b", floats({2}, {10, 20}));
  const ValueId y =
      b.call("aten.linear.default", {arg("input", x), arg("weight", w), arg("bias", bias)});
  b.output({b.call("aten.relu.default", {arg("self", y)})});
  const auto outputs = run(b.graph(), {tensor({1, 2}, {1, -10})});
  REQUIRE(outputs.size() == 1);
  CHECK(values_of(outputs[0]) == Floats{0, 0});
  CHECK(values_of(run(b.graph(), {tensor({1, 2}, {1, 1})})[0]) == Floats{13, 27});
}

TEST_CASE("numbers become what the schema wants, as in Python") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  const ValueId plus_one = b.call("aten.add.Tensor", {arg("self", x), arg("other", 1)});
  const ValueId half = b.call("aten.mul.Tensor", {arg("self", plus_one), arg("other", 0.5)});
  const ValueId leaky =
      b.call("aten.leaky_relu.default", {arg("self", half), arg("negative_slope", 2)});
  b.output({b.call("aten.dropout.default", {arg("input", leaky), arg("p", 0), arg("train", false)})});
  const auto outputs = run(b.graph(), {tensor({2}, {3, -3})});
  CHECK(values_of(outputs[0]) == Floats{2, -2});
  CHECK(std::get<Tensor>(outputs[0]).type().dtype == DType::float32);  // wrapped: no promotion
}

TEST_CASE("one number stands for int[2]; dtype and device arguments are translated") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({1, 2, 2}));
  const ValueId pooled = b.call("aten.max_pool2d.default", {arg("self", x), arg("kernel_size", 2)});
  const ValueId cast =
      b.call("aten.to.dtype", {arg("self", pooled), arg_dtype("dtype", DType::int64)});
  const ValueId made = b.call("aten.full.default",
                              {arg("size", Ints{2}), arg("fill_value", 7),
                               arg_dtype("dtype", DType::int32),
                               arg("device", Argument{ArgKind::device, Device{}})});
  b.output({cast, made});
  const auto outputs = run(b.graph(), {tensor({1, 2, 2}, {1, 2, 3, 4})});
  CHECK(values_of<std::int64_t>(outputs[0]) == Ints{4});
  CHECK(values_of<std::int32_t>(outputs[1]) == std::vector<std::int32_t>{7, 7});
}

TEST_CASE("lists of tensors go in and come out") {
  GraphBuilder b;
  const std::vector<Type> two(2, GraphBuilder::any_tensor());
  const ValueId x = b.input("x", tensor_type({4}));
  const NodeId split = b.call_node("aten.split.Tensor", {arg("self", x), arg("split_size", 2)}, two,
                                   {{ArgKind::tensors, 2}});
  const ValueId first = b.graph().result(split, 0), second = b.graph().result(split, 1);
  const ValueId swapped =
      b.call("aten.cat.default", {arg("tensors", std::vector{second, first, second})});
  const NodeId max = b.call_node("aten.max.dim", {arg("self", swapped), arg("dim", 0)}, two);
  b.output({swapped, b.graph().result(max, 0), b.graph().result(max, 1)});
  const auto outputs = run(b.graph(), {tensor({4}, {1, 2, 3, 4})});
  CHECK(values_of(outputs[0]) == Floats{3, 4, 1, 2, 3, 4});
  CHECK(values_of(outputs[1]) == Floats{4});
  CHECK(values_of<std::int64_t>(outputs[2])[0] % 4 == 1);
}

TEST_CASE("optional tensors in a list: index with None") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2, 2}));
  const ValueId i = b.constant("i", tensor_data<std::int64_t>({1}, {1}, DType::int64));
  Given indices = arg("indices",
                      Argument{ArgKind::optional_tensors,
                               std::vector<Argument>{{ArgKind::none, {}},
                                                     {ArgKind::tensor, Operand{0}}}});
  indices.operands = {i};
  b.output({b.call("aten.index.Tensor", {arg("self", x), indices})});
  CHECK(values_of(run(b.graph(), {tensor({2, 2}, {1, 2, 3, 4})})[0]) == Floats{2, 4});
}

TEST_CASE("sizes flow as numbers through Python's arithmetic") {
  GraphBuilder b;
  Type any_length = tensor_type({2, 3});
  any_length.sizes[0].expression = "Symbol('s0')";
  const ValueId x = b.input("x", any_length);
  const std::vector<Type> number = {kind_type(TypeKind::sym_int)};
  const ResultForms form = {{ArgKind::sym_int, 1}};
  const ValueId size = b.graph().result(
      b.call_node("aten.sym_size.int", {arg("self", x), arg("dim", 0)}, number, form));
  const ValueId thrice = b.graph().result(b.call_node(
      "_operator.mul", {arg_number("a", ArgKind::sym_int, size), arg("b", 3)}, number, form));
  Given shape = arg("size", Argument{ArgKind::sym_ints,
                                     std::vector<Argument>{{ArgKind::sym_int, Operand{0}},
                                                           {ArgKind::sym_int, std::int64_t{1}}}});
  shape.operands = {thrice};
  const ValueId column = b.call("aten.view.default", {arg("self", x), shape});
  b.output({b.call("aten.add.Tensor",
                   {arg("self", column), arg_number("other", ArgKind::sym_int, size)})});
  const auto outputs = run(b.graph(), {tensor({1, 3}, {1, 2, 3})});
  CHECK(std::get<Tensor>(outputs[0]).type().sizes == std::vector<SymInt>{3, 1});
  CHECK(values_of(outputs[0]) == Floats{2, 3, 4});
}

TEST_CASE("in-place operators take effect in program order, through views") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  const ValueId y = b.call("aten.clone.default", {arg("self", x)});
  const ValueId before = b.call("aten.mul.Tensor", {arg("self", y), arg("other", 1)});
  const ValueId view = b.call("aten.view.default", {arg("self", y), arg("size", Ints{2})});
  b.call("aten.add_.Tensor", {arg("self", view), arg("other", 5)});
  const ValueId after = b.call("aten.mul.Tensor", {arg("self", y), arg("other", 1)});
  b.output({before, after});
  const auto outputs = run(b.graph(), {tensor({2}, {1, 2})});
  CHECK(values_of(outputs[0]) == Floats{1, 2});
  CHECK(values_of(outputs[1]) == Floats{6, 7});
}

TEST_CASE("a run that writes a buffer changes neither the archive nor the next run") {
  GraphBuilder b;
  const TensorData stored = floats({2}, {1, 2});
  const ValueId counter = b.constant("counter", stored, InputKind::buffer);
  const ValueId tied = b.constant("tied", stored, InputKind::buffer);  // the same bytes
  b.call("aten.add_.Tensor", {arg("self", counter), arg("other", 1)});
  b.output({b.call("aten.mul.Tensor", {arg("self", tied), arg("other", 1)})});
  Executable program(b.graph(), {});
  for (int i = 0; i < 3; ++i) CHECK(values_of(program.run({}).outputs[0]) == Floats{2, 3});
  CHECK(reinterpret_cast<const float*>(stored.storage->data)[0] == 1.0f);
}

TEST_CASE("an input that the program writes is copied: the caller's tensor stays as it is") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  b.output({b.call("aten.add_.Tensor", {arg("self", x), arg("other", 1)})});
  Executable program(b.graph(), {});
  const std::vector<RunValue> inputs = {tensor({2}, {1, 2})};
  for (int i = 0; i < 2; ++i) CHECK(values_of(program.run(inputs).outputs[0]) == Floats{2, 3});
  CHECK(values_of(inputs[0]) == Floats{1, 2});
}

TEST_CASE("constants share the archive's bytes; views of one storage stay views") {
  GraphBuilder b;
  const TensorData data = floats({2, 2}, {1, 2, 3, 4});
  TensorData column = data;
  column.type = tensor_type({2});
  column.type.strides = {2};
  column.type.storage_offset = 1;
  const ValueId all = b.constant("all", data);
  b.output({all, b.constant("column", column)});
  const auto outputs = run(b.graph(), {});
  CHECK(values_of(outputs[1]) == Floats{2, 4});
  CHECK(std::get<Tensor>(outputs[0]).bytes().data() == data.storage->data);
  CHECK(std::get<Tensor>(outputs[0]).shares_storage(std::get<Tensor>(outputs[1])));
}

TEST_CASE("a nested graph runs, and its calls reach the hooks") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({2}));
  const BlockId body = b.journal().create_block(b.graph().intern("submod_1"));
  const ValueId inner = b.input("inner", tensor_type({2}), body);
  const ValueId negated =
      b.call("aten.neg.default", {arg("self", inner)}, GraphBuilder::any_tensor(), body);
  const ValueId zero = b.call("aten.add.Tensor", {arg("self", negated), arg("other", inner)},
                              GraphBuilder::any_tensor(), body);
  b.output({zero, negated}, body);
  Given graph = arg("", Argument{ArgKind::block, BlockRef{body, b.graph().intern("submod_1")}});
  const NodeId call = b.call_node("higher_order.wrap_with_set_grad_enabled",
                                  {arg("", false), graph, arg("", x)},
                                  std::vector<Type>(2, GraphBuilder::any_tensor()));
  b.output({b.graph().result(call, 0), b.graph().result(call, 1), x});

  const auto name = [&](NodeId node) {
    return std::string(b.graph().text(b.graph().node(node).name));
  };
  std::vector<std::string> seen;
  NodeHook hook;
  hook.before = [&](NodeId node, std::span<const RunValue> operands) {
    seen.push_back("before " + name(node));
    CHECK(operands.size() == b.graph().node(node).operands.size());
  };
  hook.after = [&](NodeId node, std::span<const RunValue> results) {
    seen.push_back("after " + name(node));
    REQUIRE(results.size() == b.graph().node(node).result_count);
    if (node == b.graph().value(negated).producer) CHECK(values_of(results[0]) == Floats{-1, -2});
  };
  RunOptions options;
  options.hook = &hook;
  const auto outputs = run(b.graph(), {tensor({2}, {1, 2})}, options);
  CHECK(values_of(outputs[0]) == Floats{0, 0});
  CHECK(values_of(outputs[1]) == Floats{-1, -2});
  CHECK(values_of(outputs[2]) == Floats{1, 2});
  const std::string wrap = "wrap_with_set_grad_enabled";
  CHECK(seen == std::vector<std::string>{"before " + wrap, "before neg", "after neg", "before add",
                                         "after add", "after " + wrap});
}

TEST_CASE("only user outputs are answered, constants among them too") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({1}));
  const ValueId y = b.call("aten.neg.default", {arg("self", x)});
  const StringId unnamed = b.graph().intern("");
  NodeSpec output;
  output.opcode = Opcode::output;
  output.name = b.graph().intern("output");
  output.add_tensor(unnamed, x);
  output.add_tensor(unnamed, y);
  output.arguments.push_back({unnamed, ArgForm::positional, {ArgKind::integer, std::int64_t{7}}});
  output.arguments.push_back({unnamed, ArgForm::positional, {}});
  b.journal().create_node(std::move(output), {kRootBlock, {}});
  b.journal().set_output_specs({{OutputKind::buffer_mutation, "b"}, {}, {}, {}});
  const auto outputs = Executable(b.graph(), {}).run(std::vector{tensor({1}, {3})}).outputs;
  REQUIRE(outputs.size() == 3);
  CHECK(values_of(outputs[0]) == Floats{-3});
  CHECK(std::get<std::int64_t>(outputs[1]) == 7);
  CHECK(std::holds_alternative<std::monostate>(outputs[2]));
}

TEST_CASE("the executable does not see later edits of the graph") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({1}));
  b.output({b.call("aten.neg.default", {arg("self", x)})});
  Executable program(b.graph(), {});
  b.journal().set_operand(b.graph().output_node(), 0, x);
  CHECK(values_of(program.run(std::vector{tensor({1}, {3})}).outputs[0]) == Floats{-3});
}
