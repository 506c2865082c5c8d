// The equivalence verifier: which single rewrites it can judge by themselves, and how.
#include <functional>

#include "graph/edit_recorder.hpp"
#include "host/rewrite_log.hpp"
#include "programs.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

NodeId named(const Graph& graph, std::string_view name) {
  for (std::uint32_t k = 0; k < graph.node_bound(); ++k) {
    const NodeId id(k);
    if (graph.alive(id) && graph.text(graph.node(id).name) == name) return id;
  }
  FAIL("no node " << name);
  return {};
}

// One rewrite: the call `name` becomes `op` of the same first operand.
void replace(Journal& journal, std::string_view name, std::string_view op) {
  const Graph& graph = journal.graph();
  const NodeId old = named(graph, name);
  REQUIRE(journal.begin_rewrite(old, "test"));
  NodeSpec spec;
  spec.op = graph.intern(op);
  spec.add_tensor(graph.intern("self"), graph.node(old).operands[0]);
  spec.result_forms = {{ArgKind::tensor, 1}};
  spec.result_types = {graph.value(graph.result(old)).type};
  const NodeId made = journal.create_node(std::move(spec), {.before = old});
  journal.replace_all_uses(graph.result(old), graph.result(made));
  journal.erase_node(old);
  journal.end_rewrite();
}

// One rewrite: users of one call's result take the other's.
void merge(Journal& journal, std::string_view name, std::string_view by) {
  const Graph& graph = journal.graph();
  REQUIRE(journal.begin_rewrite(named(graph, name), "test"));
  journal.replace_all_uses(graph.result(named(graph, name)), graph.result(named(graph, by)));
  journal.end_rewrite();
}

struct Judged {
  Verdict verdict;
  std::vector<Diagnostic> notes;
};

Judged judge(const std::string& text, const std::function<void(Journal&)>& pass,
             Promise promise = Promise::tolerant,
             const std::vector<Host::GivenOption>& options = {}) {
  const std::unique_ptr<Graph> original = graph_of(text), edited = original->clone();
  EditRecorder edits;
  Journal journal(*edited);
  journal.record_into(edits);
  pass(journal);
  Device device;
  device.type = "cpu";
  const RewriteLog rewrites(*original, *edited, edits, 0, journal.kept_rewrites(), device);
  const ProgramHandle reference("original", *original, nullptr, device);
  const ProgramHandle candidate("edited", *edited, nullptr, device);
  Outcome outcome;
  const auto verifier = shipped().create_verifier("equivalence", options);
  Verdict verdict =
      verifier->verify("pass", promise, reference, candidate, outcome, &rewrites);
  return {std::move(verdict), std::move(outcome.notes)};
}

Judgement judgement(const std::string& text, std::string_view name, std::string_view op,
                    Promise promise = Promise::tolerant) {
  return judge(text, [&](Journal& journal) { replace(journal, name, op); }, promise)
      .verdict.judgement;
}

std::string unary(const std::string& op) {
  return "graph(x: f32[8]):\n  a: f32[8] = " + op +
         "(x)\n  out: f32[8] = aten.neg.default(a)\n  return (out,)\n";
}

// y is never negative; the branches do not know.
std::string branches(const std::string& outside) {
  return "graph(p: b8[], x: f32[8]):\n  y: f32[8] = " + outside + R"((x)
  cond: (c: f32[8]) = higher_order.cond(p, self.yes, self.no, [y])
    graph yes(v: f32[8]):
      s: f32[8] = aten.abs.default(v)
      return (s,)
    graph no(v: f32[8]):
      n: f32[8] = aten.neg.default(v)
      return (n,)
  return (c,)
)";
}

}  // namespace

TEST_CASE("what is right near one and wrong far from it fails, as do ties") {
  CHECK(judgement(unary("aten.relu.default"), "a", "aten.relu.default") == Judgement::pass);
  CHECK(judgement(unary("aten.relu.default"), "a", "aten.relu6.default") == Judgement::fail);
  CHECK(judgement(unary("aten.square.default"), "a", "aten.abs.default") == Judgement::fail);
  const Judged capped = judge(unary("aten.relu.default"), [](Journal& journal) {
    replace(journal, "a", "aten.relu6.default");
  });
  CHECK(capped.verdict.inputs == "random set 1, magnitudes from 1e-3 to 1e3 (seed 0)");
  // floor(x + 0.5) and round(x) are the same but at ties.
  const std::string ties = R"(graph(x: f32[16]):
  h: f32[16] = aten.mul.Tensor(x, 0.5)
  a: f32[16] = aten.round.default(h)
  p: f32[16] = aten.add.Tensor(h, 0.5)
  f: f32[16] = aten.floor.default(p)
  return (a, f)
)";
  const Judged rounded = judge(ties, [](Journal& journal) { merge(journal, "a", "f"); });
  CHECK(rounded.verdict.judgement == Judgement::fail);
  CHECK(rounded.verdict.inputs == "random set 2, small integers (seed 0)");
}

TEST_CASE("edge sets fail what is exact, and anything if asked to; else they are said") {
  const auto pass = [](Journal& journal) { replace(journal, "a", "aten.nan_to_num.default"); };
  const std::string copy = unary("aten.clone.default");
  CHECK(judge(copy, pass, Promise::exact).verdict.judgement == Judgement::fail);
  CHECK(judge(copy, pass, Promise::tolerant, {{"edge", "fail", "test"}}).verdict.judgement ==
        Judgement::fail);
  const Judged said = judge(copy, pass);
  CHECK(said.verdict.judgement == Judgement::pass);
  REQUIRE(said.notes.size() == 1);
  CHECK_THAT(said.notes[0].what, contains("1 rewrite differs"));
  CHECK_THAT(said.notes[0].hint, contains("edge: fail"));
  const Judged off = judge(copy, pass, Promise::exact, {{"edge", "off", "test"}});
  CHECK(off.verdict.judgement == Judgement::pass);
  CHECK(off.notes.empty());
}

TEST_CASE("a rewrite in a nested graph is judged there") {
  const std::string text = branches("aten.neg.default");
  CHECK(judgement(text, "s", "aten.absolute.default", Promise::exact) == Judgement::pass);
  CHECK(judgement(text, "n", "aten.abs.default") == Judgement::fail);
  const Judged both = judge(text, [](Journal& journal) {
    replace(journal, "s", "aten.absolute.default");
    replace(journal, "n", "aten.negative.default");
  });
  CHECK(both.verdict.judgement == Judgement::pass);
  CHECK(both.verdict.comparisons == 2);
  CHECK(both.verdict.detail.empty());
}

TEST_CASE("what a nested graph may rely on lies around the call that owns it") {
  CHECK(judgement(branches("aten.relu.default"), "s", "aten.clone.default") == Judgement::pass);
  CHECK(judgement(branches("aten.neg.default"), "s", "aten.clone.default") == Judgement::fail);
}

TEST_CASE("a graph under autocast is not looked at without it") {
  // Products are taken in bf16 there, sums are not.
  const std::string autocast = R"(graph(x: f32[4, 4]):
  w: (c: bf16[4, 4], d: f32[4, 4]) = higher_order.wrap_with_autocast(
      'cpu', torch.bfloat16, True, False, self.body, x)
    graph body(v: f32[4, 4]):
      m: bf16[4, 4] = aten.mm.default(v, v)
      a: f32[4, 4, 1] = aten.unsqueeze.default(v, 2)
      b: f32[1, 4, 4] = aten.unsqueeze.default(v, 0)
      p: f32[4, 4, 4] = aten.mul.Tensor(a, b)
      s: f32[4, 4] = aten.sum.dim_IntList(p, [1])
      return (m, s)
  return (c, d)
)";
  const Judged judged = judge(autocast, [](Journal& journal) { merge(journal, "m", "s"); });
  CHECK(judged.verdict.judgement == Judgement::fail);
  CHECK_THAT(judged.verdict.detail, contains("dtype float32 instead of bfloat16"));
}

TEST_CASE("a loop is run on the program's own inputs alone") {
  const std::string loop = R"(graph(i: i64[], x: f32[4]):
  y: f32[4] = aten.abs.default(x)
  while_loop: (k: i64[], c: f32[4]) = higher_order.while_loop(self.more, self.body, [i, y], [])
    graph more(j: i64[], v: f32[4]):
      b: b8[] = aten.lt.Scalar(j, 3)
      return (b,)
    graph body(j: i64[], v: f32[4]):
      j1: i64[] = aten.add.Tensor(j, 1)
      a: f32[4] = aten.abs.default(v)
      w: f32[4] = aten.add.Tensor(a, 1.0)
      return (j1, w)
  return (c,)
)";
  CHECK(judgement(loop, "a", "aten.absolute.default", Promise::exact) == Judgement::pass);
  CHECK(judgement(loop, "a", "aten.clone.default") == Judgement::pass);
  CHECK(judgement(loop, "a", "aten.neg.default") == Judgement::fail);
}

TEST_CASE("calls that draw random numbers are run where both sides have the same ones") {
  const std::string draws = R"(graph(x: f32[16]):
  r: f32[16] = aten.rand_like.default(x)
  q: f32[16] = aten.rand_like.default(x)
  a: f32[16] = aten.abs.default(r)
  b: f32[16] = aten.neg.default(q)
  return (a, b)
)";
  CHECK(judgement(draws, "b", "aten.negative.default") == Judgement::pass);
  CHECK(judgement(draws, "a", "aten.clone.default") == Judgement::pass);
  CHECK(judgement(draws, "b", "aten.clone.default") == Judgement::fail);
  CHECK(judge(draws, [](Journal& journal) { merge(journal, "q", "r"); }).verdict.judgement ==
        Judgement::fail);
  CHECK(judgement(draws, "r", "aten.rand_like.default") == Judgement::unable);
}

TEST_CASE("calls may be moved, as long as nothing is written or drawn in between") {
  const std::string text = R"(graph(x: f32[4]):
  r: f32[4] = aten.rand_like.default(x)
  q: f32[4] = aten.rand_like.default(x)
  a: f32[4] = aten.abs.default(x)
  c: f32[4] = aten.clone.default(x)
  n: f32[4] = aten.neg.default(c)
  w: f32[4] = aten.add_.Tensor(c, 1.0)
  return (r, q, a, n, c)
)";
  const auto moved = [&](std::string_view call, std::string_view before) {
    return judge(text, [&](Journal& journal) {
             const Graph& graph = journal.graph();
             REQUIRE(journal.begin_rewrite(named(graph, call), "test"));
             journal.move_before(named(graph, call), named(graph, before));
             journal.end_rewrite();
           })
        .verdict.judgement;
  };
  CHECK(moved("a", "r") == Judgement::pass);
  CHECK(moved("q", "r") == Judgement::unable);
  CHECK(moved("w", "n") == Judgement::unable);
}

TEST_CASE("what is written in place cannot be looked at by itself") {
  const std::string writes = R"(graph(x: f32[4]):
  c: f32[4] = aten.clone.default(x)
  w: f32[4] = aten.add_.Tensor(c, 1.0)
  a: f32[4] = aten.abs.default(c)
  return (a,)
)";
  const Judged judged =
      judge(writes, [](Journal& journal) { replace(journal, "a", "aten.absolute.default"); });
  CHECK(judged.verdict.judgement == Judgement::unable);
  CHECK_THAT(judged.verdict.detail, contains("none of the 1 rewrites"));
  REQUIRE(judged.notes.size() == 1);
  CHECK_THAT(judged.notes[0].what, contains("rewrite 1 cannot be looked at by itself"));
  CHECK(judged.notes[0].why == "'c' is written in place");
}
