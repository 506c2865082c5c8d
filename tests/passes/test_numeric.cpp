// The numeric verifier: what it lets through, what it catches, and what it says about it.
#include <cmath>

#include "programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Options = std::vector<Host::GivenOption>;
const float kNan = std::nanf("");

Verdict verify(const TestProgram& reference, const TestProgram& candidate,
               Promise promise = Promise::exact, const Options& options = {}) {
  const auto verifier = shipped().create_verifier("numeric", options);
  Outcome outcome;
  return verifier->verify("pass", promise, reference.handle(), candidate.handle(), outcome);
}

// A program of one input x: f32[4] and the given lines, returning `out`.
TestProgram program(const std::string& lines, std::vector<LoadedSample> samples) {
  return TestProgram("graph(x: f32[4]):\n" + lines + "\n  return (out,)\n", std::move(samples));
}
std::vector<LoadedSample> sample() {
  return {{{floats({4}, {0.5f, -1.5f, 2.25f, 1e-3f})}, {}}};
}

}  // namespace

TEST_CASE("equal programs pass on the sample and on random inputs") {
  const std::string lines = "  out: f32[4] = aten.sin.default(x)";
  const Verdict verdict = verify(program(lines, sample()), program(lines, sample()));
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.verifier == "numeric");
  CHECK(verdict.max_abs == 0);
  CHECK(verdict.comparisons == 4);
  CHECK(verdict.reference == "original program");
}

TEST_CASE("an exact promise is held to equal bits, a tolerant one to tolerances") {
  const TestProgram reference = program("  out: f32[4] = aten.mul.Tensor(x, 0.1)", sample());
  const TestProgram candidate = program("  out: f32[4] = aten.div.Tensor(x, 9.999999)", sample());
  CHECK(verify(reference, candidate).judgement == Judgement::fail);
  CHECK(verify(reference, candidate, Promise::exact, {{"bitwise", "false", "test"}}).judgement ==
        Judgement::pass);
  const Verdict tolerant = verify(reference, candidate, Promise::tolerant);
  CHECK(tolerant.judgement == Judgement::pass);
  CHECK(tolerant.max_abs > 0);
  CHECK(tolerant.max_rel == Approx(1e-7).margin(2e-7));
  CHECK(tolerant.allowed > 0);
  const Options strict = {{"rtol", "0", "test"}, {"atol", "0", "test"}};
  CHECK(verify(reference, candidate, Promise::tolerant, strict).judgement == Judgement::fail);
}

TEST_CASE("a wrong element is named") {
  const TestProgram reference = program("  out: f32[4] = aten.mul.Tensor(x, 1.0)", sample());
  const TestProgram candidate(
      "graph(c: f32[4] = tensor_constant 'c' value=[0.0, 0.0, 0.5, 0.0], x: f32[4]):\n"
      "  out: f32[4] = aten.add.Tensor(x, c)\n  return (out,)\n",
      sample());
  const Verdict verdict =
      verify(reference, candidate, Promise::tolerant, {{"random_sets", "0", "test"}});
  CHECK(verdict.judgement == Judgement::fail);
  CHECK(verdict.max_abs == Approx(0.5));
  CHECK(verdict.output == 0);
  CHECK(verdict.element == 2);
  CHECK(verdict.inputs == "sample 0");
  CHECK_THAT(verdict.detail, contains("output 0 (out)[2] is 2.75"));
  CHECK_THAT(verdict.detail, contains("says 2.25; 1 of 4 elements"));
}

TEST_CASE("NaN and infinities must match in place") {
  const std::vector<LoadedSample> with_nan = {{{floats({4}, {kNan, 1, INFINITY, -INFINITY})}, {}}};
  const TestProgram reference = program("  out: f32[4] = aten.mul.Tensor(x, 1.0)", with_nan);
  const Options sample_only = {{"random_sets", "0", "test"}};
  CHECK(verify(reference, program("  out: f32[4] = aten.mul.Tensor(x, 1.0)", with_nan)).judgement ==
        Judgement::pass);

  const Verdict moved =
      verify(reference, program("  out: f32[4] = aten.flip.default(x, [0])", with_nan),
             Promise::tolerant, sample_only);
  CHECK(moved.judgement == Judgement::fail);
  CHECK(std::isinf(moved.max_abs));
  const Verdict sign = verify(reference, program("  out: f32[4] = aten.abs.default(x)", with_nan),
                              Promise::tolerant, sample_only);
  CHECK(sign.judgement == Judgement::fail);
  CHECK(sign.element == 3);
}

TEST_CASE("-0.0 is not 0.0 for an exact promise, and is for a tolerant one") {
  const TestProgram reference = program("  out: f32[4] = aten.mul.Tensor(x, 0.0)", sample());
  const TestProgram candidate = program("  out: f32[4] = aten.mul.Tensor(x, -0.0)", sample());
  const Verdict exact = verify(reference, candidate);
  CHECK(exact.judgement == Judgement::fail);
  CHECK(exact.max_abs == 0);
  CHECK_THAT(exact.detail, contains("4 of 4"));
  CHECK(verify(reference, candidate, Promise::tolerant).judgement == Judgement::pass);
}

TEST_CASE("integers must be equal, also where doubles cannot tell them apart") {
  const auto ints = [](const std::string& add) {
    return TestProgram(
        "graph(x: i64[2]):\n  out: i64[2] = aten.add.Tensor(x, " + add + ")\n  return (out,)\n",
        {{{integers({2}, {3, 9007199254740993})}, {}}});
  };
  const Verdict verdict = verify(ints("0"), ints("1"), Promise::tolerant,
                                 {{"rtol", "1", "test"}, {"atol", "10", "test"}});
  CHECK(verdict.judgement == Judgement::fail);
  CHECK(verdict.max_abs == 1);
  CHECK(verify(ints("1"), ints("1")).judgement == Judgement::pass);
}

TEST_CASE("another shape, dtype or number of outputs fails") {
  const TestProgram reference = program("  out: f32[4] = aten.sin.default(x)", sample());
  const Verdict shape = verify(
      reference,
      program(
          "  sin: f32[4] = aten.sin.default(x)\n  out: f32[2, 2] = aten.view.default(sin, [2, 2])",
          sample()));
  CHECK(shape.judgement == Judgement::fail);
  CHECK_THAT(shape.detail, contains("shape [2, 2] instead of [4]"));
  const Verdict dtype = verify(
      reference,
      program(
          "  sin: f32[4] = aten.sin.default(x)\n  out: f64[4] = aten.to.dtype(sin, torch.float64)",
          sample()));
  CHECK(dtype.judgement == Judgement::fail);
  CHECK_THAT(dtype.detail, contains("dtype float64 instead of float32"));
  const Verdict count = verify(
      reference,
      TestProgram("graph(x: f32[4]):\n  out: f32[4] = aten.sin.default(x)\n  return (out, x)\n",
                  sample()));
  CHECK(count.judgement == Judgement::fail);
  CHECK_THAT(count.detail, contains("2 outputs instead of 1"));
}

TEST_CASE("a program that does not run where the original does fails") {
  const Verdict verdict = verify(program("  out: f32[4] = aten.sin.default(x)", sample()),
                                 program("  out: f32[4] = aten.view.default(x, [7])", sample()));
  CHECK(verdict.judgement == Judgement::fail);
  CHECK(verdict.inputs == "sample 0");
  CHECK_THAT(verdict.detail, contains("does not run on sample 0"));
}

TEST_CASE("eager outputs decide for the samples that have them") {
  std::vector<LoadedSample> right = sample(), wrong = sample();
  right[0].eager_outputs = {floats({4}, {1.5f, -0.5f, 3.25f, 1.001f})};
  wrong[0].eager_outputs = {floats({4}, {1.5f, -0.5f, 3.25f, 2.0f})};
  const std::string lines = "  out: f32[4] = aten.add.Tensor(x, 1.0)";
  const Verdict good = verify(program(lines, right), program(lines, right), Promise::tolerant);
  CHECK(good.judgement == Judgement::pass);
  CHECK(good.reference == "eager outputs and original program");

  const Verdict bad = verify(program(lines, wrong), program(lines, wrong));
  CHECK(bad.judgement == Judgement::fail);
  CHECK(bad.reference == "eager outputs");
  CHECK(bad.inputs == "sample 0");
  CHECK(bad.element == 3);
}

TEST_CASE("programs that draw random numbers get the same seed") {
  const std::string lines = "  out: f32[4] = aten.dropout.default(x, 0.5, True)";
  const Verdict verdict = verify(program(lines, sample()), program(lines, sample()));
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.reference == "original program");
}

TEST_CASE("a program that writes its input does not spoil it for the next run") {
  const std::string lines = "  out: f32[4] = aten.add_.Tensor(x, 1.0)";
  std::vector<LoadedSample> with_eager = sample();
  with_eager[0].eager_outputs = {floats({4}, {1.5f, -0.5f, 3.25f, 1.001f})};
  const Verdict verdict = verify(program(lines, with_eager), program(lines, with_eager));
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.comparisons == 4);
}

TEST_CASE("random indices stay within what the sample shows") {
  const auto embedding = [] {
    return TestProgram(
        "graph(w: f32[3, 2] = parameter 'w' value=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], x: "
        "i64[4]):\n"
        "  out: f32[4, 2] = aten.embedding.default(w, x)\n  return (out,)\n",
        {{{integers({4}, {0, 2, 1, 2})}, {}}});
  };
  const Verdict verdict =
      verify(embedding(), embedding(), Promise::exact, {{"random_sets", "20", "test"}});
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.comparisons == 21);
}

TEST_CASE("16-bit floats are decoded, and their layout does not matter") {
  const auto half = [](const std::string& dtype, const std::string& short_name,
                       const std::string& add) {
    return TestProgram("graph(x: f32[2, 2]):\n  add: f32[2, 2] = aten.add.Tensor(x, " + add +
                           ")\n  to: " + short_name + "[2, 2] = aten.to.dtype(add, torch." + dtype +
                           ")\n  out: " + short_name +
                           "[2, 2][1, 2] = aten.transpose.int(to, 0, 1)\n  return (out,)\n",
                       {{{floats({2, 2}, {1, 2, 3, 4})}, {}}});
  };
  const auto [dtype, name] = GENERATE(std::pair{"bfloat16", "bf16"}, std::pair{"float16", "f16"});
  CHECK(verify(half(dtype, name, "0.0"), half(dtype, name, "0.0")).judgement == Judgement::pass);
  const Verdict off = verify(half(dtype, name, "0.0"), half(dtype, name, "2.0"), Promise::tolerant,
                             {{"random_sets", "0", "test"}});
  CHECK(off.judgement == Judgement::fail);
  CHECK(off.max_abs == 2);
  CHECK(off.max_rel == 2);
}

TEST_CASE("without inputs to run on, the verifier is unable to judge") {
  const std::string lines = "  out: f32[4] = aten.sin.default(x)";
  const Verdict verdict = verify(program(lines, {}), program(lines, {}), Promise::exact,
                                 {{"random_sets", "0", "test"}});
  CHECK(verdict.judgement == Judgement::unable);
  CHECK(verdict.comparisons == 0);
  // Made up from the recorded types.
  CHECK(verify(program(lines, {}), program(lines, {})).comparisons == 3);
}

TEST_CASE(
    "one verifier judges several candidates against one original, and then another original") {
  const auto verifier = shipped().create_verifier("numeric", {});
  const TestProgram sine = program("  out: f32[4] = aten.sin.default(x)", sample());
  const TestProgram cosine = program("  out: f32[4] = aten.cos.default(x)", sample());
  Outcome outcome;
  const auto judgement = [&](const TestProgram& reference, const TestProgram& candidate) {
    return verifier->verify("pass", Promise::exact, reference.handle(), candidate.handle(), outcome)
        .judgement;
  };
  CHECK(judgement(sine, sine) == Judgement::pass);
  CHECK(judgement(sine, cosine) == Judgement::fail);
  CHECK(judgement(cosine, cosine) == Judgement::pass);
  CHECK(judgement(cosine, sine) == Judgement::fail);
  CHECK(judgement(sine, sine) == Judgement::pass);
}

TEST_CASE("what is not exact is held to the original's own noise, where float64 tells it") {
  const auto normalized = [](const std::string& eps) {
    return program("  out: f32[4] = aten.layer_norm.default(x, [4], None, None, " + eps + ", False)",
                   sample());
  };
  const Verdict other = verify(normalized("1e-05"), normalized("1e-06"), Promise::tolerant);
  CHECK(other.judgement == Judgement::fail);
  CHECK(other.rule == "noise floor");
  CHECK(verify(normalized("1e-05"), normalized("1e-06"), Promise::tolerant,
               {{"policy", "tolerance", "test"}})
            .judgement == Judgement::pass);
  CHECK(verify(normalized("1e-05"), normalized("1e-06"), Promise::tolerant,
               {{"factor", "100000", "test"}})
            .judgement == Judgement::pass);
}

TEST_CASE("an ill-conditioned program is allowed what it does to itself") {
  // sin of large numbers: a rounding of the argument moves the result by as much as it likes.
  const auto wave = [](const std::string& argument) {
    return program(argument + "\n  out: f32[4] = aten.sin.default(b)",
                   {{{floats({4}, {10.1f, 20.2f, 30.3f, 40.4f})}, {}}});
  };
  const TestProgram original = wave("  a: f32[4] = aten.mul.Tensor(x, 0.3)\n"
                                    "  b: f32[4] = aten.mul.Tensor(a, 3000.0)");
  const TestProgram other = wave("  b: f32[4] = aten.mul.Tensor(x, 900.0)");
  const Verdict verdict =
      verify(original, other, Promise::tolerant, {{"random_sets", "0", "test"}});
  CHECK(verdict.max_abs > 1e-5);
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verify(original, other, Promise::tolerant,
               {{"random_sets", "0", "test"}, {"policy", "tolerance", "test"}})
            .judgement == Judgement::fail);
}

TEST_CASE("programs that draw random numbers have a noise floor: float64 draws the same") {
  const std::string lines =
      "  r: f32[4] = aten.rand_like.default(x)\n  out: f32[4] = aten.mul.Tensor(r, ";
  const Verdict verdict = verify(program(lines + "1.0)", sample()),
                                 program(lines + "1.00001)", sample()), Promise::tolerant);
  CHECK(verdict.judgement == Judgement::fail);
  CHECK(verdict.rule == "noise floor");
  CHECK(verify(program(lines + "0.3)", sample()),
               program("  r: f32[4] = aten.rand_like.default(x)\n"
                       "  h: f32[4] = aten.mul.Tensor(r, 3.0)\n"
                       "  out: f32[4] = aten.mul.Tensor(h, 0.1)", sample()), Promise::tolerant)
            .judgement == Judgement::pass);
}

TEST_CASE("random numbers that are written in place are others in float64: tolerance decides") {
  const std::string lines =
      "  c: f32[4] = aten.mul.Tensor(x, 0.0)\n  r: f32[4] = aten.uniform_.default(c)\n"
      "  out: f32[4] = aten.mul.Tensor(r, ";
  const Verdict verdict = verify(program(lines + "1.0)", sample()),
                                 program(lines + "1.00001)", sample()), Promise::tolerant);
  CHECK(verdict.judgement == Judgement::pass);
  CHECK(verdict.rule == "tolerance");
}

TEST_CASE("edge sets fail what promises to be exact, and are reported of what does not") {
  const TestProgram original = program("  out: f32[4] = aten.mul.Tensor(x, 0.0)", sample());
  const TestProgram folded = program("  out: f32[4] = aten.zeros_like.default(x)", sample());
  const auto judge = [&](Promise promise, const Options& options) {
    const auto verifier = shipped().create_verifier("numeric", options);
    Outcome outcome;
    const Verdict verdict =
        verifier->verify("pass", promise, original.handle(), folded.handle(), outcome);
    return std::pair(verdict, outcome.notes);
  };
  const auto [tolerant, notes] = judge(Promise::tolerant, {});
  CHECK(tolerant.judgement == Judgement::pass);
  REQUIRE(notes.size() == 1);
  INFO(notes[0].what);
  CHECK(notes[0].what.find("on edge set: infinities (seed 0)") != std::string::npos);
  CHECK(judge(Promise::tolerant, {{"edge", "off", "test"}}).second.empty());
  const auto [strict, none] = judge(Promise::tolerant, {{"edge", "fail", "test"}});
  CHECK(strict.judgement == Judgement::fail);
  CHECK(strict.inputs.starts_with("edge set: "));
}
