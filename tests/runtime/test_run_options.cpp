// Memory, seeds, precision, devices: how a program is run.
#include "catch.hpp"

#include <unistd.h>

#include <cstdio>

#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

using Floats = std::vector<float>;

namespace {

constexpr std::int64_t kLength = 4096, kBytes = kLength * 4;

RunValue ones() { return tensor({kLength}, Floats(kLength, 1.0f)); }

// `length` elementwise calls in a row.
std::unique_ptr<Executable> chain(int length) {
  GraphBuilder b;
  ValueId x = b.input("x", tensor_type({kLength}));
  for (int i = 0; i < length; ++i) x = b.call("aten.neg.default", {arg("self", x)});
  b.output({x});
  return std::make_unique<Executable>(b.graph(), CompileOptions{});
}

std::int64_t peak_of(Executable& program, std::vector<RunValue> inputs) {
  RunOptions options;
  options.measure_memory = true;
  return program.run(inputs, options).peak_bytes;
}

}  // namespace

TEST_CASE("values are freed after their last use: the peak does not grow with the chain") {
  CHECK(peak_of(*chain(1), {ones()}) == kBytes);
  CHECK(peak_of(*chain(2), {ones()}) == 2 * kBytes);
  auto program = chain(50);
  CHECK(peak_of(*program, {ones()}) == 2 * kBytes);
  CHECK(peak_of(*program, {ones()}) == 2 * kBytes);  // and is the same again
  CHECK(program->run(std::vector{ones()}).peak_bytes == 0);  // not asked for
}

TEST_CASE("what a call allocates for itself is its workspace, and its results are not") {
  RunOptions options;
  options.measure_memory = true;
  const auto chained = chain(3);
  const RunResult none = chained->run(std::vector{ones()}, options);
  CHECK(none.workspace_bytes == 0);
  CHECK_FALSE(none.workspace_node);

  GraphBuilder b;  // a composite operator: (x - y)^2 is a tensor of its own, the mean is what stays
  const ValueId x = b.input("x", tensor_type({kLength}));
  const ValueId loss = b.call("aten.var.default", {arg("self", x), arg("unbiased", true)});
  const ValueId sum = b.call("aten.logsumexp.default",
                             {arg("self", x), arg("dim", std::vector<std::int64_t>{0})});
  b.output({loss, sum});
  Executable program(b.graph(), CompileOptions{});
  const RunResult run = program.run(std::vector{ones()}, options);
  CHECK(run.workspace_bytes >= kBytes);  // exp(x - max), before it is summed
  CHECK(run.workspace_bytes <= run.peak_bytes);
  REQUIRE(run.workspace_node);
  CHECK(b.graph().text(b.graph().node(run.workspace_node).op) == "aten.logsumexp.default");
  CHECK(program.run(std::vector{ones()}).workspace_bytes == 0);  // not asked for
}

TEST_CASE("values of a nested graph are freed inside it") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({kLength}));
  const BlockId body = b.journal().create_block(b.graph().intern("submod_1"));
  ValueId inner = b.input("inner", tensor_type({kLength}), body);
  for (int i = 0; i < 5; ++i) {
    inner = b.call("aten.neg.default", {arg("self", inner)}, GraphBuilder::any_tensor(), body);
  }
  b.output({inner}, body);
  const Given graph = arg("", Argument{ArgKind::block, BlockRef{body, b.graph().intern("submod_1")}});
  const ValueId mine = b.call("aten.neg.default", {arg("self", x)});
  const ValueId y = b.call("higher_order.wrap_with_set_grad_enabled",
                           {arg("", true), graph, arg("", mine)});
  b.output({b.call("aten.neg.default", {arg("self", y)})});
  Executable program(b.graph(), {});
  CHECK(peak_of(program, {ones()}) == 2 * kBytes);
}

TEST_CASE("what is used later counts as long as it lives, what is unused not at all") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({kLength}));
  const ValueId kept = b.call("aten.neg.default", {arg("self", x)});
  b.call("aten.exp.default", {arg("self", x)});  // unused
  const ValueId a = b.call("aten.cos.default", {arg("self", x)});
  const ValueId c = b.call("aten.cos.default", {arg("self", a)});
  b.output({b.call("aten.add.Tensor", {arg("self", c), arg("other", kept)})});
  Executable program(b.graph(), {});
  CHECK(peak_of(program, {ones()}) == 3 * kBytes);
}

TEST_CASE("a seed makes random programs repeat, and other seeds differ") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({kLength}));
  b.output({b.call("aten.rand_like.default", {arg("self", x)})});
  Executable program(b.graph(), {});
  const auto with_seed = [&](std::uint64_t seed) {
    RunOptions options;
    options.seed = seed;
    return values_of(program.run(std::vector{ones()}, options).outputs[0]);
  };
  CHECK(with_seed(1) == with_seed(1));
  CHECK(with_seed(1) != with_seed(2));
}

TEST_CASE("float64 lifts weights, inputs, explicit dtypes and factories without one") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({1}));
  const ValueId n = b.input("n", tensor_type({1}, DType::int64));
  const ValueId w = b.constant("w", floats({1}, {0.1f}));
  const ValueId sum = b.call("aten.add.Tensor", {arg("self", x), arg("other", w)});
  const ValueId half =
      b.call("aten.to.dtype", {arg("self", sum), arg_dtype("dtype", DType::float16)});
  const ValueId made = b.call("aten.ones.default", {arg("size", std::vector<std::int64_t>{1})});
  const ValueId ratio = b.call("aten.div.Tensor", {arg("self", n), arg("other", n)});
  b.output({half, made, ratio, n});
  CompileOptions options;
  options.float64 = true;
  Executable program(b.graph(), options);
  const RunValue count =
      Tensor::from_constant(tensor_data<std::int64_t>({1}, {3}, DType::int64), false);
  const auto outputs = program.run(std::vector{tensor({1}, {1.0f / 3}), count}).outputs;
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(std::get<Tensor>(outputs[k]).type().dtype == DType::float64);
  }
  CHECK(std::get<Tensor>(outputs[3]).type().dtype == DType::int64);
  CHECK(values_of<double>(outputs[0])[0] == double{1.0f / 3} + double{0.1f});
  // afterwards libtorch's default dtype is what it was
  const auto plain = run(b.graph(), {tensor({1}, {1}), count});
  CHECK(std::get<Tensor>(plain[1]).type().dtype == DType::float32);
}

TEST_CASE("libtorch's warnings do not reach stderr") {
  GraphBuilder b;
  const ValueId x = b.input("x", tensor_type({3}));
  const ValueId out = b.input("out", tensor_type({2}));  // too small: add.out resizes it and warns
  const NodeId add =
      b.call_node("aten.add.out", {arg("self", x), arg("other", x), arg("out", out)});
  b.output({b.graph().result(add)});
  const std::vector<RunValue> inputs = {tensor({3}, {1, 2, 3}), tensor({2}, {0, 0})};

  std::FILE* const file = std::tmpfile();
  REQUIRE(file);
  const int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  const auto outputs = run(b.graph(), inputs);
  const auto results = evaluate_call(b.graph(), add, std::vector{inputs[0], inputs[0], inputs[1]});
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::fseek(file, 0, SEEK_END);
  CHECK(std::ftell(file) == 0);
  std::fclose(file);
  CHECK(values_of(outputs[0]) == Floats{2, 4, 6});
  CHECK(values_of(results[0]) == Floats{2, 4, 6});
}

TEST_CASE("what this libtorch does not have is refused") {
  GraphBuilder b;
  b.output({b.input("x", tensor_type({1}))});
  const auto error_on = [&](Device device) {
    CompileOptions options;
    options.device = std::move(device);
    return error_of([&] { Executable(b.graph(), options); });
  };
  CHECK(device_available(Device{}, nullptr));
  for (const char* type : {"cuda", "mps", "xpu"}) {
    const Device device{type, {}};
    std::string why;
    if (device_available(device, &why)) continue;
    CHECK_FALSE(why.empty());
    CHECK_THAT(error_on(device), contains("device-unavailable") && contains(type));
  }
  CHECK_THAT(error_on({"toaster", {}}), contains("device-unavailable") && contains("toaster"));
  CHECK_THAT(error_on({"meta", {}}), contains("device-unavailable"));
  Executable(b.graph(), {}).synchronize();
}

TEST_CASE("a program of an accelerator runs on the CPU") {
  GraphBuilder b;
  Type on_gpu = tensor_type({1});
  on_gpu.device = {"cuda", 0};
  TensorData weight = floats({1}, {2});
  weight.type.device = on_gpu.device;
  const ValueId x = b.input("x", on_gpu);
  const ValueId w = b.constant("w", weight);
  const ValueId made = b.call("aten.ones.default",
                              {arg("size", std::vector<std::int64_t>{1}),
                               arg("device", Argument{ArgKind::device, on_gpu.device})});
  const ValueId y = b.call("aten.mul.Tensor", {arg("self", x), arg("other", w)});
  b.output({b.call("aten.add.Tensor", {arg("self", y), arg("other", made)})});
  CHECK(values_of(run(b.graph(), {tensor({1}, {3})})[0]) == Floats{7});
}
