// Costs on small graphs, with numbers worked out by hand.
#include "analysis/cost.hpp"

#include "analysis/einsum_flops.hpp"
#include "graph/programs.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct Counted {
  explicit Counted(std::string_view text, std::optional<SymbolValues> sizes = std::nullopt)
      : graph(program(text)),
        storages((bind_schemas(*graph, "test"), *graph)),
        costs(*graph, storages, std::move(sizes)) {}
  std::unique_ptr<Graph> graph;
  Storages storages;
  Costs costs;

  CallCost of(std::string_view name) const { return costs.of(node(*graph, name)); }
  CostKind kind(std::string_view name) const { return costs.kind(node(*graph, name)); }
  bool unknown(std::string_view name) const { return costs.unknown(node(*graph, name)); }
};

void check_cost(const CallCost& cost, std::int64_t flops, std::int64_t ops, std::int64_t read,
                std::int64_t written) {
  CHECK(cost.flops == flops);
  CHECK(cost.element_ops == ops);
  CHECK(cost.bytes_read == read);
  CHECK(cost.bytes_written == written);
}

}  // namespace

TEST_CASE("products of matrices count two flops for each multiplication with an addition") {
  const Counted c(R"(
    graph(a: f32[3, 4], b: f32[4, 5], bias: f32[5], w: f32[7, 4], p: f32[2, 3, 4],
          q: f32[2, 4, 5], v: f32[4], r: f32[6, 1, 3, 4]):
      mm: f32[3, 5] = aten.mm.default(a, b)
      addmm: f32[3, 5] = aten.addmm.default(bias, a, b)
      bmm: f32[2, 3, 5] = aten.bmm.default(p, q)
      linear: f32[2, 3, 7] = aten.linear.default(p, w)
      matmul: f32[6, 2, 3, 5] = aten.matmul.default(r, q)
      mv: f32[3] = aten.mv.default(a, v)
      dot: f32[] = aten.dot.default(v, v)
      return (mm, addmm, bmm, linear, matmul, mv, dot))");
  // 3 * 5 results of 4 products; reads 12 and 20 elements, writes 15.
  check_cost(c.of("mm"), 2 * 3 * 5 * 4, 0, (12 + 20) * 4, 15 * 4);
  CHECK(c.of("mm").intensity() == Approx(120.0 / 188));
  check_cost(c.of("addmm"), 120, 0, (5 + 12 + 20) * 4, 60);
  check_cost(c.of("bmm"), 2 * 120, 0, (24 + 40) * 4, 30 * 4);
  check_cost(c.of("linear"), 2 * 2 * 3 * 7 * 4, 0, (24 + 28) * 4, 42 * 4);
  CHECK(c.of("matmul").flops == 2 * (6 * 2 * 3 * 5) * 4);  // both batches broadcast
  CHECK(c.of("mv").flops == 2 * 3 * 4);
  check_cost(c.of("dot"), 2 * 4, 0, 16, 4);  // an operand given twice is read once
  CHECK(c.kind("dot") == CostKind::product);
}

TEST_CASE("convolutions count each weight once for each point") {
  const Counted c(R"(
    graph(x: f32[2, 4, 8, 8], w: f32[6, 2, 3, 3], one: f32[4, 8, 8], t: f32[4, 3, 2, 2]):
      conv: f32[2, 6, 6, 6] = aten.conv2d.default(x, w, None, [1, 1], [0, 0], [1, 1], 2)
      single: f32[6, 6, 6] = aten.conv2d.default(one, w, None, [1, 1], [0, 0], [1, 1], 2)
      up: f32[2, 3, 16, 16] = aten.conv_transpose2d.input(x, t, None, [2, 2])
      general: f32[2, 3, 16, 16] = aten.convolution.default(x, t, None, [2, 2], [0, 0], [1, 1],
                                                            True, [0, 0], 1)
      grads: (gx: f32[2, 4, 8, 8], gw: f32[6, 2, 3, 3], gb: f32[6]) =
          aten.convolution_backward.default(conv, x, w, [6], [1, 1], [0, 0], [1, 1], False, [0, 0],
                                            2, [True, True, True])
      return (conv, single, up, general, gx, gw, gb))");
  const std::int64_t weights = 6 * 2 * 3 * 3, points = 6 * 6;
  check_cost(c.of("conv"), 2 * 2 * points * weights, 0, (2 * 4 * 64 + weights) * 4,
             2 * 6 * points * 4);
  CHECK(c.of("single").flops == 2 * points * weights);
  // Over the input's points: each is multiplied with 3 * 2 * 2 weights of its channel.
  CHECK(c.of("up").flops == 2 * 2 * (8 * 8) * (4 * 3 * 2 * 2));
  CHECK(c.of("general").flops == c.of("up").flops);
  // The input's gradient is as much as the call itself; the weight's: torch counts all 4 channels
  // for each filter point and each of the gradient's elements, groups or not.
  CHECK(c.of("grads").flops == 2 * 2 * points * weights + 2 * (3 * 3) * 4 * (2 * 6 * points));
}

TEST_CASE("attention is two products, its gradient five") {
  const Counted c(R"(
    graph(q: f32[2, 4, 8, 16], k: f32[2, 2, 32, 16], v: f32[2, 2, 32, 24], g: f32[2, 4, 8, 24],
          l: f32[2, 4, 8]):
      a: f32[2, 4, 8, 24] = aten.scaled_dot_product_attention.default(q, k, v, enable_gqa=True)
      b: (gq: f32[2, 4, 8, 16], gk: f32[2, 2, 32, 16], gv: f32[2, 2, 32, 24]) =
          aten._scaled_dot_product_flash_attention_for_cpu_backward.default(g, q, k, v, a, l, 0.0,
                                                                            False)
      return (a, gq, gk, gv))");
  // For each of 2 * 4 heads and 8 queries: 32 products of 16, then 24 of 32.
  CHECK(c.of("a").flops == 2 * (2 * 4 * 8) * 32 * (16 + 24));
  CHECK(c.of("a").bytes_read == (2 * 4 * 8 * 16 + 2 * 2 * 32 * (16 + 24)) * 4);
  CHECK(c.of("b").flops == 2 * (2 * 4 * 8) * 32 * (3 * 16 + 2 * 24));
}

TEST_CASE("recurrent layers multiply each matrix once a step") {
  const Counted c(R"(
    graph(x: f32[5, 2, 3], h: f32[1, 2, 4], wi: f32[12, 3], wh: f32[12, 4], bi: f32[12],
          bh: f32[12]):
      gru: (y: f32[5, 2, 4], last: f32[1, 2, 4]) = aten.gru.input(x, h, [wi, wh, bi, bh], True, 1,
                                                                 0.0, False, False, False)
      return (y, last))");
  CHECK(c.of("gru").flops == 2 * (5 * 2) * (12 * 3 + 12 * 4));
}

TEST_CASE("what is no product counts one operation for each element") {
  const Counted c(R"(
    graph(x: f32[2, 6], row: f32[6], i: i64[2, 6]):
      add: f32[2, 6] = aten.add.Tensor(x, row)
      sum: f32[2] = aten.sum.dim_IntList(add, [1])
      softmax: f32[2, 6] = aten.softmax.int(add, 1)
      less: b8[2, 6] = aten.lt.Tensor(x, row)
      count: i64[2, 6] = aten.add.Tensor(i, 1)
      half: f16[2, 6] = aten.to.dtype(x, 5)
      return (sum, softmax, less, count, half))");
  check_cost(c.of("add"), 0, 12, (12 + 6) * 4, 48);
  check_cost(c.of("sum"), 0, 12, 48, 8);
  check_cost(c.of("softmax"), 0, 12, 48, 48);
  check_cost(c.of("less"), 0, 12, (12 + 6) * 4, 12);
  check_cost(c.of("count"), 0, 0, 96, 96);  // integers
  check_cost(c.of("half"), 0, 0, 48, 24);
  CHECK(c.kind("half") == CostKind::movement);
}

TEST_CASE("views cost nothing, and what may copy costs what it copies") {
  const Counted c(R"(
    graph(x: f32[4, 6]):
      t: f32[6, 4][1, 6] = aten.t.default(x)
      flat: f32[24] = aten.reshape.default(x, [24])
      copy: f32[24] = aten.reshape.default(t, [24])
      drop: f32[4, 6] = aten.dropout.default(x, 0.5, False)
      wide: f32[5, 4, 6][0, 6, 1] = aten.expand.default(x, [5, 4, 6])
      neg: f32[5, 4, 6] = aten.neg.default(wide)
      size: Sym(4) = aten.sym_size.int(x, 0)
      return (flat, copy, drop, neg))");
  for (const char* name : {"t", "flat", "drop", "wide"}) {
    check_cost(c.of(name), 0, 0, 0, 0);
    CHECK(c.kind(name) == CostKind::view);
  }
  check_cost(c.of("copy"), 0, 0, 96, 96);
  check_cost(c.of("neg"), 0, 120, 96, 480);  // the expanded dimension lies in memory once
  CHECK(c.kind("size") == CostKind::scalar);
}

TEST_CASE("writing in place writes the operand, and only what is written") {
  const Counted c(R"(
    graph(x: f32[100, 8], row: f32[3, 8], at: i64[3], table: f32[100, 8]):
      add_: f32[100, 8] = aten.add_.Tensor(x, 1.0)
      copy_: f32[100, 8] = aten.copy_.default(add_, table)
      put: f32[100, 8] = aten.index_put_.default(copy_, [at], row)
      zero_: f32[100, 8] = aten.zero_.default(put)
      emb: f32[3, 8] = aten.embedding.default(table, at)
      like: f32[100, 8] = aten.zeros_like.default(table)
      return (zero_, emb, like))");
  check_cost(c.of("add_"), 0, 800, 3200, 3200);
  check_cost(c.of("copy_"), 0, 0, 3200, 3200);  // reads the source alone
  check_cost(c.of("put"), 0, 0, 24 + 96, 96);   // 3 rows and their numbers
  check_cost(c.of("zero_"), 0, 0, 0, 3200);
  check_cost(c.of("emb"), 0, 0, 96 + 24, 96);  // 3 rows of the table
  check_cost(c.of("like"), 0, 0, 0, 3200);
}

TEST_CASE("a call of very many operands costs no more than reading them") {
  std::string text = "graph(x: f32[2], y: f32[2]):\n  cat: f32[400002] = aten.cat.default([y";
  for (int i = 0; i < 200'000; ++i) text += ", x";
  const Counted c(text + "])\n  return (cat,)");
  check_cost(c.of("cat"), 0, 0, 16, 1'600'008);
}

TEST_CASE("symbolic sizes stand at hints, or at given values") {
  constexpr const char* kProgram = R"(
    graph(x: f32[s0=3, 4], w: f32[5, 4]):
      y: f32[s0=3, 5] = aten.linear.default(x, w)
      return (y,))";
  const Counted hints(kProgram);
  CHECK(hints.costs.by_hints());
  CHECK(hints.of("y").flops == 2 * 3 * 5 * 4);
  const Counted given(kProgram, SymbolValues{{"s0", 10}});
  CHECK_FALSE(given.costs.by_hints());
  CHECK(given.of("y").flops == 2 * 10 * 5 * 4);
  const Counted other(kProgram, SymbolValues{{"s1", 10}});
  CHECK(other.unknown("y"));
  CHECK(other.costs.totals().unknown == 1);
}

TEST_CASE("what nobody knows is unknown, not nothing") {
  const Counted c(R"(
    graph(x: f32[4, 4], big: f32[3037000500, 3037000500, 4]):
      odd: f32[4, 4] = aten.cholesky.default(x)
      places: i64[u0, 2] = aten.nonzero.default(x)
      huge: f32[3037000500, 3037000500, 4] = aten.neg.default(big)
      return (odd, places, huge))");
  CHECK(c.kind("odd") == CostKind::unknown);
  check_cost(c.of("odd"), 0, 0, 64, 64);
  CHECK(c.unknown("odd"));
  CHECK(c.unknown("places"));
  CHECK(c.unknown("huge"));  // does not fit into 63 bits
  CHECK(c.costs.totals().unknown == 3);
}

TEST_CASE("nested graphs are counted once, as text") {
  const Counted c(R"(
    graph(p: b8[], x: f32[2, 2]):
      cond: [y: f32[2, 2]] = higher_order.cond(p, self.yes, self.no, [x])
        graph yes(a: f32[2, 2]):
          mm: f32[2, 2] = aten.mm.default(a, a)
          return (mm,)
        graph no(b: f32[2, 2]):
          one: f32[2, 2] = aten.mm.default(b, b)
          two: f32[2, 2] = aten.mm.default(one, b)
          return (two,)
      return (y,))");
  CHECK(c.kind("cond") == CostKind::nested);
  check_cost(c.of("cond"), 0, 0, 0, 0);
  CHECK(c.costs.totals().cost.flops == 3 * 16);
  CHECK(c.costs.totals().calls == 4);
  REQUIRE(c.costs.operators().size() == 2);
  CHECK(c.graph->text(c.costs.operators()[0].op) == "aten.mm.default");
  CHECK(c.costs.operators()[0].calls == 3);
  CHECK(c.costs.operators()[0].cost.flops == 48);
}

TEST_CASE("an einsum costs what its pairs contract") {
  using Sizes = std::vector<std::vector<std::int64_t>>;
  const auto flops = [](std::string_view equation, const Sizes& operands) {
    return einsum_flops(equation, operands).value_or(-1);
  };
  CHECK(flops("ij,jk->ik", {{2, 3}, {3, 4}}) == 2 * 2 * 3 * 4);
  CHECK(flops("ij,jk", {{2, 3}, {3, 4}}) == 48);  // the same, implied
  CHECK(flops("bhqd, bhkd -> bhqk", {{2, 4, 5, 6}, {2, 4, 7, 6}}) == 2 * 2 * 4 * 5 * 7 * 6);
  CHECK(flops("i,j->ij", {{2}, {3}}) == 0);               // contracts nothing
  CHECK(flops("ij->i", {{2, 3}}) == 0);                   // a sum
  CHECK(flops("ija,jk->ik", {{2, 3, 9}, {3, 4}}) == 48);  // `a` is summed before
  CHECK(flops("ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 5}}) == 2 * 2 * 3 * 4 + 2 * 2 * 4 * 5);
  CHECK(flops("...ij,...jk->...ik", {{7, 2, 3}, {7, 3, 4}}) == 7 * 48);
  CHECK(flops("ij,jk->ik", {{2, 3}}) == -1);
  CHECK(flops("i?,jk->ik", {{2, 3}, {3, 4}}) == -1);
}

TEST_CASE("parameters are counted, buffers are not") {
  const auto graph = parse_graph(R"(
    graph(a: f32[2, 3] = parameter 'emb' value=1.0, b: f16[3] = parameter 'bias' value=1.0,
          c: f32[2] = buffer 'mean' value=[1.0, 2.0]):
      return (a, b, c))");
  const ParameterCount count = count_parameters(*graph);
  CHECK(count.parameters == 2);
  CHECK(count.tied == 0);  // tests/python/test_cost.py has tied ones
  CHECK(count.elements == 9);
  CHECK(count.bytes == 6 * 4 + 3 * 2);
}
