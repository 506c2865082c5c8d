// What a run leaves behind, through "fettle.program/1" as a plugin sees it.
#include "abi_fixture.hpp"
#include "host/program_handle.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_program_v1& p = kProgramTable;

constexpr const char* kCounter = R"(
  graph(b: f32[] = buffer 'count' value=5.0, w: f32[] = parameter 'w' value=2.0, x: f32[]):
    add_: f32[] = aten.add_.Tensor(b, 1)
    mul_: f32[] = aten.mul_.Tensor(x, w)
    out: f32[] = aten.mul.Tensor(b, w)
    return (out -> loss_output, x -> gradient_to_parameter 'w'))";

struct Model {
  explicit Model(std::shared_ptr<const std::vector<LoadedSample>> samples = nullptr)
      : graph(graph_of(kCounter)), handle("test", *graph, std::move(samples), Device{}) {}
  std::unique_ptr<Graph> graph;
  ProgramHandle handle;
};

// A number as a tensor of the plugin's own.
struct Number {
  explicit Number(float v) : value(v) {
    managed.dl_tensor.data = &value;
    managed.dl_tensor.device = {kDLCPU, 0};
    managed.dl_tensor.dtype = {kDLFloat, 32, 1};
  }
  fettle_datum datum() {
    fettle_datum d{};
    d.kind = FETTLE_DATUM_TENSOR;
    d.tensor = &managed;
    return d;
  }
  float value;
  DLManagedTensorVersioned managed{};
};

// Takes the number out of a datum that the host handed over.
float take(fettle_datum& datum) {
  REQUIRE(datum.kind == FETTLE_DATUM_TENSOR);
  const DLTensor& t = datum.tensor->dl_tensor;
  const float value =
      *reinterpret_cast<const float*>(static_cast<const char*>(t.data) + t.byte_offset);
  datum.tensor->deleter(datum.tensor);
  datum = {};
  return value;
}

struct Call {
  Outcome outcome;
  fettle_ctx ctx{outcome, "test"};
};

}  // namespace

TEST_CASE("effects have a kind, a target and a placeholder") {
  Call call;
  const Model model;
  const fettle_program* program = model.handle.abi();
  REQUIRE(p.effect_count(program) == 3);
  const std::vector<std::pair<std::uint32_t, std::string>> expected = {
      {FETTLE_EFFECT_BUFFER, "count"},
      {FETTLE_EFFECT_USER_INPUT, "x"},
      {FETTLE_EFFECT_PARAMETER_GRADIENT, "w"}};
  const char* placeholders[] = {"b", "x", "w"};
  for (std::uint64_t k = 0; k < 3; ++k) {
    auto effect = Abi::sized<fettle_effect>();
    REQUIRE(p.effect(&call.ctx, program, k, &effect) == FETTLE_OK);
    CHECK(effect.kind == expected[k].first);
    CHECK(text_of(effect.target) == expected[k].second);
    CHECK(model.graph->text(model.graph->value(ValueId(effect.value)).name) == placeholders[k]);
  }
  auto effect = Abi::sized<fettle_effect>();
  CHECK(p.effect(&call.ctx, program, 3, &effect) == FETTLE_E_ABSENT);
  CHECK(p.effect(&call.ctx, program, 0, nullptr) == FETTLE_E_ARGUMENT);
  CHECK(p.effect_count(nullptr) == 0);
}

TEST_CASE("a run gives their values, and starts from those of an earlier one") {
  Call call;
  const Model model;
  Number x(3);
  const fettle_datum input = x.datum();
  fettle_datum output{}, effects[3] = {}, start[3] = {};
  auto options = Abi::sized<fettle_run_options>();
  options.effects = effects;
  REQUIRE(p.run(&call.ctx, model.handle.abi(), &options, &input, &output, nullptr) == FETTLE_OK);
  CHECK(take(output) == 12);
  CHECK(take(effects[0]) == 6);
  CHECK(take(effects[1]) == 6);
  CHECK(take(effects[2]) == 6);  // the gradient is the input, which was written
  CHECK(x.value == 3);

  Number count(100);
  start[0] = count.datum();  // the others: NONE
  options.start = start;
  REQUIRE(p.run(&call.ctx, model.handle.abi(), &options, &input, &output, nullptr) == FETTLE_OK);
  CHECK(take(output) == 202);
  CHECK(take(effects[0]) == 101);
  CHECK(count.value == 100);
  take(effects[1]);
  take(effects[2]);
}

TEST_CASE("options of a newer plugin run by what this host knows of them; a short one is refused") {
  Call call;
  const Model model;
  Number x(3);
  const fettle_datum input = x.datum();
  fettle_datum output{};
  struct {
    fettle_run_options known{};
    std::uint64_t newer = 0xa5a5a5a5a5a5a5a5;
  } options;
  options.known.size = sizeof options;
  REQUIRE(p.run(&call.ctx, model.handle.abi(), &options.known, &input, &output, nullptr) ==
          FETTLE_OK);
  CHECK(take(output) == 12);
  options.known.size = offsetof(fettle_run_options, effects);
  CHECK(p.run(&call.ctx, model.handle.abi(), &options.known, &input, &output, nullptr) ==
        FETTLE_E_ARGUMENT);
}

TEST_CASE("what the eager model changed comes with the sample, if it was stored") {
  Call call;
  const auto number = [](float value) {
    Number n(value);
    return Tensor::from_dlpack(n.managed.dl_tensor);
  };
  LoadedSample without{{number(3)}, {}}, with = without;
  with.eager_effects = {{{EffectKind::buffer, "count"}, number(6)},
                        {{EffectKind::buffer, "gone"}, number(1)}};
  const Model model(
      std::make_shared<const std::vector<LoadedSample>>(std::vector{without, with}));
  const fettle_program* program = model.handle.abi();
  CHECK(p.eager_effect_count(program, 0) == UINT64_MAX);
  CHECK(p.eager_effect_count(program, 7) == UINT64_MAX);
  REQUIRE(p.eager_effect_count(program, 1) == 2);
  auto effect = Abi::sized<fettle_effect>();
  fettle_datum value{};
  REQUIRE(p.eager_effect(&call.ctx, program, 1, 0, &effect, &value) == FETTLE_OK);
  CHECK(text_of(effect.target) == "count");
  CHECK(effect.value != FETTLE_NONE);
  CHECK(take(value) == 6);
  REQUIRE(p.eager_effect(&call.ctx, program, 1, 1, &effect, &value) == FETTLE_OK);
  CHECK(effect.value == FETTLE_NONE);  // nothing of the program
  take(value);
  CHECK(p.eager_effect(&call.ctx, program, 1, 2, &effect, &value) == FETTLE_E_ABSENT);
  CHECK(p.eager_effect(&call.ctx, program, 0, 0, &effect, &value) == FETTLE_E_ABSENT);
}
