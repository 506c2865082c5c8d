// Calls that own nested graphs, run as torch's own eager implementations run them.
#include <atomic>

#include "catch.hpp"

#include "graph/checks.hpp"
#include "graph/text.hpp"
#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;


namespace {

using Floats = std::vector<float>;

std::unique_ptr<Graph> graph_of(const std::string& text) {
  auto graph = parse_graph(text, {});
  bind_schemas(*graph, "test");
  check(*graph);
  return graph;
}

std::vector<RunValue> run_text(const std::string& text, std::vector<RunValue> inputs,
                               const RunOptions& options = {}) {
  return run(*graph_of(text), std::move(inputs), options);
}

const char* kCond = R"(
  graph(x: f32[2]):
    sum_1: f32[] = aten.sum.default(x)
    gt: b8[] = aten.gt.Scalar(sum_1, 0)
    cond: (getitem: f32[2]) = higher_order.cond(gt, self.yes, self.no, [x])
      graph yes(a: f32[2]):
        neg: f32[2] = aten.neg.default(a)
        return (neg)
      graph no(b: f32[2]):
        mul: f32[2] = aten.mul.Tensor(b, b)
        return (mul)
    return (getitem))";

// Adds i to x for i = 0, 1 … n - 1.
const char* kCountTo = R"(
  graph(x: f32[2], n: i64[]):
    zero: i64[] = aten.zeros.default([], dtype=torch.int64)
    while_loop: (getitem: i64[], getitem_1: f32[2]) = higher_order.while_loop(self.more, self.body, [zero, x], [n])
      graph more(i: i64[], y: f32[2], m: i64[]):
        lt: b8[] = aten.lt.Tensor(i, m)
        return (lt)
      graph body(i: i64[], y: f32[2], m: i64[]):
        add: f32[2] = aten.add.Tensor(y, i)
        add_1: i64[] = aten.add.Tensor(i, 1)
        return (add_1, add)
    return (getitem, getitem_1))";

RunValue integer_tensor(std::int64_t value) {
  return Tensor::from_constant(tensor_data<std::int64_t>({}, {value}, DType::int64), true);
}

}  // namespace

TEST_CASE("cond runs the graph that its predicate picks, and that one only") {
  CHECK(values_of(run_text(kCond, {tensor({2}, {1, 2})})[0]) == Floats{-1, -2});
  CHECK(values_of(run_text(kCond, {tensor({2}, {-1, -2})})[0]) == Floats{1, 4});

  std::vector<std::string> seen;
  const auto graph = graph_of(kCond);
  NodeHook hook;
  hook.before = [&](NodeId node, std::span<const RunValue>) {
    seen.emplace_back(graph->text(graph->node(node).name));
  };
  RunOptions options;
  options.hook = &hook;
  run(*graph, {tensor({2}, {1, 2})}, options);
  CHECK(seen == std::vector<std::string>{"sum_1", "gt", "cond", "neg"});
}

TEST_CASE("a predicate may be a number") {
  const char* text = R"(
    graph(x: f32[s0]):
      size: Sym(s9) = aten.sym_size.int(x, 0)
      gt: SymBool(b9) = _operator.gt(size, 2)
      cond: (getitem: f32[s0]) = higher_order.cond(gt, self.yes, self.no, [x])
        graph yes(a: f32[s0]):
          neg: f32[s0] = aten.neg.default(a)
          return (neg)
        graph no(a: f32[s0]):
          alias: f32[s0] = aten.mul.Tensor(a, 3)
          return (alias)
      return (getitem))";
  CHECK(values_of(run_text(text, {tensor({3}, {1, 2, 3})})[0]) == Floats{-1, -2, -3});
  CHECK(values_of(run_text(text, {tensor({2}, {1, 2})})[0]) == Floats{3, 6});
}

TEST_CASE("while_loop carries values until its condition fails") {
  for (const std::int64_t n : {0, 1, 4}) {
    const auto outputs = run_text(kCountTo, {tensor({2}, {1, 2}), integer_tensor(n)});
    CHECK(values_of<std::int64_t>(outputs[0]) == std::vector{n});
    const auto sum = static_cast<float>(n * (n - 1) / 2);
    CHECK(values_of(outputs[1]) == Floats{1 + sum, 2 + sum});
  }
}

TEST_CASE("the results of no iteration are copies of what was carried") {
  const RunValue x = tensor({2}, {1, 2});
  const auto outputs = run_text(kCountTo, {x, integer_tensor(0)});
  CHECK_FALSE(std::get<Tensor>(outputs[1]).shares_storage(std::get<Tensor>(x)));
}

TEST_CASE("while_loop carries plain integers") {
  const auto outputs = run_text(R"(
    graph(x: f32[s0]):
      size: Sym(s9) = aten.sym_size.int(x, 0)
      while_loop: (getitem: Sym(s9), getitem_1: Sym(s9)) = higher_order.while_loop(self.more, self.body, [0, 1], [size])
        graph more(i: Sym(s9), j: Sym(s9), n: Sym(s9)):
          lt: SymBool(b9) = _operator.lt(i, n)
          return (lt)
        graph body(i: Sym(s9), j: Sym(s9), n: Sym(s9)):
          add: Sym(s9) = _operator.add(i, 1)
          mul: Sym(s9) = _operator.mul(j, 2)
          return (add, mul)
      full: f32[] = aten.add.Tensor(x, getitem_1)
      return (full))",
                                {tensor({3}, {0, 1, 2})});
  CHECK(values_of(outputs[0]) == Floats{8, 9, 10});
}

TEST_CASE("scan hands its carried value on, and stacks the rest") {
  const auto outputs = run_text(R"(
    graph(x: f32[3, 2], start: f32[2], scale: f32[]):
      scan: (getitem: f32[2], getitem_1: f32[3, 2]) = higher_order.scan(self.body, [start], [x], [scale])
        graph body(carry: f32[2], slice: f32[2], s: f32[]):
          add: f32[2] = aten.add.Tensor(carry, slice)
          mul: f32[2] = aten.mul.Tensor(add, s)
          return (add, mul)
      return (getitem, getitem_1))",
                                {tensor({3, 2}, {1, 2, 3, 4, 5, 6}), tensor({2}, {10, 20}),
                                 tensor({}, {2})});
  CHECK(values_of(outputs[0]) == Floats{19, 32});
  CHECK(values_of(outputs[1]) == Floats{22, 44, 28, 52, 38, 64});
}

TEST_CASE("map stacks what its graph makes of each slice") {
  const std::string text = R"(
    graph(x: f32[3, 2], y: f32[2]):
      map: (getitem: f32[3, 2], getitem_1: f32[3]) = higher_order.map_impl(self.body, [x], [y])
        graph body(slice: f32[2], other: f32[2]):
          add: f32[2] = aten.add.Tensor(slice, other)
          sum_1: f32[] = aten.sum.default(slice)
          return (add, sum_1)
      return (getitem, getitem_1))";
  const auto outputs = run_text(text, {tensor({3, 2}, {1, 2, 3, 4, 5, 6}), tensor({2}, {10, 20})});
  CHECK(values_of(outputs[0]) == Floats{11, 22, 13, 24, 15, 26});
  CHECK(values_of(outputs[1]) == Floats{3, 7, 11});
}

TEST_CASE("slices that differ in number, and none at all, are errors") {
  const auto failure = [](std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
    return error_of([&] {
      run_text(R"(
        graph(x: f32[s0, 1], y: f32[s1, 1]):
          map: (getitem: f32[s0, 1]) = higher_order.map_impl(self.body, [x, y], [])
            graph body(a: f32[1], b: f32[1]):
              add: f32[1] = aten.add.Tensor(a, b)
              return (add)
          return (getitem))",
               {tensor(a, Floats(static_cast<std::size_t>(a[0]))),
                tensor(b, Floats(static_cast<std::size_t>(b[0])))});
    });
  };
  CHECK_THAT(failure({2, 1}, {3, 1}), contains("operator-failed") && contains("2 and 3 slices"));
  CHECK_THAT(failure({0, 1}, {0, 1}), contains("operator-failed") && contains("no slices"));
}

TEST_CASE("autocast casts inside its graph, and not outside") {
  const auto outputs = run_text(R"(
    graph(x: f32[1, 2], w: f32[2, 2]):
      before: f32[1, 2] = aten.mm.default(x, w)
      wrap: (mm: bf16[1, 2]) = higher_order.wrap_with_autocast('cpu', torch.bfloat16, True, False, self.body, x, w)
        graph body(a: f32[1, 2], b: f32[2, 2]):
          mm: bf16[1, 2] = aten.mm.default(a, b)
          return (mm)
      off: (mm_1: f32[1, 2]) = higher_order.wrap_with_autocast('cpu', torch.bfloat16, False, False, self.plain, x, w)
        graph plain(a: f32[1, 2], b: f32[2, 2]):
          mm: f32[1, 2] = aten.mm.default(a, b)
          return (mm)
      after: f32[1, 2] = aten.mm.default(x, w)
      return (before, mm, mm_1, after))",
                                {tensor({1, 2}, {1.001f, 2}), tensor({2, 2}, {1, 0, 0, 1})});
  const auto dtype = [&](std::size_t k) { return std::get<Tensor>(outputs[k]).type().dtype; };
  CHECK(dtype(0) == DType::float32);
  CHECK(dtype(1) == DType::bfloat16);
  CHECK(dtype(2) == DType::float32);
  CHECK(dtype(3) == DType::float32);
}

TEST_CASE("in float64 nothing is cast down") {
  const auto graph = graph_of(R"(
    graph(x: f32[1, 1], w: f32[1, 1]):
      wrap: (mm: bf16[1, 1]) = higher_order.wrap_with_autocast('cpu', torch.bfloat16, True, False, self.body, x, w)
        graph body(a: f32[1, 1], b: f32[1, 1]):
          mm: bf16[1, 1] = aten.mm.default(a, b)
          return (mm)
      return (mm))");
  CompileOptions options;
  options.float64 = true;
  Executable program(*graph, options);
  const auto outputs =
      program.run(std::vector{tensor({1, 1}, {1.001f}), tensor({1, 1}, {1})}).outputs;
  CHECK(std::get<Tensor>(outputs[0]).type().dtype == DType::float64);
}

TEST_CASE("graphs that are only wrapped run once") {
  const std::vector<std::string> calls = {
      "tag_activation_checkpoint(self.body, x, use_reentrant=False)",
      "wrap_activation_checkpoint(self.body, x)",
      "invoke_subgraph(self.body, 'subgraph_0', x)",
      "strict_mode(self.body, [x])",
      "hints_wrapper(self.body, [x], {}, hints={'a': 1})",
      "wrap(self.body, x)",
      "wrap_with_set_grad_enabled(True, self.body, x)",
  };
  for (const std::string& call : calls) {
    INFO(call);
    const auto outputs = run_text("graph(x: f32[1]): w: (y: f32[1]) = higher_order." + call +
                                      " graph body(a: f32[1]): neg: f32[1] = aten.neg.default(a)"
                                      " return (neg) return (y)",
                                  {tensor({1}, {3})});
    CHECK(values_of(outputs[0]) == Floats{-3});
  }
}

TEST_CASE("graphs within graphs, and a loop inside another's body") {
  const auto outputs = run_text(R"(
    graph(x: f32[2, 2]):
      zero: f32[2] = aten.zeros.default([2])
      scan: (getitem: f32[2]) = higher_order.scan(self.outer, [zero], [x], [])
        graph outer(carry: f32[2], slice: f32[2]):
          add: f32[2] = aten.add.Tensor(carry, slice)
          while_loop: (getitem: f32[2]) = higher_order.while_loop(self.more, self.body, [add], [])
            graph more(a: f32[2]):
              max_1: f32[] = aten.max.default(a)
              gt: b8[] = aten.gt.Scalar(max_1, 4)
              return (gt)
            graph body(a: f32[2]):
              div: f32[2] = aten.div.Tensor(a, 2)
              return (div)
          return (getitem)
      return (getitem))",
                                {tensor({2, 2}, {1, 8, 2, 3})});
  CHECK(values_of(outputs[0]) == Floats{1.25f, 3.5f});  // (1, 8) -> (.5, 4) -> (2.5, 7) -> halved
}

TEST_CASE("values that nested graphs do not use last are still there afterwards") {
  const auto outputs = run_text(R"(
    graph(x: f32[2], n: i64[]):
      twice: f32[2] = aten.add.Tensor(x, x)
      cond: (getitem: f32[2], getitem_1: f32[2]) = higher_order.cond(True, self.yes, self.no, [twice, twice])
        graph yes(a: f32[2], b: f32[2]):
          neg: f32[2] = aten.neg.default(a)
          return (neg, b)
        graph no(a: f32[2], b: f32[2]):
          return (a, b)
      add: f32[2] = aten.add.Tensor(twice, getitem)
      return (add, getitem_1))",
                                {tensor({2}, {1, 2}), integer_tensor(0)});
  CHECK(values_of(outputs[0]) == Floats{0, 0});
  CHECK(values_of(outputs[1]) == Floats{2, 4});
}

TEST_CASE("what a nested graph writes is written outside it") {
  const auto outputs = run_text(R"(
    graph(x: f32[2]):
      clone: f32[2] = aten.clone.default(x)
      wrap: (y: f32[2]) = higher_order.wrap_with_set_grad_enabled(False, self.body, clone)
        graph body(a: f32[2]):
          neg_: f32[2] = aten.neg_.default(a)
          add: f32[2] = aten.add.Tensor(neg_, 1)
          return (add)
      return (clone, y))",
                                {tensor({2}, {1, 2})});
  CHECK(values_of(outputs[0]) == Floats{-1, -2});
  CHECK(values_of(outputs[1]) == Floats{0, -1});
}

TEST_CASE("a failure inside names the node and the way to it") {
  const std::string error = error_of([] {
    run_text(R"(
      graph(x: f32[s0]):
        cond: (getitem: f32[s0]) = higher_order.cond(True, self.yes, self.no, [x])
          graph yes(a: f32[s0]):
            view: f32[7] = aten.view.default(a, [7])
            return (view)
          graph no(a: f32[s0]):
            return (a)
        return (getitem))",
             {tensor({2}, {1, 2})});
  });
  CHECK_THAT(error, contains("operator-failed") && contains("cond.yes.view"));
}

TEST_CASE("an endless loop stops when its caller asks") {
  const std::atomic<bool> cancel{true};
  RunOptions options;
  options.cancel = &cancel;
  const std::string error = error_of([&] {
    run_text(R"(
      graph(x: f32[1]):
        loop: (y: f32[1]) = higher_order.while_loop(self.more, self.body, [x], [])
          graph more(a: f32[1]):
            return (True)
          graph body(a: f32[1]):
            return (a)
        return (y))",
             {tensor({1}, {1})}, options);
  });
  CHECK_THAT(error, contains("run-cancelled"));
}

TEST_CASE("autocast for a device type that has none is refused") {
  const std::string error = error_of([] {
    run_text(R"(
      graph(x: f32[1]):
        w: (y: f32[1]) = higher_order.wrap_with_autocast('abacus', None, True, None, self.body, x)
          graph body(a: f32[1]):
            return (a)
        return (y))",
             {tensor({1}, {1})});
  });
  CHECK_THAT(error, contains("operator-unsupported") && contains("abacus"));
}
