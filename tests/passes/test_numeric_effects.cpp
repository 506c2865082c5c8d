// The numeric verifier on programs that change something: what a pass gets wrong about effects is
// caught, by the structural checks or by what the runs leave behind.
#include "graph/text.hpp"
#include "programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

std::vector<LoadedSample> sample() { return {{{floats({2}, {0.5f, -1.5f})}, {}}}; }

Verdict verify(const TestProgram& reference, const TestProgram& candidate,
               Promise promise = Promise::exact) {
  Outcome outcome;
  return shipped()
      .create_verifier("numeric", {})
      ->verify("pass", promise, reference.handle(), candidate.handle(), outcome);
}

// What the runner does after a pass: structural checks, then the verifier. Empty: all is well.
std::string caught(const std::string& text, const std::string& edit, const std::string& node,
                   const std::string& other = "") {
  static const Host host = [] {
    Search search;
    search.plugin_dirs = {FETTLE_WRONG_EDIT_PLUGIN};
    return Host(search);
  }();
  const TestProgram original(text, sample());
  const auto graph = graph_of(text);
  const OutputAliases aliases(*graph, AliasClasses(*graph));
  Journal journal(*graph);
  AnalysisManager analyses(*graph);
  Outcome outcome;
  host.create_pass("wrong_edit", {{"edit", edit, ""}, {"node", node, ""}, {"other", other, ""}})
      ->transform(journal, analyses, outcome);
  try {
    check(*graph);
    check_schemas(*graph);
    aliases.check(*graph, AliasClasses(*graph));
  } catch (const Error& error) {
    return error.what();
  }
  const auto samples = std::make_shared<const std::vector<LoadedSample>>(sample());
  const ProgramHandle candidate("test", *graph, samples, Device{});
  const Verdict verdict =
      shipped()
          .create_verifier("numeric", {})
          ->verify("wrong_edit", Promise::exact, original.handle(), candidate, outcome);
  return verdict.judgement == Judgement::pass ? "" : verdict.place + ": " + verdict.detail;
}

}  // namespace

TEST_CASE("a dropped update of a buffer that no output shows") {
  const std::string found = caught(R"(
    graph(b: i64[] = buffer 'bn.num_batches_tracked' value=7, x: f32[2]):
      add_: i64[] = aten.add_.Tensor(b, 1)
      out: f32[2] = aten.sin.default(x)
      return (out,))",
                                   "drop", "add_");
  CHECK_THAT(found, contains("buffer 'bn.num_batches_tracked' after the run: "));
  CHECK_THAT(found, contains("buffer 'bn.num_batches_tracked'[] after the run is 7, original "
                             "program says 8"));
}

TEST_CASE("dropped running statistics") {
  const std::string found = caught(R"(
    graph(m: f32[1] = buffer 'mean' value=[0.0], v: f32[1] = buffer 'var' value=[1.0], x: f32[2]):
      view: f32[2, 1] = aten.view.default(x, [2, 1])
      norm: f32[2, 1] = aten.batch_norm.default(view, None, None, m, v, True, 0.1, 1e-05, True)
      out: f32[2] = aten.sin.default(x)
      return (out,))",
                                   "drop", "norm");
  CHECK_THAT(found, contains("buffer 'mean'"));
}

TEST_CASE("a read moved across a write") {
  CHECK(caught(R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], x: f32[2]):
      read: f32[2] = aten.mul.Tensor(b, 2.0)
      add_: f32[2] = aten.add_.Tensor(b, x)
      out: f32[2] = aten.add.Tensor(read, x)
      return (out,))",
               "move", "add_", "read") != "");
}

TEST_CASE("two copies through views that overlap, swapped") {
  const std::string found = caught(R"(
    graph(b: f32[3] = buffer 'b' value=[1.0, 2.0, 3.0], x: f32[2]):
      low: f32[2] = aten.slice.Tensor(b, 0, 0, 2)
      high: f32[2] = aten.slice.Tensor(b, 0, 1, 3)
      cos: f32[2] = aten.cos.default(x)
      copy_: f32[2] = aten.copy_.default(low, x)
      copy__1: f32[2] = aten.copy_.default(high, cos)
      out: f32[2] = aten.sin.default(x)
      return (out,))",
                                   "move", "copy__1", "copy_");
  CHECK_THAT(found, contains("buffer 'b'[1] after the run"));
}

TEST_CASE("two reads around a write, merged") {
  CHECK(caught(R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], x: f32[2]):
      sin: f32[2] = aten.sin.default(b)
      add_: f32[2] = aten.add_.Tensor(b, x)
      sin_1: f32[2] = aten.sin.default(b)
      out: f32[2] = aten.sub.Tensor(sin, sin_1)
      return (out,))",
               "merge", "sin_1", "sin") != "");
}

TEST_CASE("two draws of random numbers, merged") {
  CHECK(caught(R"(
    graph(x: f32[2]):
      rand: f32[2] = aten.rand_like.default(x)
      rand_1: f32[2] = aten.rand_like.default(x)
      out: f32[2] = aten.sub.Tensor(rand, rand_1)
      return (out,))",
               "merge", "rand_1", "rand") != "");
}

TEST_CASE("a write to an input that no output shows") {
  CHECK_THAT(caught(R"(
    graph(x: f32[2]):
      out: f32[2] = aten.sin.default(x)
      add_: f32[2] = aten.add_.Tensor(x, 1.0)
      return (out,))",
                    "drop", "add_"),
             contains("user input 'x'"));
}

TEST_CASE("the same edits where they change nothing pass") {
  CHECK(caught(R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], c: f32[2] = buffer 'c' value=[1.0, 2.0], x: f32[2]):
      read: f32[2] = aten.mul.Tensor(c, 2.0)
      add_: f32[2] = aten.add_.Tensor(b, x)
      out: f32[2] = aten.add.Tensor(read, x)
      return (out,))",
               "move", "add_", "read") == "");
  // A buffer that may be written, and is not: dropping the call leaves it as it was.
  CHECK(caught(R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], x: f32[2]):
      add_: f32[2] = aten.add_.Tensor(b, 0.0)
      out: f32[2] = aten.sin.default(x)
      return (out,))",
               "drop", "add_") == "");
}

TEST_CASE("a buffer taken for a constant shows in the second call alone") {
  const TestProgram original(R"(
    graph(b: f32[] = buffer 'count' value=0.0, x: f32[2]):
      old: f32[] = aten.add.Tensor(b, 0.0)
      add_: f32[] = aten.add_.Tensor(b, 1.0)
      out: f32[2] = aten.add.Tensor(x, old)
      return (out,))",
                             sample());
  const TestProgram folded(R"(
    graph(b: f32[] = buffer 'count' value=0.0, old: f32[] = tensor_constant 'old' value=0.0,
          x: f32[2]):
      add_: f32[] = aten.add_.Tensor(b, 1.0)
      out: f32[2] = aten.add.Tensor(x, old)
      return (out,))",
                           sample());
  CHECK(verify(original, original).judgement == Judgement::pass);
  const Verdict verdict = verify(original, folded);
  CHECK(verdict.judgement == Judgement::fail);
  CHECK_THAT(verdict.inputs, contains("second call"));
}

TEST_CASE("outputs that update a buffer are what the buffer holds afterwards") {
  const auto program = [](const char* update) {
    return TestProgram(std::string(R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], x: f32[2]):
      sum: f32[2] = aten.add.Tensor(b, x)
      out: f32[2] = aten.sin.default(x)
      return (out, )") + update + " -> buffer_mutation 'b')",
                       sample());
  };
  CHECK(verify(program("sum"), program("sum")).judgement == Judgement::pass);
  const Verdict verdict = verify(program("sum"), program("b"));
  CHECK(verdict.judgement == Judgement::fail);
  CHECK(verdict.place == "buffer 'b' after the run");
}

TEST_CASE("gradients are held to the original's") {
  const auto program = [](const char* gradient) {
    return TestProgram(std::string(R"(
    graph(p: f32[2] = parameter 'w' value=[3.0, 4.0], x: f32[2]):
      mul: f32[2] = aten.mul.Tensor(p, x)
      neg: f32[2] = aten.neg.default(x)
      loss: f32[] = aten.sum.default(mul)
      return (loss -> loss_output, )") + gradient + " -> gradient_to_parameter 'w')",
                       sample());
  };
  CHECK(verify(program("x"), program("x")).judgement == Judgement::pass);
  const Verdict verdict = verify(program("x"), program("neg"));
  CHECK(verdict.judgement == Judgement::fail);
  CHECK_THAT(verdict.detail, contains("gradient of parameter 'w'"));
}

TEST_CASE("what the eager model changed is compared, and all that it did not change") {
  const std::string text = R"(
    graph(b: f32[2] = buffer 'b' value=[1.0, 2.0], c: f32[] = buffer 'c' value=5.0, x: f32[2]):
      add_: f32[2] = aten.add_.Tensor(b, 1.0)
      out: f32[2] = aten.mul.Tensor(x, 2.0)
      return (out,))";
  const auto with = [&](std::vector<LoadedEffect> effects) {
    auto samples = sample();
    samples[0].eager_outputs = {floats({2}, {1.0f, -3.0f})};
    samples[0].eager_effects = std::move(effects);
    return TestProgram(text, std::move(samples));
  };
  const LoadedEffect b{{EffectKind::buffer, "b"}, floats({2}, {2, 3})};
  const LoadedEffect wrong{{EffectKind::buffer, "b"}, floats({2}, {2, 4})};
  const LoadedEffect c{{EffectKind::buffer, "c"}, floats({}, {6})};
  const TestProgram right = with({b});
  CHECK(verify(right, right, Promise::tolerant).judgement == Judgement::pass);
  const TestProgram other_value = with({wrong}), one_more = with({b, c}), none = with({});
  const Verdict other = verify(other_value, other_value, Promise::tolerant);
  CHECK(other.judgement == Judgement::fail);
  CHECK(other.reference == "eager outputs");
  CHECK_THAT(other.detail, contains("buffer 'b'[1] after the run is 3, eager outputs say 4"));
  CHECK_THAT(verify(one_more, one_more, Promise::tolerant).place, contains("buffer 'c'"));
  CHECK_THAT(verify(none, none, Promise::tolerant).place, contains("buffer 'b'"));
}

TEST_CASE("memory that nobody initialized gives no false alarm, and hides nothing else") {
  const auto program = [](const char* dead, const char* number) {
    return TestProgram(std::string("graph(x: f32[2]):\n  empty: f32[2] = aten.empty_like.default(x)\n") +
                           dead + "  cat: f32[4] = aten.cat.default([empty, x])\n"
                           "  out: f32[4] = aten.mul.Tensor(cat, " + number + ")\n"
                           "  whole: f32[2] = aten.add.Tensor(empty, 1.0)\n  return (out, whole)\n",
                       sample());
  };
  const TestProgram original = program("  dead: f32[2] = aten.sin.default(x)\n", "2.0");
  const Verdict same = verify(original, program("", "2.0"));
  CHECK(same.judgement == Judgement::pass);
  CHECK_THAT(same.detail, contains("16 of 24 elements depend on memory that nobody initialized"));
  const Verdict wrong = verify(original, program("", "3.0"));
  CHECK(wrong.judgement == Judgement::fail);
  CHECK(wrong.element >= 2);
  // Zeros where the original has garbage are as good.
  const TestProgram zeros(
      "graph(x: f32[2]):\n  zero: f32[2] = aten.zeros_like.default(x)\n"
      "  cat: f32[4] = aten.cat.default([zero, x])\n  out: f32[4] = aten.mul.Tensor(cat, 2.0)\n"
      "  whole: f32[2] = aten.add.Tensor(zero, 1.0)\n  return (out, whole)\n",
      sample());
  CHECK(verify(original, zeros).judgement == Judgement::pass);
}
