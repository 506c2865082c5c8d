// What a run leaves behind, as the caller of the Python program would see it, and what it leaves
// alone: the stored constants and the caller's inputs.
#include "catch.hpp"
#include "graph/text.hpp"
#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::unique_ptr<Graph> graph_of(const std::string& text) {
  auto graph = parse_graph(text);
  bind_schemas(*graph, "test");
  return graph;
}
using Floats = std::vector<float>;

RunOptions starting_from(const std::vector<RunValue>& state) {
  RunOptions options;
  options.start = state;
  return options;
}
CompileOptions in_float64() {
  CompileOptions options;
  options.float64 = true;
  return options;
}

}  // namespace

TEST_CASE("a buffer's new value is handed out, and the stored one stays") {
  const auto graph = graph_of(R"(
    graph(b: f32[2] = buffer 'state' value=[1.0, 2.0], x: f32[2]):
      before: f32[2] = aten.mul.Tensor(b, 1.0)
      add_: f32[2] = aten.add_.Tensor(b, x)
      return (before, b))");
  Executable executable(*graph, {});
  REQUIRE(executable.effects().size() == 1);
  CHECK(executable.effects()[0].name == EffectName{EffectKind::buffer, "state"});
  for (int i = 0; i < 2; ++i) {  // each run starts from what is stored
    const RunResult result = executable.run({{tensor({2}, {10, 20})}});
    CHECK(values_of(result.outputs[0]) == Floats{1, 2});
    CHECK(values_of(result.outputs[1]) == Floats{11, 22});
    REQUIRE(result.effects.size() == 1);
    CHECK(values_of(result.effects[0]) == Floats{11, 22});
    // The output is the buffer, as in Python.
    CHECK(std::get<Tensor>(result.outputs[1]).shares_storage(std::get<Tensor>(result.effects[0])));
  }
  const auto* stored =
      reinterpret_cast<const float*>(graph->constants().at("state").storage->data);
  CHECK(Floats(stored, stored + 2) == Floats{1, 2});
}

TEST_CASE("a session: each run starts from what the one before left behind") {
  const auto graph = graph_of(R"(
    graph(b: f32[] = buffer 'count' value=0.0, x: f32[]):
      add_: f32[] = aten.add_.Tensor(b, x)
      out: f32[] = aten.mul.Tensor(b, 1.0)
      return (out,))");
  Executable executable(*graph, {});
  std::vector<RunValue> state;
  for (float k = 1; k <= 3; ++k) {
    RunResult result = executable.run({{tensor({}, {2})}}, starting_from(state));
    CHECK(values_of(result.outputs[0]) == Floats{2 * k});
    state = std::move(result.effects);
  }
  CHECK_THAT(error_of([&] {
               const std::vector<RunValue> two = {state[0], state[0]};
               executable.run({{tensor({}, {2})}}, starting_from(two));
             }),
             contains("start from 2 values"));
  CHECK_THAT(error_of([&] {
               const std::vector<RunValue> longer = {tensor({3}, {1, 2, 3})};
               executable.run({{tensor({}, {2})}}, starting_from(longer));
             }),
             contains("another shape for the buffer 'count'"));
  CHECK(values_of(executable.run({{tensor({}, {2})}}).outputs[0]) == Floats{2});
}

TEST_CASE("an input that is written is copied, and the copy handed out") {
  const auto graph = graph_of(R"(
    graph(x: f32[2, 2], y: f32[2, 2]):
      t: f32[2, 2] = aten.t.default(x)
      add_: f32[2, 2] = aten.add_.Tensor(t, y)
      return (x, t))");
  Executable executable(*graph, {});
  const RunValue x = tensor({2, 2}, {1, 2, 3, 4});
  const RunResult result = executable.run({{x, tensor({2, 2}, {10, 20, 30, 40})}});
  CHECK(values_of(x) == Floats{1, 2, 3, 4});
  REQUIRE(executable.effects().size() == 1);
  CHECK(executable.effects()[0].name == EffectName{EffectKind::user_input, "x"});
  CHECK(values_of(result.effects[0]) == Floats{11, 32, 23, 44});
  CHECK(values_of(result.outputs[0]) == Floats{11, 32, 23, 44});
}

TEST_CASE("outputs that update are written back in their order, through shared storage") {
  // As Python's module does: two names of one storage, the second a view that overlaps the first.
  auto graph = graph_of(R"(
    graph(a: f32[2] = buffer 'a', b: f32[2] = buffer 'b', x: f32[2]):
      first: f32[2] = aten.add.Tensor(a, x)
      second: f32[2] = aten.mul.Tensor(b, x)
      return (first -> buffer_mutation 'a', second -> buffer_mutation 'b', a))");
  const float values[3] = {1, 2, 3};
  const auto shared = make_storage(values, sizeof values);
  const Type type = graph->type(ValueId(0));
  Type view = type;
  view.storage_offset = 1;
  Journal journal(*graph, Journal::Recording::off);
  journal.add_constant("a", {shared, type});
  journal.add_constant("b", {shared, view});
  Executable executable(*graph, {});
  const RunResult result = executable.run({{tensor({2}, {10, 100})}});
  // a = [1, 2] + [10, 100] = [11, 102]; then b = [2, 3] * [10, 100] = [20, 300] over its second.
  REQUIRE(result.effects.size() == 2);
  CHECK(values_of(result.effects[0]) == Floats{11, 20});
  CHECK(values_of(result.effects[1]) == Floats{20, 300});
  CHECK(values_of(result.outputs[0]) == Floats{11, 20});  // the buffer itself, after the run
}

TEST_CASE("gradients are handed out, and no outputs") {
  const auto graph = graph_of(R"(
    graph(p: f32[2] = parameter 'w' value=[3.0, 4.0], x: f32[2]):
      mul: f32[2] = aten.mul.Tensor(p, x)
      loss: f32[] = aten.sum.default(mul)
      return (loss -> loss_output, x -> gradient_to_parameter 'w'))");
  Executable executable(*graph, {});
  const RunResult result = executable.run({{tensor({2}, {1, 2})}});
  REQUIRE(result.outputs.size() == 1);
  CHECK(values_of(result.outputs[0]) == Floats{11});
  REQUIRE(result.effects.size() == 1);
  CHECK(values_of(result.effects[0]) == Floats{1, 2});
}

TEST_CASE("a run that fails leaves nothing for the next one") {
  const auto graph = graph_of(R"(
    graph(b: i64[2] = buffer 'where' value=[0, 5], x: f32[2]):
      add_: i64[2] = aten.add_.Tensor(b, 1)
      out: f32[2] = aten.index_select.default(x, 0, b)
      return (out,))");
  Executable executable(*graph, {});
  const RunValue start = Tensor::from_constant(
      tensor_data<std::int64_t>({2}, {-1, 0}, DType::int64), true);
  CHECK_THROWS(executable.run({{tensor({2}, {1, 2})}}));
  const std::vector<RunValue> inside = {start};
  CHECK(values_of(executable.run({{tensor({2}, {1, 2})}}, starting_from(inside)).outputs[0]) ==
        Floats{1, 2});
  CHECK_THROWS(executable.run({{tensor({2}, {1, 2})}}));
}

TEST_CASE("memory that nobody initialized holds what the caller says") {
  const auto graph = graph_of(R"(
    graph(x: f32[2]):
      empty: f32[4] = aten.empty.memory_format([4])
      like: f32[2] = aten.empty_like.default(x)
      filled: f32[2] = aten.fill_.Scalar(like, 2.0)
      clone: f32[2] = aten.clone.default(x)
      grown: f32[4] = aten.resize_.default(clone, [4])
      return (empty, filled, grown))");
  Executable executable(*graph, {});
  const auto run = [&](std::uint32_t contents) {
    RunOptions options;
    options.uninitialized = contents;
    return executable.run({{tensor({2}, {1, 2})}}, options).outputs;
  };
  const auto first = run(1), again = run(1), second = run(2);
  CHECK(values_of(first[0]) == values_of(again[0]));
  const Floats a = values_of(first[0]), b = values_of(second[0]);
  for (std::size_t k = 0; k < 4; ++k) CHECK(a[k] != b[k]);
  CHECK(values_of(first[1]) == values_of(second[1]));
  const Floats c = values_of(first[2]), d = values_of(second[2]);
  CHECK(Floats(c.begin(), c.begin() + 2) == Floats{1, 2});  // what was there before it grew
  CHECK(Floats(d.begin(), d.begin() + 2) == Floats{1, 2});
  CHECK(c[3] != d[3]);
}

TEST_CASE("bits of numbers are not read in float64") {
  const auto graph = graph_of(R"(
    graph(x: f32[2], i: i32[2]):
      bits: i32[2] = aten.view.dtype(x, torch.int32)
      return (bits,))");
  CHECK_THAT(error_of([&] { Executable(*graph, in_float64()); }), contains("by their bits"));
  CHECK_NOTHROW(Executable(*graph, {}));
  const auto integers = graph_of(R"(
    graph(i: i32[2]):
      bytes: u8[8] = aten.view.dtype(i, torch.uint8)
      return (bytes,))");
  CHECK_NOTHROW(Executable(*integers, in_float64()));
}

TEST_CASE("random numbers are the same in float64") {
  const auto graph = graph_of(R"(
    graph(x: f32[32]):
      rand: f32[32] = aten.rand.default([32])
      randn: f32[32] = aten.randn_like.default(x)
      dropout: f32[32] = aten.dropout.default(x, 0.5, True)
      low: bf16[32] = aten.rand.default([32], dtype=torch.bfloat16)
      return (rand, randn, dropout, low))");
  const std::vector<RunValue> x = {tensor({32}, std::vector<float>(32, 1.5f))};
  RunOptions seeded;
  seeded.seed = 7;
  const auto own = Executable(*graph, {}).run(x, seeded).outputs;
  const auto lifted = Executable(*graph, in_float64()).run(x, seeded).outputs;
  for (std::size_t k = 0; k < own.size(); ++k) {
    INFO(k);
    const Tensor& drawn = std::get<Tensor>(lifted[k]);
    CHECK(drawn.type().dtype == DType::float64);
    const TensorData data = drawn.to_constant();
    const auto* numbers = reinterpret_cast<const double*>(data.storage->data);
    if (k == 3) continue;  // values_of reads float32
    const std::vector<float> floats = values_of(own[k]);
    CHECK(std::equal(floats.begin(), floats.end(), numbers));
  }
}
