// The gradient verifier: what a pass may do to gradients, and what it says where there are none.
#include "programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

Verdict verify(const std::string& reference, const std::string& candidate,
               Promise promise = Promise::tolerant) {
  const std::vector<LoadedSample> samples = {{{floats({4}, {0.5f, -1.5f, 2.25f, 1e-3f})}, {}}};
  const TestProgram original(reference, samples), result(candidate, samples);
  const auto verifier = shipped().create_verifier("gradient", {});
  Outcome outcome;
  return verifier->verify("pass", promise, original.handle(), result.handle(), outcome);
}

std::string program(const std::string& lines, const std::string& weight = "w") {
  return "graph(" + weight + ": f32[4] = parameter '" + weight +
         "' value=[1.0, -2.0, 3.0, 0.5], x: f32[4]):\n" + lines + "\n  return (out,)\n";
}

const std::string kProduct = program("  out: f32[4] = aten.mul.Tensor(w, x)");

}  // namespace

TEST_CASE("equal gradients pass, of inputs and of parameters") {
  const Verdict verdict = verify(kProduct, kProduct, Promise::exact);
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.comparisons == 2);
  CHECK(verdict.rule == "bitwise");
}

TEST_CASE("another order of operations is within the noise floor") {
  const Verdict verdict = verify(program("  a: f32[4] = aten.mul.Tensor(x, 3.0)\n"
                                         "  out: f32[4] = aten.mul.Tensor(w, a)"),
                                 program("  a: f32[4] = aten.mul.Tensor(w, 3.0)\n"
                                         "  out: f32[4] = aten.mul.Tensor(a, x)"));
  CHECK(verdict.judgement == Judgement::pass);
}

TEST_CASE("a gradient that is lost is named, though every output is the same") {
  const Verdict detached =
      verify(kProduct, program("  d: f32[4] = aten.detach.default(w)\n"
                               "  out: f32[4] = aten.mul.Tensor(d, x)"));
  CHECK(detached.judgement == Judgement::fail);
  CHECK(detached.place == "gradient of parameter 'w'");
  CHECK(detached.detail.find("is lost") != std::string::npos);

  const std::string folded =
      "graph(c: f32[4] = tensor_constant 'c' value=[1.0, -2.0, 3.0, 0.5], x: f32[4]):\n"
      "  out: f32[4] = aten.mul.Tensor(c, x)\n  return (out,)\n";
  CHECK(verify(kProduct, folded).judgement == Judgement::fail);
  CHECK(verify(kProduct, folded, Promise::inference_only).judgement == Judgement::pass);
}

TEST_CASE("a gradient of another size fails, as does one that should not be there") {
  const Verdict twice = verify(program("  d: f32[4] = aten.detach.default(w)\n"
                                       "  out: f32[4] = aten.mul.Tensor(d, x)"),
                               kProduct);
  CHECK(twice.judgement == Judgement::fail);
  CHECK(twice.detail.find("does not have") != std::string::npos);
  const Verdict straight_through =
      verify(program("  out: f32[4] = aten.mul.Tensor(w, x)"),
             program("  a: f32[4] = aten.mul.Tensor(w, x)\n"
                     "  d: f32[4] = aten.detach.default(a)\n"
                     "  b: f32[4] = aten.mul.Tensor(a, 0.0)\n"
                     "  out: f32[4] = aten.add.Tensor(d, b)"));
  CHECK(straight_through.judgement == Judgement::fail);
}

TEST_CASE("where nothing has a gradient, or an operator has no derivative, nothing is passed") {
  const std::string compares =
      "graph(x: f32[4]):\n  out: b8[4] = aten.gt.Scalar(x, 0.0)\n  return (out,)\n";
  const Verdict none = verify(compares, compares);
  CHECK(none.judgement == Judgement::unable);
  CHECK(none.detail == "no output of the original has a gradient");

  const std::string linear =
      "graph(w: f32[4, 4] = parameter 'w' value=0.5, x: f32[4]):\n"
      "  m: f32[1, 4] = aten.unsqueeze.default(x, 0)\n"
      "  out: f32[1, 4] = aten.linear.default(m, w)\n  return (out,)\n";
  const std::string fused =
      "graph(w: f32[4, 4] = parameter 'w' value=0.5, x: f32[4]):\n"
      "  m: f32[1, 4] = aten.unsqueeze.default(x, 0)\n"
      "  out: f32[1, 4] = mkldnn._linear_pointwise.binary(m, m, w, None, 'add')\n"
      "  return (out,)\n";
  const Verdict fusion = verify(linear, fused);
  CHECK(fusion.judgement == Judgement::unable);
  CHECK(fusion.detail.find("mkldnn::_linear_pointwise") != std::string::npos);
  const std::string aten =
      "graph(w: f32[4, 4] = parameter 'w' value=0.5, b: f32[4] = buffer 'b' value=0.0, x: f32[4]):\n"
      "  m: f32[1, 4] = aten.unsqueeze.default(x, 0)\n"
      "  out: f32[1, 4] = aten._addmm_activation.default(b, m, w)\n  return (out,)\n";
  const Verdict unimplemented = verify(aten, aten);
  CHECK(unimplemented.judgement == Judgement::unable);
  CHECK(unimplemented.detail.find("_addmm_activation") != std::string::npos);
}

TEST_CASE("what flows back by several ways adds up") {
  const std::string both = program("  a: f32[4] = aten.mul.Tensor(w, x)\n"
                                   "  out: f32[4] = aten.add.Tensor(a, w)");
  const std::string merged = program("  one: f32[4] = aten.add.Scalar(x, 1.0)\n"
                                     "  out: f32[4] = aten.mul.Tensor(w, one)");
  CHECK(verify(both, merged).judgement == Judgement::pass);
}

// What follows was found by fuzzing: passes refused, or let through, that should not have been.

namespace {

Verdict exact(const std::string& reference, const std::string& candidate, const RunValue& x) {
  const std::vector<LoadedSample> samples = {{{x}, {}}};
  const TestProgram original(reference, samples), result(candidate, samples);
  Outcome outcome;
  return shipped().create_verifier("gradient", {})->verify("pass", Promise::exact, original.handle(),
                                                           result.handle(), outcome);
}

// Two casts of one value, or one used twice: gradients add up in bfloat16, in another order.
std::string casts(const std::string& type, const std::string& first, bool merged) {
  return "graph(x: " + type + "):\n" + first +
         "  low: bf16[8] = aten._to_copy.default(a, dtype=torch.bfloat16)\n"
         "  one: f32[8] = aten._to_copy.default(low, dtype=torch.float32)\n" +
         (merged ? "" : "  other: f32[8] = aten._to_copy.default(low, dtype=torch.float32)\n") +
         "  sum: f32[8] = aten.add.Tensor(one, " + (merged ? "one" : "other") +
         ")\n  return (low, one, sum)\n";
}

const std::vector<float> kEight = {0.3f, -1.7f, 2.2f, 1.1f, -0.9f, 3.3f, 0.7f, -2.6f};

}  // namespace

TEST_CASE("low precision on the way makes noise in gradients of float64, too") {
  const std::string first = "  a: f64[8] = aten.mul.Tensor(x, 1.7)\n";
  const RunValue x = tensor<double>({8}, {kEight.begin(), kEight.end()}, DType::float64);
  const Verdict verdict = exact(casts("f64[8]", first, false), casts("f64[8]", first, true), x);
  INFO(verdict.detail);
  CHECK(verdict.judgement == Judgement::pass);
}

TEST_CASE("a program that draws has a float64 run to go by, of the same numbers") {
  const std::string first = "  r: f32[8] = aten.rand_like.default(x)\n"
                            "  a: f32[8] = aten.mul.Tensor(x, r)\n";
  const Verdict verdict =
      exact(casts("f32[8]", first, false), casts("f32[8]", first, true), floats({8}, kEight));
  INFO(verdict.detail);
  CHECK(verdict.judgement == Judgement::pass);
  const std::string other = "  r: f32[8] = aten.rand_like.default(x)\n"
                            "  h: f32[8] = aten.mul.Tensor(r, 1.2)\n"
                            "  a: f32[8] = aten.mul.Tensor(x, h)\n";
  CHECK(exact(casts("f32[8]", first, false), casts("f32[8]", other, false), floats({8}, kEight))
            .judgement == Judgement::fail);
}

TEST_CASE("terms that cancel are the same in float64 where a pass is exact") {
  const auto lines = [](bool sooner) {
    const std::string lerp = "  lerp: f32[1] = aten.lerp.Scalar(x, y, 0.25)\n";
    return "graph(x: f32[1]):\n  y: f32[1] = aten.add.Tensor(x, 10)\n" + (sooner ? lerp : "") +
           "  mean: f32[1] = aten.mean.dim(x, [-1], True)\n"
           "  sub: f32[1] = aten.sub.Tensor(x, mean)\n"
           "  mul: f32[1] = aten.mul.Tensor(sub, 316.2278)\n" +
           (sooner ? "" : lerp) + "  return (lerp, mul)\n";
  };
  const Verdict verdict = exact(lines(true), lines(false), floats({1}, {0.7f}));
  INFO(verdict.detail);
  CHECK(verdict.judgement == Judgement::pass);
}

TEST_CASE("gradients that are no numbers are not compared, and the verdict says how many") {
  const std::string once = "graph(x: f32[4]):\n  a: f32[4] = aten.reciprocal.default(x)\n"
                           "  c: f32[4] = aten.neg.default(a)\n  return (a, c)\n";
  const std::string twice = "graph(x: f32[4]):\n  a: f32[4] = aten.reciprocal.default(x)\n"
                            "  b: f32[4] = aten.reciprocal.default(x)\n"
                            "  c: f32[4] = aten.neg.default(b)\n  return (a, c)\n";
  const Verdict verdict = exact(twice, once, floats({4}, {0.0f, 1.0f, -0.0f, 2.0f}));
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.detail.find("are infinite or NaN in the original") != std::string::npos);
}
