// A third party's backend in C through the whole way: claim, compile, launch, release; and backends
// that break their contract, each of which the host notices.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr const char* kModel = R"(
  graph(x: f32[4], y: f32[4]):
    a: f32[4] = aten.add.Tensor(x, y)
    b: f32[4] = aten.relu.default(a)
    c: f32[4] = aten.mul.Tensor(b, y)
    d: f32[4] = aten.relu.default(c)
    return (d, b))";

std::vector<RunValue> inputs() { return {floats({4}, {1, -2, 3, -4}), floats({4}, {1, 1, -2, 5})}; }

std::shared_ptr<Backend> third_party(const std::string& name) {
  static std::map<std::string, std::unique_ptr<LoadedPlugins>> hosts;
  auto& plugins = hosts[name];
  if (!plugins) plugins.reset(new LoadedPlugins{name});
  return plugins->host().create_backend(name, {});
}

}  // namespace

TEST_CASE("a third party's backend runs what it claims, and libtorch the rest") {
  Running program(kModel, everything_on(third_party("relu_add")));
  const std::vector<RunValue> outputs = program.run(inputs());
  CHECK(numbers(outputs[0]) == std::vector<float>{2, 0, 0, 5});
  CHECK(numbers(outputs[1]) == std::vector<float>{2, 0, 1, 1});

  const BackendUse& use = program.use();
  REQUIRE(use.claimed.size() == 1);
  CHECK(use.claimed[0].backend == "relu_add");
  CHECK(use.claimed[0].calls == 3);
  CHECK(use.claimed[0].parts == 2);  // the product stands between
  CHECK(use.aten_calls == 1);
  REQUIRE(use.fallback.size() == 1);
  CHECK(use.fallback[0].op == "aten.mul.Tensor");
  CHECK(use.fallback[0].calls == 1);
  CHECK(use.fallback[0].offered);
}

TEST_CASE("a program on a backend runs again and again, on inputs of its own") {
  Running program(kModel, everything_on(third_party("relu_add")));
  for (int k = 0; k < 3; ++k) {
    const std::vector<RunValue> given = inputs();
    CHECK(numbers(program.run(given)[0]) == std::vector<float>{2, 0, 0, 5});
    CHECK(numbers(given[0]) == std::vector<float>{1, -2, 3, -4});
  }
}

TEST_CASE("what is bound outlives the program's handle and its backend") {
  std::shared_ptr<Executable> bound;
  {
    Running program(kModel, everything_on(third_party("relu_add")));
    bound = program.handle().executable();
  }
  CHECK(numbers(bound->run(inputs()).outputs[0]) == std::vector<float>{2, 0, 0, 5});
}

TEST_CASE("a node's rule goes before its operator's, and that before the default") {
  const auto backend = third_party("relu_add");
  BackendChoice choice = everything_on(backend);
  choice.operators["aten.relu.default"] = nullptr;  // aten
  choice.nodes["d"] = backend;
  Running program(kModel, choice);
  CHECK(numbers(program.run(inputs())[0]) == std::vector<float>{2, 0, 0, 5});
  CHECK(program.use().claimed[0].calls == 2);  // a and d
  CHECK(program.use().aten_calls == 2);
  CHECK(program.use().fallback.size() == 1);  // the product: 'b' was not meant for it
}

TEST_CASE("two backends share a program") {
  const auto one = third_party("relu_add");
  BackendChoice choice = everything_on(one);
  choice.operators["aten.mul.Tensor"] = std::shared_ptr<Backend>(
      shipped().create_backend("reference", {}));
  Running program(kModel, choice);
  CHECK(numbers(program.run(inputs())[0]) == std::vector<float>{2, 0, 0, 5});
  CHECK(program.use().aten_calls == 0);
  CHECK(program.use().claimed.size() == 2);
}

TEST_CASE("calls on written storages are not offered") {
  Running program(R"(
    graph(x: f32[4], y: f32[4]):
      a: f32[4] = aten.add.Tensor(x, y)
      b: f32[4] = aten.relu_.default(a)
      c: f32[4] = aten.add.Tensor(a, y)
      d: f32[4] = aten.add.Tensor(x, y)
      return (c, d))",
                  everything_on(third_party("relu_add")));
  const std::vector<RunValue> outputs = program.run(inputs());
  CHECK(numbers(outputs[0]) == std::vector<float>{3, 1, -1, 6});
  CHECK(numbers(outputs[1]) == std::vector<float>{2, -1, 1, 1});
  CHECK(program.use().claimed[0].calls == 1);  // d alone
  for (const BackendUse::Fallback& fallback : program.use().fallback) CHECK_FALSE(fallback.offered);
}

TEST_CASE("calls in nested graphs are libtorch's") {
  Running program(R"(
    graph(p: b8[], x: f32[4]):
      a: f32[4] = aten.relu.default(x)
      cond: [getitem: f32[4]] = higher_order.cond(p, self.yes, self.no, [a])
        graph yes(u: f32[4]):
          r: f32[4] = aten.relu.default(u)
          return (r,)
        graph no(v: f32[4]):
          s: f32[4] = aten.neg.default(v)
          return (s,)
      return (getitem,))",
                  everything_on(third_party("relu_add")));
  const std::vector<RunValue> outputs =
      program.run({tensor<std::uint8_t>({}, {0}, DType::boolean), floats({4}, {1, -2, 3, 0})});
  CHECK(numbers(outputs[0]) == std::vector<float>{-1, 0, -3, 0});
  CHECK(program.use().claimed[0].calls == 1);
  CHECK(program.use().aten_calls == 3);
}

TEST_CASE("runs in float64 are libtorch's alone") {
  Running program(kModel, everything_on(third_party("wrong_values")));
  const auto lifted = program.handle().executable(true);
  CHECK(numbers<double>(lifted->run(inputs()).outputs[0]) == std::vector<double>{2, 0, 0, 5});
  CHECK(numbers(program.run(inputs())[0]) != std::vector<float>{2, 0, 0, 5});
}

TEST_CASE("views of inputs, and one storage under two outputs, come out as tensors of their own") {
  const std::string text = R"(
    graph(x: f32[2, 3]):
      v: f32[3, 2][1, 3] = aten.permute.default(x, [1, 0])
      w: f32[2, 3] = aten.permute.default(v, [1, 0])
      return (v, w))";
  Running program(text, everything_on(shipped().create_backend("reference", {})));
  const std::vector<RunValue> given = {floats({2, 3}, {1, 2, 3, 4, 5, 6})};
  const std::vector<RunValue> outputs = program.run(given);
  CHECK(program.use().claimed[0].calls == 2);
  CHECK(numbers(outputs[0]) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(numbers(outputs[1]) == std::vector<float>{1, 2, 3, 4, 5, 6});
  const Tensor &v = std::get<Tensor>(outputs[0]), &w = std::get<Tensor>(outputs[1]);
  CHECK_FALSE(v.shares_storage(std::get<Tensor>(given[0])));
  CHECK_FALSE(v.shares_storage(w));
  CHECK(v.type().strides[0].value == 1);  // laid out as the program records it
}

TEST_CASE("a backend that breaks its contract is named") {
  const auto failure = [](const std::string& name) {
    return error_of([&] { Running(kModel, everything_on(third_party(name))).run(inputs()); });
  };
  const auto [name, code, word] =
      GENERATE(table<std::string, std::string, std::string>({
          {"wrong_shape", "plugin-bad-answer", "sizes"},
          {"wrong_dtype", "plugin-bad-answer", "Int"},
          {"forgets_output", "plugin-bad-answer", "null"},
          {"answers_two", "plugin-bad-answer", "answered 2"},
          {"compile_fails", "plugin-failed", ""},
          {"launch_fails", "plugin-failed", ""},
      }));
  const Diagnostic d = failure(name);
  CAPTURE(name, format(d));
  CHECK(code_name(d.code) == code);
  CHECK(d.what.find(name) != std::string::npos);
  CHECK((d.why + d.what).find(word) != std::string::npos);
}

TEST_CASE("a backend without launch is no backend") {
  CHECK(code_of([] { LoadedPlugins{"no_launch"}; }) == "plugin-bad-descriptor");
}

TEST_CASE("a backend cannot be made by the name of a pass") {
  CHECK(code_of([] { shipped().create_backend("dce", {}); }) == "component-unknown");
  CHECK(shipped().names(ComponentKind::backend) == std::vector<std::string>{"reference"});
}
