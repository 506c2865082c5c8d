// The reference backend against libtorch: every operator that it claims, over shapes, both dtypes, and
// inputs that are dense, permuted in memory, or spread out.
#include <fmt/format.h>

#include <cmath>
#include <random>
#include <set>

#include "fixture.hpp"

namespace fettle_test {
std::vector<std::string> reference_operators();
}

using namespace fettle;
using namespace fettle::test;

namespace {

// A call, with T for the dtype and a letter for each input; the inputs' shapes.
struct Case {
  std::string call;
  std::vector<std::string> inputs;  // "2,3" floats; "b2,3" booleans; "i7:2,3" integers below 7; "p…" positive
};

const std::vector<Case> kCases = {
    {"aten.relu.default(a)", {"3,4"}},
    {"aten.relu6.default(a)", {"3,4"}},
    {"aten.hardsigmoid.default(a)", {"5"}},
    {"aten.hardswish.default(a)", {"5"}},
    {"aten.hardtanh.default(a, -0.5, 0.75)", {"2,6"}},
    {"aten.leaky_relu.default(a, 0.1)", {"2,6"}},
    {"aten.gelu.default(a)", {"2,6"}},
    {"aten.gelu.default(a, approximate='tanh')", {"2,6"}},
    {"aten.silu.default(a)", {"2,6"}},
    {"aten.sigmoid.default(a)", {"2,6"}},
    {"aten.tanh.default(a)", {""}},
    {"aten.exp.default(a)", {"2,3,4"}},
    {"aten.log.default(a)", {"p2,3"}},
    {"aten.sqrt.default(a)", {"p2,3"}},
    {"aten.rsqrt.default(a)", {"p2,3"}},
    {"aten.reciprocal.default(a)", {"p2,3"}},
    {"aten.neg.default(a)", {"0,3"}},
    {"aten.abs.default(a)", {"2,3"}},
    {"aten.sin.default(a)", {"2,3"}},
    {"aten.cos.default(a)", {"2,3"}},
    {"aten.erf.default(a)", {"2,3"}},
    {"aten.add.Tensor(a, b)", {"2,3", "3"}},
    {"aten.add.Tensor(a, b, alpha=2)", {"2,1,4", "3,1"}},
    {"aten.add.Tensor(a, 1.5)", {"2,3"}},
    {"aten.add.Scalar(a, 3)", {"2,3"}},
    {"aten.sub.Tensor(a, b, alpha=0.5)", {"2,3", "2,3"}},
    {"aten.sub.Scalar(a, 3)", {"2,3"}},
    {"aten.mul.Tensor(a, b)", {"2,3", ""}},
    {"aten.mul.Tensor(a, 2)", {"2,3"}},
    {"aten.mul.Scalar(a, 2.5)", {"2,3"}},
    {"aten.div.Tensor(a, b)", {"2,3", "p2,3"}},
    {"aten.div.Scalar(a, 3)", {"2,3"}},
    {"aten.pow.Tensor_Scalar(a, 2)", {"2,3"}},
    {"aten.pow.Tensor_Tensor(a, b)", {"p2,3", "2,3"}},
    {"aten.maximum.default(a, b)", {"2,3", "3"}},
    {"aten.minimum.default(a, b)", {"2,3", "3"}},
    {"aten.clamp.default(a, -0.5, 0.5)", {"2,3"}},
    {"aten.clamp.default(a, None, 0.5)", {"2,3"}},
    {"aten.clamp_min.default(a, 0.25)", {"2,3"}},
    {"aten.clamp_max.default(a, 0.25)", {"2,3"}},
    {"aten.eq.Tensor(a, b)", {"2,3", "2,3"}},
    {"aten.eq.Scalar(a, 0.5)", {"2,3"}},
    {"aten.ne.Tensor(a, b)", {"2,3", "3"}},
    {"aten.ne.Scalar(a, 0.5)", {"2,3"}},
    {"aten.lt.Tensor(a, b)", {"2,3", "3"}},
    {"aten.lt.Scalar(a, 0.1)", {"2,3"}},
    {"aten.le.Tensor(a, b)", {"2,3", "3"}},
    {"aten.le.Scalar(a, 0.1)", {"2,3"}},
    {"aten.gt.Tensor(a, b)", {"2,3", "3"}},
    {"aten.gt.Scalar(a, 0.1)", {"2,3"}},
    {"aten.ge.Tensor(a, b)", {"2,3", "3"}},
    {"aten.ge.Scalar(a, 0.1)", {"2,3"}},
    {"aten.where.self(a, b, c)", {"b2,1", "2,3", "3"}},
    {"aten.masked_fill.Scalar(a, b, -1.5)", {"2,3", "b3"}},

    {"aten.sum.default(a)", {"2,3,4"}},
    {"aten.sum.dim_IntList(a, [0, -1])", {"2,3,4"}},
    {"aten.sum.dim_IntList(a, [1], True)", {"2,3,4"}},
    {"aten.mean.default(a)", {"2,3,4"}},
    {"aten.mean.dim(a, [-1], True)", {"2,3,4"}},
    {"aten.amax.default(a, [1])", {"2,3,4"}},
    {"aten.amin.default(a, [0, 2], True)", {"2,3,4"}},
    {"aten.softmax.int(a, -1)", {"2,3,4"}},
    {"aten._softmax.default(a, 1, False)", {"2,3,4"}},
    {"aten.log_softmax.int(a, 0)", {"2,3,4"}},
    {"aten._log_softmax.default(a, 1, False)", {"2,3,4"}},

    {"aten.layer_norm.default(a, [4], b, c)", {"2,3,4", "4", "4"}},
    {"aten.layer_norm.default(a, [3, 4])", {"2,3,4"}},
    {"aten.native_layer_norm.default(a, [3, 4], b, None, 1e-05)", {"2,3,4", "3,4"}},
    {"aten.batch_norm.default(a, b, c, d, e, False, 0.1, 1e-05, True)", {"2,3,4,2", "3", "3", "3", "p3"}},
    {"aten._native_batch_norm_legit_no_training.default(a, b, c, d, e, 0.1, 1e-05)",
     {"2,3,4", "3", "3", "3", "p3"}},

    {"aten.matmul.default(a, b)", {"3,4", "4,2"}},
    {"aten.matmul.default(a, b)", {"4", "4"}},
    {"aten.matmul.default(a, b)", {"4", "2,4,3"}},
    {"aten.matmul.default(a, b)", {"2,3,4", "4"}},
    {"aten.matmul.default(a, b)", {"2,1,3,4", "5,4,2"}},
    {"aten.mm.default(a, b)", {"3,0", "0,2"}},
    {"aten.bmm.default(a, b)", {"2,3,4", "2,4,5"}},
    {"aten.addmm.default(a, b, c, beta=0.5, alpha=2)", {"5", "3,4", "4,5"}},
    {"aten.linear.default(a, b, c)", {"2,3,4", "5,4", "5"}},
    {"aten.linear.default(a, b)", {"4", "5,4"}},
    {"aten.scaled_dot_product_attention.default(a, b, c)", {"2,3,4", "2,5,4", "2,5,6"}},
    {"aten.scaled_dot_product_attention.default(a, b, c, None, 0.0, True)",
     {"1,2,3,4", "1,2,3,4", "1,2,3,4"}},
    {"aten.scaled_dot_product_attention.default(a, b, c, d, scale=0.3)",
     {"2,2,3,4", "2,2,5,4", "2,2,5,4", "2,1,3,5"}},
    {"aten.scaled_dot_product_attention.default(a, b, c, d)", {"2,2,3,4", "2,2,5,4", "2,2,5,4", "b3,5"}},

    {"aten.conv1d.default(a, b, c, [2], [1], [2])", {"2,4,9", "3,4,3", "3"}},
    {"aten.conv2d.default(a, b, c)", {"2,4,6,5", "3,4,3,2", "3"}},
    {"aten.conv2d.default(a, b, None, [2, 1], [1, 2], [1, 2], 2)", {"2,4,6,7", "6,2,3,3"}},
    {"aten.convolution.default(a, b, c, [1, 1], [1, 1], [1, 1], False, [0, 0], 4)",
     {"1,4,5,5", "4,1,3,3", "4"}},

    {"aten.max_pool2d.default(a, [3, 2], [2, 2], [1, 1], [1, 2])", {"2,3,7,8"}},
    {"aten.max_pool2d.default(a, [2, 2])", {"3,7,8"}},
    {"aten.avg_pool2d.default(a, [3, 2], [2, 2], [1, 1])", {"2,3,7,8"}},
    {"aten.avg_pool2d.default(a, [3, 3], [1, 1], [1, 1], False, False)", {"2,3,5,5"}},
    {"aten.adaptive_avg_pool2d.default(a, [2, 3])", {"2,3,7,8"}},
    {"aten._adaptive_avg_pool2d.default(a, [3, 3])", {"3,7,8"}},

    {"aten.view.default(a, [3, -1])", {"3,2,2"}},
    {"aten.reshape.default(a, [4, 3])", {"3,4"}},
    {"aten._unsafe_view.default(a, [2, 6])", {"3,4"}},
    {"aten.flatten.using_ints(a, 1)", {"2,3,4"}},
    {"aten.permute.default(a, [2, 0, -2])", {"2,3,4"}},
    {"aten.transpose.int(a, 1, -1)", {"2,3,4"}},
    {"aten.t.default(a)", {"2,3"}},
    {"aten.unsqueeze.default(a, -1)", {"2,3"}},
    {"aten.squeeze.dim(a, 1)", {"2,1,3"}},
    {"aten.expand.default(a, [2, -1, 4])", {"3,1"}},
    {"aten.slice.Tensor(a, 1, -5, 100, 2)", {"2,7"}},
    {"aten.slice.Tensor(a)", {"2,7"}},
    {"aten.select.int(a, 1, -2)", {"2,3,4"}},
    {"aten.clone.default(a)", {"2,3"}},
    {"aten.contiguous.default(a)", {"2,3"}},
    {"aten.dropout.default(a, 0.5, False)", {"2,3"}},
    {"aten.cat.default([a, b], 1)", {"2,3", "2,4"}},
    {"aten.cat.default([a, b, c])", {"2,3", "0,3", "1,3"}},
    {"aten.embedding.default(a, b)", {"7,3", "i7:2,2"}},
};

enum class InMemory { dense, permuted, spread };

struct Made {
  std::string type;
  RunValue value;
};

std::vector<std::int64_t> sizes_of(const std::string& text) {
  std::vector<std::int64_t> sizes;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    sizes.push_back(std::stoll(text.substr(at, comma - at)));
    at = comma + 1;
  }
  return sizes;
}

std::vector<std::int64_t> strides_of(const std::vector<std::int64_t>& sizes, InMemory layout) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  std::int64_t dense = layout == InMemory::spread ? 2 : 1;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const std::size_t d = layout == InMemory::permuted ? k : sizes.size() - 1 - k;
    strides[d] = dense;
    dense *= sizes[d];
  }
  return strides;
}

Made make_input(std::string text, bool is_double, InMemory layout, std::mt19937& draw) {
  const char kind = text.empty() ? ' ' : text[0];
  std::int64_t below = 2;
  if (kind == 'i') {
    below = std::stoll(text.substr(1));
    text = text.substr(text.find(':') + 1);
  } else if (kind == 'b' || kind == 'p') {
    text = text.substr(1);
  }
  const std::vector<std::int64_t> sizes = sizes_of(text), strides = strides_of(sizes, layout);
  std::int64_t span = 1;
  for (std::size_t d = 0; d < sizes.size(); ++d) span += std::max<std::int64_t>(sizes[d] - 1, 0) * strides[d];
  const auto values = [&](auto zero) {
    std::vector<decltype(zero)> made;
    for (std::int64_t k = 0; k < span; ++k) {
      const double uniform = static_cast<double>(draw() % 4001) / 1000 - 2;
      made.push_back(static_cast<decltype(zero)>(
          kind == 'i' || kind == 'b' ? draw() % static_cast<std::uint32_t>(below)
          : kind == 'p'              ? std::fabs(uniform) + 0.25
                                     : uniform));
    }
    return made;
  };
  const std::string shape = fmt::format("[{}][{}]", fmt::join(sizes, ", "), fmt::join(strides, ", "));
  if (kind == 'i') return {"i64" + shape, tensor(sizes, values(std::int64_t()), DType::int64, strides)};
  if (kind == 'b') return {"b8" + shape, tensor(sizes, values(std::uint8_t()), DType::boolean, strides)};
  if (is_double) return {"f64" + shape, tensor(sizes, values(double()), DType::float64, strides)};
  return {"f32" + shape, tensor(sizes, values(float()), DType::float32, strides)};
}

std::string results_text(const std::vector<std::string>& types) {
  if (types.size() == 1) return "r0" + types[0];
  std::string text = "many: (";
  for (std::size_t k = 0; k < types.size(); ++k) text += fmt::format("{}r{}{}", k ? ", " : "", k, types[k]);
  return text + ")";
}

std::string program_text(const Case& c, const std::vector<Made>& inputs,
                         const std::vector<std::string>& result_types) {
  std::string given, returned;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    given += fmt::format("{}{}: {}", k ? ", " : "", static_cast<char>('a' + k), inputs[k].type);
  }
  for (std::size_t k = 0; k < result_types.size(); ++k) returned += fmt::format("r{}, ", k);
  return fmt::format("graph({}):\n  {} = {}\n  return ({})\n", given, results_text(result_types), c.call,
                     returned);
}

std::size_t result_count(const Case& c) {
  return c.call.find("native") != std::string::npos ? 3 : 1;
}

std::vector<double> doubles(const RunValue& value) {
  const Type type = std::get<Tensor>(value).type();
  const auto widen = [](const auto& list) { return std::vector<double>(list.begin(), list.end()); };
  if (type.dtype == DType::float64) return numbers<double>(value);
  if (type.dtype == DType::boolean) return widen(numbers<std::uint8_t>(value));
  return widen(numbers<float>(value));
}

void require_close(const RunValue& expected, const RunValue& actual, double tolerance) {
  const Type x = std::get<Tensor>(expected).type(), y = std::get<Tensor>(actual).type();
  CHECK(x.dtype == y.dtype);
  CHECK(x.sizes == y.sizes);
  const std::vector<double> a = doubles(expected), b = doubles(actual);
  REQUIRE(a.size() == b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::fabs(a[k] - b[k]) > tolerance * (1 + std::fabs(a[k]))) {
      FAIL(fmt::format("element {}: {} and not {}", k, b[k], a[k]));
    }
  }
}

void compare(const Case& c, bool is_double, InMemory layout, const std::shared_ptr<Backend>& reference) {
  CAPTURE(c.call, is_double, static_cast<int>(layout));
  std::mt19937 draw(7);
  std::vector<Made> inputs;
  for (const std::string& input : c.inputs) inputs.push_back(make_input(input, is_double, layout, draw));
  std::vector<RunValue> given;
  for (const Made& input : inputs) given.push_back(input.value);

  // What libtorch answers says what types the results have.
  const std::vector<std::string> none(result_count(c));
  const auto untyped = graph_of(program_text(c, inputs, none));
  std::vector<RunValue> expected;
  try {
    expected = Executable(*untyped, {}).run(given).outputs;
  } catch (const Error& refused) {  // a view of what lies otherwise in memory
    CAPTURE(refused.diagnostic().why);
    REQUIRE((c.call.find("view") != std::string::npos && layout != InMemory::dense));
    return;
  }
  std::vector<std::string> types;
  for (const RunValue& value : expected) types.push_back(": " + print_type(std::get<Tensor>(value).type()));

  Running program(program_text(c, inputs, types), everything_on(reference));
  const std::vector<RunValue> actual = program.run(given);
  REQUIRE(program.use().aten_calls == 0);
  REQUIRE(actual.size() == expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    require_close(expected[k], actual[k], is_double ? 1e-12 : 2e-6);
  }
}

}  // namespace

TEST_CASE("the reference backend computes what libtorch computes") {
  const std::shared_ptr<Backend> reference = shipped().create_backend("reference", {});
  for (const Case& c : kCases) {
    for (const bool is_double : {false, true}) {
      for (const InMemory layout : {InMemory::dense, InMemory::permuted, InMemory::spread}) {
        compare(c, is_double, layout, reference);
      }
    }
  }
}

TEST_CASE("every operator that the reference backend has is among the cases") {
  std::set<std::string> tried;
  for (const Case& c : kCases) tried.insert(c.call.substr(0, c.call.find('(')));
  const std::vector<std::string> known = fettle_test::reference_operators();
  for (const std::string& name : known) {
    CAPTURE(name);
    CHECK(tried.contains(name));
  }
  CHECK(tried.size() == known.size());
}

TEST_CASE("what the reference backend does not compute it leaves alone") {
  const std::string call = GENERATE(as<std::string>(),
      "i: i64[2] = aten.add.Tensor(n, n)", "i: f32[2] = aten.add.Tensor(n, x)",
      "i: f32[2] = aten.dropout.default(x, 0.0, True)", "i: f64[2] = aten.sum.dim_IntList(x, [], dtype=torch.float64)");
  Running program(fmt::format("graph(x: f32[2], n: i64[2]):\n  {}\n  return (i,)\n", call),
                  everything_on(shipped().create_backend("reference", {})));
  CAPTURE(call);
  CHECK(program.use().aten_calls == 1);
}

TEST_CASE("sizes that only a run tells come as numbers") {
  Running program(R"(
    graph(x: f32[s0=2, 3]):
      n: Sym(s0=2) = aten.sym_size.int(x, 0)
      y: f32[3, s0=2][s0=2, 1] = aten.reshape.default(x, [3, n])
      z: f32[3, s0=2][s0=2, 1] = aten.mul.Tensor(y, 2)
      return (z,))",
                  everything_on(shipped().create_backend("reference", {})));
  const std::vector<RunValue> outputs =
      program.run({floats({4, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})});
  CHECK(program.use().claimed[0].calls == 2);
  CHECK(std::get<Tensor>(outputs[0]).type().sizes[1].value == 4);
  CHECK(numbers(outputs[0])[11] == 22);
}
