// "fettle.gradients/1", called as a plugin calls it: against gradients worked out by hand.
#include "abi_fixture.hpp"
#include "host/abi_tables.hpp"
#include "host/datum.hpp"
#include "host/program_impl.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

RunValue floats(std::vector<float> values) {
  std::int64_t shape[] = {static_cast<std::int64_t>(values.size())};
  DLTensor t{};
  t.data = values.data();
  t.device = {kDLCPU, 0};
  t.ndim = 1;
  t.dtype = {kDLFloat, 32, 1};
  t.shape = shape;
  return Tensor::from_dlpack(t);
}

std::vector<float> numbers(const RunValue& value) {
  const Tensor tensor = std::get<Tensor>(value);
  const auto bytes = tensor.bytes();
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

struct Backward {
  fettle_status status = FETTLE_OK;
  std::vector<std::string> leaves;
  std::vector<RunValue> gradients;
  std::string no_derivative, refusal;
};

Backward run(const std::string& text, std::vector<RunValue> inputs, std::vector<RunValue> cotangents) {
  const std::unique_ptr<Graph> graph = graph_of(text);
  const ProgramHandle program("test", *graph, nullptr, Device{});
  Outcome outcome;
  fettle_ctx ctx(outcome, "test");
  Backward result;
  const std::uint64_t n = kGradientsTable.leaf_count(program.abi());
  for (std::uint64_t k = 0; k < n; ++k) {
    fettle_effect leaf{};
    leaf.size = sizeof leaf;
    REQUIRE(kGradientsTable.leaf(&ctx, program.abi(), k, &leaf) == FETTLE_OK);
    result.leaves.emplace_back(to_view(leaf.target));
  }
  fettle_effect none{};
  none.size = sizeof none;
  CHECK(kGradientsTable.leaf(&ctx, program.abi(), n, &none) == FETTLE_E_ABSENT);
  const DatumArray given(&ctx, inputs), seeds(&ctx, cotangents);
  std::vector<fettle_datum> gradients(n);
  fettle_str no_derivative{};
  result.status = kGradientsTable.run(&ctx, program.abi(), nullptr, given.data(), seeds.data(),
                                      nullptr, gradients.data(), &no_derivative);
  result.refusal = ctx.last_refusal;
  if (result.status != FETTLE_OK) return result;
  result.no_derivative = to_view(no_derivative);
  result.gradients = values_of(gradients.data(), n);
  for (fettle_datum& datum : gradients) OwnedTensor released(datum.tensor);
  return result;
}

}  // namespace

TEST_CASE("leaves are floating inputs and parameters; gradients are worked out by hand") {
  const std::string text = R"(
    graph(w: f32[2] = parameter 'w' value=[3.0, -1.0], b: f32[2] = buffer 'b' value=1.0, x: f32[2]):
      a: f32[2] = aten.mul.Tensor(w, x)
      c: f32[2] = aten.add.Tensor(a, b)
      return (c, x))";
  const Backward done = run(text, {floats({2, 5})}, {floats({1, 10}), {}});
  REQUIRE(done.status == FETTLE_OK);
  CHECK(done.leaves == std::vector<std::string>{"w", "x"});
  CHECK(numbers(done.gradients[0]) == std::vector<float>{2, 50});    // x * cotangent
  CHECK(numbers(done.gradients[1]) == std::vector<float>{3, -10});  // w * cotangent
  CHECK(done.no_derivative.empty());
  const Backward second = run(text, {floats({2, 5})}, {{}, floats({7, 8})});  // of the other output
  CHECK(std::holds_alternative<std::monostate>(second.gradients[0]));
  CHECK(numbers(second.gradients[1]) == std::vector<float>{7, 8});
}

TEST_CASE("gradients flow through what a program writes in place, and not out of no_grad") {
  const Backward written = run(R"(
    graph(x: f32[2]):
      a: f32[2] = aten.clone.default(x)
      b: f32[2] = aten.mul_.Tensor(a, 4.0)
      return (a,))", {floats({1, 1})}, {floats({1, 2})});
  REQUIRE(written.status == FETTLE_OK);
  CHECK(numbers(written.gradients[0]) == std::vector<float>{4, 8});
  const Backward hidden = run(R"(
    graph(x: f32[2]):
      wrap: (a: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.inner, x)
        graph inner(y: f32[2]):
          b: f32[2] = aten.mul.Tensor(y, 4.0)
          return (b,)
      c: f32[2] = aten.mul.Tensor(a, x)
      return (c,))", {floats({3, 5})}, {floats({1, 1})});
  REQUIRE(hidden.status == FETTLE_OK);
  CHECK(numbers(hidden.gradients[0]) == std::vector<float>{12, 20});
}

TEST_CASE("a cotangent of another shape is refused, and an operator without derivative is named") {
  const std::string relu = "graph(x: f32[2]):\n  a: f32[2] = aten.relu.default(x)\n  return (a,)\n";
  const Backward shape = run(relu, {floats({1, 1})}, {floats({1, 1, 1})});
  CHECK(shape.status != FETTLE_OK);
  CHECK(shape.refusal.find("another shape") != std::string::npos);
  const Backward fused = run(R"(
    graph(w: f32[2, 2] = parameter 'w' value=0.5, x: f32[2]):
      m: f32[1, 2] = aten.unsqueeze.default(x, 0)
      out: f32[1, 2] = mkldnn._linear_pointwise.binary(m, m, w, None, 'add')
      flat: f32[2] = aten.squeeze.dim(out, 0)
      return (flat,))", {floats({1, 1})}, {floats({1, 1})});
  INFO(fused.refusal);
  REQUIRE(fused.status == FETTLE_OK);
  CHECK(fused.no_derivative == "mkldnn::_linear_pointwise.binary");
  CHECK(std::holds_alternative<std::monostate>(fused.gradients[0]));
}
