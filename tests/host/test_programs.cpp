// Programs as plugins run them: a third party's verifier and benchmark in C, and "fettle.program/1"
// and "fettle.evaluate/1" called as they call them.
#include <numeric>

#include "abi_fixture.hpp"
#include "host/program_handle.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr const char* kModel = R"(
  graph(x: f32[4], y: f32[4]):
    a: f32[4] = aten.add.Tensor(x, y)
    b: f32[4] = aten.relu.default(a)
    c: f32[4] = aten.mul.Tensor(b, y)
    return (c, b))";
constexpr const char* kWrong = R"(
  graph(x: f32[4], y: f32[4]):
    a: f32[4] = aten.sub.Tensor(x, y)
    b: f32[4] = aten.relu.default(a)
    c: f32[4] = aten.mul.Tensor(b, y)
    return (c, b))";

Tensor floats(std::vector<float> values) {
  DLTensor t{};
  std::int64_t shape[] = {static_cast<std::int64_t>(values.size())};
  t.data = values.data();
  t.device = {kDLCPU, 0};
  t.ndim = 1;
  t.dtype = {kDLFloat, 32, 1};
  t.shape = shape;
  return Tensor::from_dlpack(t);
}

std::shared_ptr<const std::vector<LoadedSample>> samples() {
  LoadedSample sample;
  sample.inputs = {floats({1, -2, 3, -4}), floats({1, 1, 2, 2})};
  return std::make_shared<const std::vector<LoadedSample>>(std::vector{sample});
}

// A graph and its handle.
struct Runnable {
  explicit Runnable(const std::string& text,
                    std::shared_ptr<const std::vector<LoadedSample>> stored = samples())
      : graph(graph_of(text)), handle("test", *graph, std::move(stored), Device{}) {}
  std::unique_ptr<Graph> graph;
  ProgramHandle handle;
};

const Host& host() {
  static const LoadedPlugins plugins({"checksum", "count_nodes", "nonsense_answers"});
  return plugins.host();
}

Verdict judge(const ProgramHandle& reference, const ProgramHandle& candidate,
              std::vector<Host::GivenOption> options = {}) {
  Outcome outcome;
  return host()
      .create_verifier("checksum", options)
      ->verify("test", Promise::exact, reference, candidate, outcome);
}

}  // namespace

TEST_CASE("a third party's verifier passes what is equal and finds what is not") {
  const Runnable original(kModel), same(kModel), wrong(kWrong);
  const Verdict good = judge(original.handle, same.handle);
  CHECK(good.verifier == "checksum");
  CHECK(good.judgement == Judgement::pass);
  CHECK(good.comparisons == 1);
  CHECK(good.max_abs == 0);
  CHECK(good.reference == "original program");
  const Verdict bad = judge(original.handle, wrong.handle);
  CHECK(bad.judgement == Judgement::fail);
  // relu(x + y) = 2, 0, 5, 0 and relu(x - y) = 0, 0, 1, 0; times y = 12 and 2.
  CHECK(bad.max_abs == 10);
  CHECK(bad.output == 0);
  CHECK(judge(original.handle, wrong.handle, {{"tolerance", "10.5", ""}}).judgement ==
        Judgement::pass);
  const Runnable unsampled(kModel, nullptr);
  CHECK(judge(unsampled.handle, same.handle).judgement == Judgement::unable);
}

TEST_CASE("a third party's benchmark measures programs side by side") {
  const Runnable original(kModel), longer(R"(
    graph(x: f32[4], y: f32[4]):
      a: f32[4] = aten.add.Tensor(x, y)
      b: f32[4] = aten.relu.default(a)
      b2: f32[4] = aten.relu.default(b)
      c: f32[4] = aten.mul.Tensor(b2, y)
      return (c, b))");
  Outcome outcome;
  const std::vector<Metric> metrics = host()
                                          .create_benchmark("count_nodes", {})
                                          ->measure({&original.handle, &longer.handle}, outcome);
  REQUIRE(metrics.size() == 4);
  CHECK(metrics[0].benchmark == "count_nodes");
  CHECK(metrics[0].name == "executed_nodes");
  CHECK(metrics[0].program == 0);
  CHECK(metrics[0].median == 3);
  CHECK(metrics[2].program == 1);
  CHECK(metrics[2].median == 4);
  CHECK(metrics[1].name == "peak");
  CHECK(metrics[1].median >= 32);  // two results of 16 bytes are alive at once
  CHECK(metrics[1].samples.size() == 1);
}

TEST_CASE("verdicts that make no sense are an error, not a pass") {
  const Runnable original(kModel), same(kModel);
  for (const char* how : {"silent", "unknown", "nan", "compared_nothing", "output"}) {
    INFO(how);
    const auto verifier = host().create_verifier("nonsense_verifier", {{"how", how, ""}});
    Outcome outcome;
    const Diagnostic error = error_of(
        [&] { verifier->verify("test", Promise::exact, original.handle, same.handle, outcome); });
    CHECK(code_name(error.code) == "plugin-bad-answer");
  }
  const auto sane = host().create_verifier("nonsense_verifier", {});
  Outcome outcome;
  CHECK(sane->verify("test", Promise::exact, original.handle, same.handle, outcome).judgement ==
        Judgement::pass);
}

TEST_CASE("metrics that make no sense are an error, even if the plugin does not care") {
  const Runnable original(kModel);
  Outcome outcome;
  for (const char* how : {"silent", "nan", "order", "program", "samples"}) {
    INFO(how);
    const auto benchmark = host().create_benchmark("nonsense_benchmark", {{"how", how, ""}});
    CHECK(code_of([&] { benchmark->measure({&original.handle}, outcome); }) == "plugin-bad-answer");
  }
  CHECK(host()
            .create_benchmark("nonsense_benchmark", {})
            ->measure({&original.handle}, outcome)
            .size() == 1);
}

// ---- the tables

namespace {

const fettle_program_v1& p = kProgramTable;

struct Call {
  Outcome outcome;
  fettle_ctx ctx{outcome, "test"};
};

// A tensor of the plugin's own, whose deleter counts.
struct Borrowed {
  explicit Borrowed(std::vector<float> v) : values(std::move(v)) {
    shape = static_cast<std::int64_t>(values.size());
    managed.version = {1, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned* self) {
      ++static_cast<Borrowed*>(self->manager_ctx)->deleted;
    };
    managed.dl_tensor.data = values.data();
    managed.dl_tensor.device = {kDLCPU, 0};
    managed.dl_tensor.ndim = 1;
    managed.dl_tensor.dtype = {kDLFloat, 32, 1};
    managed.dl_tensor.shape = &shape;
  }
  Borrowed(const Borrowed&) = delete;
  fettle_datum datum() {
    fettle_datum d{};
    d.kind = FETTLE_DATUM_TENSOR;
    d.tensor = &managed;
    return d;
  }
  std::vector<float> values;
  std::int64_t shape;
  DLManagedTensorVersioned managed{};
  int deleted = 0;
};

struct Outputs {
  explicit Outputs(std::size_t n) : data(n) {}
  ~Outputs() {
    for (fettle_datum& d : data) {
      if (d.tensor && d.tensor->deleter) d.tensor->deleter(d.tensor);
    }
  }
  const float* floats(std::size_t k) const {
    return reinterpret_cast<const float*>(static_cast<const char*>(data[k].tensor->dl_tensor.data) +
                                          data[k].tensor->dl_tensor.byte_offset);
  }
  std::vector<fettle_datum> data;
};

}  // namespace

TEST_CASE("a program tells its name, device, inputs and outputs") {
  Call call;
  const Runnable model(kModel), other(kModel);
  const fettle_program* program = model.handle.abi();
  CHECK(text_of(p.name(program)) == "test");
  CHECK(text_of(p.device(program)) == "cpu");
  CHECK(p.id(program) != p.id(other.handle.abi()));
  CHECK(p.input_count(program) == 2);
  CHECK(p.output_count(program) == 2);
  auto slot = Abi::sized<fettle_slot>();
  REQUIRE(p.input(&call.ctx, program, 1, &slot) == FETTLE_OK);
  CHECK(text_of(slot.name) == "y");
  auto type = Abi::sized<fettle_type>();
  REQUIRE(kGraphTable.type(&call.ctx, p.graph(program), slot.type, &type) == FETTLE_OK);
  CHECK(type.dtype == FETTLE_DTYPE_FLOAT32);
  REQUIRE(p.output(&call.ctx, program, 0, &slot) == FETTLE_OK);
  CHECK(text_of(slot.name) == "c");
  CHECK(p.output(&call.ctx, program, 2, &slot) == FETTLE_E_ABSENT);
  CHECK(p.input_count(nullptr) == 0);
}

TEST_CASE("a run borrows its inputs and gives its outputs away, exactly once each") {
  Call call;
  const Runnable model(kModel);
  Borrowed x({1, -2, 3, -4}), y({1, 1, 2, 2});
  const fettle_datum inputs[] = {x.datum(), y.datum()};
  {
    Outputs outputs(2);
    REQUIRE(p.run(&call.ctx, model.handle.abi(), nullptr, inputs, outputs.data.data(), nullptr) ==
            FETTLE_OK);
    CHECK(std::vector<float>(outputs.floats(0), outputs.floats(0) + 4) ==
          std::vector<float>{2, 0, 10, 0});
    CHECK(std::vector<float>(outputs.floats(1), outputs.floats(1) + 4) ==
          std::vector<float>{2, 0, 5, 0});
  }
  CHECK(x.deleted == 0);
  CHECK(x.values == std::vector<float>{1, -2, 3, -4});
}

TEST_CASE("a program that writes its inputs does not write the plugin's tensors") {
  Call call;
  const Runnable model(R"(
    graph(x: f32[2]):
      a: f32[2] = aten.add_.Scalar(x, 1)
      b: f32[2] = aten.mul.Scalar(a, 2)
      return (b,))",
                       nullptr);
  Borrowed x({1, 2});
  const fettle_datum input = x.datum();
  Outputs outputs(1);
  REQUIRE(p.run(&call.ctx, model.handle.abi(), nullptr, &input, outputs.data.data(), nullptr) ==
          FETTLE_OK);
  CHECK(outputs.floats(0)[1] == 6);
  CHECK(x.values == std::vector<float>{1, 2});
}

TEST_CASE("a run that fails leaves its outputs untouched and says why") {
  Call call;
  const Runnable model(kModel);
  Borrowed x({1, 2, 3}), y({1, 1, 2, 2});
  const fettle_datum wrong_shape[] = {x.datum(), y.datum()};
  Outputs outputs(2);
  CHECK(p.run(&call.ctx, model.handle.abi(), nullptr, wrong_shape, outputs.data.data(), nullptr) ==
        FETTLE_E_FAILED);
  CHECK_THAT(call.ctx.last_refusal, contains("input-shape"));
  CHECK(outputs.data[0].tensor == nullptr);
  fettle_datum nonsense[] = {y.datum(), y.datum()};
  nonsense[0].kind = 99;
  CHECK(p.run(&call.ctx, model.handle.abi(), nullptr, nonsense, outputs.data.data(), nullptr) ==
        FETTLE_E_FAILED);
  CHECK_THAT(call.ctx.last_refusal, contains("plugin-bad-answer"));
  CHECK(p.run(&call.ctx, model.handle.abi(), nullptr, nullptr, outputs.data.data(), nullptr) ==
        FETTLE_E_ARGUMENT);
  CHECK(p.run(&call.ctx, nullptr, nullptr, wrong_shape, outputs.data.data(), nullptr) ==
        FETTLE_E_ARGUMENT);
}

TEST_CASE(
    "hooks see every node with its operands and results; float64 lifts; statistics are filled in") {
  Call call;
  const Runnable model(kModel);
  Borrowed x({1, -2, 3, -4}), y({1, 1, 2, 2});
  const fettle_datum inputs[] = {x.datum(), y.datum()};
  struct Seen {
    std::vector<std::string> log;
    const Graph& graph;
    static void put(void* user, const char* when, fettle_node node, std::uint64_t n) {
      auto& self = *static_cast<Seen*>(user);
      self.log.push_back(std::string(when) +
                         std::string(self.graph.text(self.graph.node(NodeId(node)).name)) +
                         std::to_string(n));
    }
  } seen{{}, *model.graph};
  auto options = Abi::sized<fettle_run_options>();
  options.user = &seen;
  options.flags =
      FETTLE_RUN_FLOAT64 | FETTLE_RUN_MEASURE_MEMORY | FETTLE_RUN_SEEDED | FETTLE_RUN_CPU_OUTPUTS;
  options.before_node = [](void* user, fettle_node node, std::uint64_t n, const fettle_datum*) {
    Seen::put(user, "before ", node, n);
  };
  options.after_node = [](void* user, fettle_node node, std::uint64_t n, const fettle_datum* data) {
    CHECK(data[0].tensor->dl_tensor.dtype.bits == 64);
    Seen::put(user, "after ", node, n);
  };
  auto stats = Abi::sized<fettle_run_stats>();
  Outputs outputs(2);
  REQUIRE(p.run(&call.ctx, model.handle.abi(), &options, inputs, outputs.data.data(), &stats) ==
          FETTLE_OK);
  CHECK(seen.log == std::vector<std::string>{"before a2", "after a1", "before b1", "after b1",
                                             "before c2", "after c1"});
  CHECK(outputs.data[0].tensor->dl_tensor.dtype.bits == 64);
  CHECK(stats.peak_bytes >= 64);
  CHECK(stats.seconds > 0);
  options = Abi::sized<fettle_run_options>();
  Outputs plain(2);
  REQUIRE(p.run(&call.ctx, model.handle.abi(), &options, inputs, plain.data.data(), &stats) ==
          FETTLE_OK);
  CHECK(plain.data[0].tensor->dl_tensor.dtype.bits == 32);
  CHECK(stats.peak_bytes == -1);
}

TEST_CASE("samples are handed out as new references; eager outputs only when they are stored") {
  Call call;
  LoadedSample with_outputs{samples()->front().inputs, {floats({2, 0, 10, 0}), std::int64_t{7}}};
  const Runnable model(kModel, std::make_shared<const std::vector<LoadedSample>>(
                                   std::vector{samples()->front(), with_outputs}));
  const fettle_program* program = model.handle.abi();
  CHECK(p.sample_count(program) == 2);
  Outputs inputs(2);
  REQUIRE(p.sample_inputs(&call.ctx, program, 0, inputs.data.data()) == FETTLE_OK);
  CHECK(inputs.floats(0)[3] == -4);
  Outputs eager(2);
  CHECK(p.eager_outputs(&call.ctx, program, 0, eager.data.data()) == FETTLE_E_ABSENT);
  CHECK(p.eager_outputs(&call.ctx, program, 2, eager.data.data()) == FETTLE_E_ABSENT);
  REQUIRE(p.eager_outputs(&call.ctx, program, 1, eager.data.data()) == FETTLE_OK);
  CHECK(eager.floats(0)[2] == 10);
  CHECK(eager.data[1].kind == FETTLE_DATUM_INT);
  CHECK(eager.data[1].i == 7);
}

TEST_CASE("a bound program is launched again and again") {
  Call call;
  auto model = std::make_unique<Runnable>(kModel);
  Borrowed x({1, -2, 3, -4}), y({1, 1, 2, 2});
  const fettle_datum inputs[] = {x.datum(), y.datum()};
  fettle_bound* bound = nullptr;
  REQUIRE(p.bind(&call.ctx, model->handle.abi(), inputs, &bound) == FETTLE_OK);
  model.reset();  // what is bound lives on
  for (int i = 0; i < 3; ++i) CHECK(p.launch(&call.ctx, bound) == FETTLE_OK);
  CHECK(p.synchronize(&call.ctx, bound) == FETTLE_OK);
  p.release(bound);
  p.release(nullptr);
  CHECK(x.deleted == 0);
  CHECK(p.launch(&call.ctx, nullptr) == FETTLE_E_ARGUMENT);
}

TEST_CASE("stored tensors are handed out read-only, and calls are evaluated on given operands") {
  auto graph = parse_graph(R"(
    graph(p_w: f32[4] = parameter 'w', x: f32[4]):
      a: f32[4] = aten.neg.default(p_w)
      m: (v: f32[], i: i64[]) = aten.max.dim(a, 0)
      b: f32[4] = aten.add.Tensor(a, x)
      return (b, v, i))");
  bind_schemas(*graph, "test");
  const std::vector<float> weight = {1, -5, 2, 3};
  Journal(*graph, Journal::Recording::off)
      .add_constant("w", {make_storage(weight.data(), 16), graph->type(ValueId(0))});
  check(*graph);
  Call call;
  AnalysisManager analyses(*graph);
  const fettle_graph handle(analyses);
  const auto value_of = [&](const char* name) {
    for (std::uint32_t v = 0; v < graph->value_bound(); ++v) {
      if (graph->text(graph->value(ValueId(v)).name) == name) return v;
    }
    return FETTLE_NONE;
  };
  DLManagedTensorVersioned* stored = nullptr;
  REQUIRE(kEvaluateTable.constant(&call.ctx, &handle, value_of("p_w"), &stored) == FETTLE_OK);
  CHECK((stored->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0);
  CHECK(stored->dl_tensor.data == graph->constants().at("w").storage->data);  // not a copy
  DLManagedTensorVersioned* nothing = nullptr;
  CHECK(kEvaluateTable.constant(&call.ctx, &handle, value_of("x"), &nothing) == FETTLE_E_ABSENT);
  CHECK(kEvaluateTable.constant(&call.ctx, &handle, value_of("a"), &nothing) == FETTLE_E_ABSENT);
  CHECK(kEvaluateTable.constant(&call.ctx, &handle, 4711, &nothing) == FETTLE_E_STALE);

  const fettle_node neg = kGraphTable.value_producer(&handle, value_of("a"));
  const DLTensor* operand = &stored->dl_tensor;
  DLManagedTensorVersioned* negated = nullptr;
  REQUIRE(kEvaluateTable.call(&call.ctx, &handle, neg, 1, &operand, 1, &negated) == FETTLE_OK);
  const auto* values = static_cast<const float*>(negated->dl_tensor.data);
  CHECK(std::vector<float>(values, values + 4) == std::vector<float>{-1, 5, -2, -3});

  const fettle_node max = kGraphTable.value_producer(&handle, value_of("v"));
  const DLTensor* of_max = &negated->dl_tensor;
  DLManagedTensorVersioned* results[2] = {};
  CHECK(kEvaluateTable.call(&call.ctx, &handle, max, 1, &of_max, 1, results) == FETTLE_E_ARGUMENT);
  REQUIRE(kEvaluateTable.call(&call.ctx, &handle, max, 1, &of_max, 2, results) == FETTLE_OK);
  CHECK(*static_cast<const float*>(results[0]->dl_tensor.data) == 5);
  CHECK(*static_cast<const std::int64_t*>(results[1]->dl_tensor.data) == 1);

  // add of 4 and 3 elements fails in libtorch: nothing is handed out.
  std::int64_t three = 3;
  DLTensor shorter = negated->dl_tensor;
  shorter.shape = &three;
  const DLTensor* mismatched[] = {&negated->dl_tensor, &shorter};
  const fettle_node add = kGraphTable.value_producer(&handle, value_of("b"));
  CHECK(kEvaluateTable.call(&call.ctx, &handle, add, 2, mismatched, 1, &nothing) ==
        FETTLE_E_FAILED);
  CHECK_THAT(call.ctx.last_refusal, contains("operator-failed"));
  CHECK(nothing == nullptr);
  for (auto* t : {stored, negated, results[0], results[1]}) t->deleter(t);
}

TEST_CASE("who makes inputs learns the symbols of sizes, checks values and evaluates sizes") {
  const Runnable program(
      "range s0 in [3, 9]\n"
      "guard 'L[\\'x\\'].size()[0] != 5'\n"
      "graph(x: f32[s0=4, 2], y: f32[2*s0=8], n: Sym(s1=7)): return (x,)",
      {});
  Outcome outcome;
  fettle_ctx ctx(outcome, "test");
  const fettle_program* raw = program.handle.abi();
  const fettle_shapes_v1& shapes = kShapesTable;
  REQUIRE(shapes.symbol_count(raw) == 2);
  auto info = Abi::sized<fettle_symbol_info>();
  REQUIRE(shapes.symbol(&ctx, raw, 0, &info) == FETTLE_OK);
  CHECK(text_of(info.name) == "s0");
  CHECK(info.known == (FETTLE_SYMBOL_LOW | FETTLE_SYMBOL_HIGH | FETTLE_SYMBOL_HINT));
  CHECK((info.low == 3 && info.high == 9 && info.hint == 4));
  REQUIRE(shapes.symbol(&ctx, raw, 1, &info) == FETTLE_OK);
  CHECK((info.known == FETTLE_SYMBOL_HINT && info.hint == 7));
  CHECK(shapes.symbol(&ctx, raw, 2, &info) == FETTLE_E_ABSENT);

  const auto with = [&](std::int64_t s0, auto&& call) {
    const fettle_symbol_value values[] = {{str("s0"), s0}, {str("s1"), 1}};
    return call(std::size(values), values);
  };
  const auto check = [&](auto n, auto values) { return shapes.check(&ctx, raw, n, values); };
  CHECK(with(9, check) == FETTLE_OK);
  CHECK(with(5, check) == FETTLE_E_REFUSED);
  CHECK(with(10, check) == FETTLE_E_REFUSED);
  CHECK_THAT(ctx.last_refusal, contains("s0 is 10"));
  CHECK(shapes.check(&ctx, raw, 1, nullptr) == FETTLE_E_ARGUMENT);

  std::int64_t size = 0;
  const auto evaluate = [&](auto n, auto values) {
    const Type& type = program.graph->types().type(TypeId(program.handle.graph().value(
        program.graph->result(*++program.graph->nodes().begin())).type));
    return shapes.evaluate(&ctx, raw, str(type.sizes[0].expression), n, values, &size);
  };
  CHECK((with(6, evaluate) == FETTLE_OK && size == 12));
  CHECK(shapes.evaluate(&ctx, raw, str("u0 + 1"), 0, nullptr, &size) == FETTLE_E_ABSENT);
  fettle_str text{};
  CHECK(shapes.text(&ctx, raw, str("Add(Symbol('u0', integer=True), Integer(1))"), &text) ==
        FETTLE_OK);
  CHECK(text_of(text) == "u0 + 1");
  const auto bytes = [&](auto n, auto values) {
    return shapes.tensor_bytes(&ctx, raw, n, values, &size);
  };
  CHECK((with(3, bytes) == FETTLE_OK && size == 3 * 2 * 4 + 6 * 4));

  auto type = Abi::sized<fettle_type>();
  auto slot = Abi::sized<fettle_slot>();
  REQUIRE(kProgramTable.input(&ctx, raw, 2, &slot) == FETTLE_OK);
  REQUIRE(kGraphTable.type(&ctx, kProgramTable.graph(raw), slot.type, &type) == FETTLE_OK);
  REQUIRE(type.scalar != nullptr);
  CHECK((type.scalar->value == 7 && type.scalar->expression.size != 0));
}
