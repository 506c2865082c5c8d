// Propagation over graphs written as text: their recorded types are what rules must compute.
#include "analysis/type_propagation.hpp"
#include "graph/programs.hpp"
#include "graph/symbolic.hpp"
#include "graph/text.hpp"
#include "ops/registry.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct Inferred {
  explicit Inferred(std::string_view text)
      : graph(program(text)), types((bind_schemas(*graph, "test"), *graph)) {}
  std::unique_ptr<Graph> graph;
  InferredTypes types;

  std::string mismatches() const {
    std::string all;
    for (const TypeMismatch& mismatch : types.mismatches()) all += types.text(mismatch) + "\n";
    return all;
  }
  std::string unruled() const {
    std::string all;
    for (const Unruled& one : types.unruled()) {
      all += std::string(graph->text(graph->node(one.node).name)) + ": " + one.why + "\n";
    }
    return all;
  }
  std::string type(std::string_view name) const {
    const TypeId type = types.type(value(*graph, name));
    return type ? print_type(graph->types().type(type), PrintOptions::Types::full) : "none";
  }
};

void all_as_recorded(std::string_view text) {
  INFO(text);
  const Inferred inferred(text);
  CHECK(inferred.mismatches() == "");
  CHECK(inferred.unruled() == "");
}

}  // namespace

TEST_CASE("types follow from those of the inputs") {
  all_as_recorded(R"(
    graph(x: f32[2, 3, 8, 8], w: f32[4, 3, 3, 3], b: f32[4], i: i64[2, 5], e: f32[7, 6]):
      conv2d: f32[2, 4, 4, 4] = aten.conv2d.default(x, w, b, [2, 2], [1, 1])
      relu: f32[2, 4, 4, 4] = aten.relu.default(conv2d)
      add_: f32[2, 4, 4, 4] = aten.add_.Tensor(relu, 1.0)
      mean: f32[2, 4] = aten.mean.dim(add_, [2, 3])
      embedding: f32[2, 5, 6] = aten.embedding.default(e, i)
      transpose: f32[2, 6, 5][30, 1, 6] = aten.transpose.int(embedding, 1, 2)
      exp: f32[2, 6, 5][30, 1, 6] = aten.exp.default(transpose)
      slice_1: f32[2, 2, 5][30, 1, 6]<offset=3> = aten.slice.Tensor(exp, 1, 3, 5)
      gt: b8[2, 4] = aten.gt.Scalar(mean, 0)
      where: f32[2, 4] = aten.where.self(gt, mean, mean)
      index: f32[2, 5, 4] = aten.index.Tensor(mean, [i])
      max_1: (values: f32[2], indices: i64[2]) = aten.max.dim(mean, 1)
      split: [first: f32[2, 3][4, 1], last: f32[2, 1][4, 1]<offset=3>] = aten.split.Tensor(mean, 3, 1)
      return (slice_1, where, index, values, indices, first, last))");
}

TEST_CASE("a type that is recorded otherwise is told with node, operator, both types and rule") {
  const Inferred inferred(R"(
    graph(x: f32[2, 3]):
      relu: f32[2, 3] = aten.relu.default(x)
      view: f32[3, 3] = aten.view.default(relu, [3, 2])
      sum_1: f64[] = aten.sum.default(view)
      return (sum_1,))");
  CHECK(inferred.mismatches() ==
        "'view' (aten.view.default) is recorded as f32[3, 3], and rule 'meta kernel' computes "
        "f32[3, 2]\n"
        "'sum_1' (aten.sum.default) is recorded as f64[], and rule 'meta kernel' computes f32[]\n");
  CHECK(inferred.type("view") == "f32[3, 2]");  // what follows goes by what was computed
}

TEST_CASE("what depends on data keeps its recorded type, which goes on from there") {
  const Inferred inferred(R"(
    graph(x: f32[4]):
      nonzero: i64[u0, 1][1, u0] = aten.nonzero.default(x)
      add: i64[u0, 1][1, u0] = aten.add.Tensor(nonzero, 1)
      return (add,))");
  CHECK(inferred.unruled() == "nonzero: it depends on data\n");
  CHECK(inferred.mismatches() == "");
  CHECK(inferred.type("nonzero") == "none");
}

TEST_CASE("an operand of no recorded type is followed, and one that nobody knows is said so") {
  const Inferred inferred(R"(
    graph(x: f32[2, 3], y):
      relu = aten.relu.default(x)
      neg = aten.neg.default(relu)
      exp = aten.exp.default(y)
      return (neg, exp))");
  CHECK(inferred.type("neg") == "f32[2, 3]");
  CHECK(inferred.unruled() == "exp: the type of an operand is not known\n");
}

TEST_CASE("symbolic sizes are computed as expressions") {
  const char* const head = "range s77 in [2, inf]\nrange s27 in [2, 64]\n";
  all_as_recorded(std::string(head) + R"(
    graph(x: f32[s77, s27, 6][6*s27, 6, 1], w: f32[4, 6], b: f32[4], m: f32[1, s27, 1][s27, 1, 1]):
      sym_size: Sym(s77) = aten.sym_size.int(x, 0)
      mul: Sym(4*s77) = _operator.mul(sym_size, 4)
      add: f32[s77, s27, 6][6*s27, 6, 1] = aten.add.Tensor(x, m)
      linear: f32[s77, s27, 4][4*s27, 4, 1] = aten.linear.default(add, w, b)
      transpose: f32[s27, s77, 4][4, 4*s27, 1] = aten.transpose.int(linear, 0, 1)
      exp: f32[s27, s77, 4][4, 4*s27, 1] = aten.exp.default(transpose)
      reshape: f32[s77*s27, 4][4, 1] = aten.reshape.default(linear, [-1, 4])
      cat: f32[2*s77, s27, 4][4*s27, 4, 1] = aten.cat.default([linear, linear])
      slice_1: f32[2*s77 - 1, s27, 4][4*s27, 4, 1] = aten.slice.Tensor(cat, 0, 0, -1)
      few: f32[s77, Min(5, s27), 6][6*s27, 6, 1] = aten.slice.Tensor(add, 1, 0, 5)
      max_pool2d: f32[s77, (s27//2), 3][3*(s27//2), 3, 1] = aten.max_pool2d.default(x, [2, 2])
      sum_1: f32[s77, 6][6, 1] = aten.sum.dim_IntList(x, [1])
      return (mul, exp, reshape, slice_1, few, max_pool2d, sum_1))");
}

namespace {

Type at(const Type& symbolic, const SymbolValues& values) {
  Type type = symbolic;
  Expressions expressions;
  const auto settle = [&](SymInt& size) {
    if (!size.symbolic()) return;
    const auto value = expressions.evaluate_size(expressions.parse(size.expression), values);
    REQUIRE(value);
    size = SymInt(*value);
  };
  for (SymInt& size : type.sizes) settle(size);
  for (SymInt& stride : type.strides) settle(stride);
  settle(type.storage_offset);
  settle(type.scalar);
  return type;
}

std::string shown(const Type& type) {
  return print_type(type, PrintOptions::Types::full);
}

// The program's text with the given types for its inputs; calls have none.
std::string with_inputs(const std::vector<std::pair<std::string, std::string>>& inputs,
                        std::string_view calls) {
  std::string text = "range s77 in [2, inf]\nrange s27 in [2, 64]\ngraph(";
  for (const auto& [name, type] : inputs) text += name + ": " + type + ", ";
  return text + "):\n" + std::string(calls) + "\nreturn ()";
}

// Every call of the program on symbolic inputs has types that are, at each of five sizes, those of
// the same program on inputs of these sizes, which libtorch's meta kernels know.
void agrees_at_five_sizes(const std::vector<std::pair<std::string, std::string>>& inputs,
                          std::string_view calls) {
  INFO(calls);
  const Inferred symbolic(with_inputs(inputs, calls));
  CHECK(symbolic.unruled() == "");
  const Graph& graph = *symbolic.graph;
  for (const auto& [a, b] : {std::pair{2, 2}, {3, 17}, {8, 5}, {19, 64}, {101, 31}}) {
    const SymbolValues values = {{"s77", a}, {"s27", b}};
    auto concrete = inputs;
    for (auto& [name, type] : concrete) type = shown(at(graph.type(value(graph, name)), values));
    const Inferred expected(with_inputs(concrete, calls));
    CHECK(expected.unruled() == "");
    for (const NodeId node : graph.nodes()) {
      for (const ValueId result : graph.results(node)) {
        const std::string name(graph.text(graph.value(result).name));
        INFO(name << " at s77 = " << a << ", s27 = " << b);
        REQUIRE(symbolic.types.type(result));
        Type computed = at(graph.types().type(symbolic.types.type(result)), values);
        const Graph& other = *expected.graph;
        Type wanted = other.types().type(expected.types.type(value(other, name)));
        for (std::size_t d = 0; d < wanted.sizes.size(); ++d) {  // address nothing
          if (wanted.sizes[d] == SymInt(1)) computed.strides.at(d) = wanted.strides[d];
        }
        CHECK(shown(computed) == shown(wanted));
      }
    }
  }
}

}  // namespace

TEST_CASE("symbolic types agree with concrete ones at five sizes: element by element") {
  agrees_at_five_sizes({{"x", "f32[s77, s27, 6][6*s27, 6, 1]"},
                        {"t", "f32[s77, s27, 6][s27, 1, s77*s27]"},
                        {"row", "i64[6]"},
                        {"col", "f16[s77, 1, 1][1, 1, 1]"},
                        {"b", "b8[s27, 1][1, 1]"},
                        {"n", "f64[]"}},
                       R"(
    add = aten.add.Tensor(x, x)
    mixed = aten.add.Tensor(x, t)
    turned = aten.mul.Tensor(t, x)
    like_t = aten.exp.default(t)
    by_row = aten.mul.Tensor(t, row)
    by_col = aten.sub.Tensor(col, t)
    halves = aten.div.Tensor(row, col)
    truth = aten.gt.Tensor(by_col, n)
    scaled = aten.mul.Tensor(col, 1.5)
    chosen = aten.where.self(b, t, row)
    whole = aten.floor_divide.default(row, 2)
    masked = aten.masked_fill.Scalar(x, b, 0)
    clamped = aten.clamp.default(t, 0, 1)
    low = aten.relu.default(t)
    same = aten.add_.Tensor(low, x)
    gelu = aten.gelu.default(like_t)
    flipped = aten.flip.default(x, [0, 2])
    magnitude = aten.abs.default(t))");
}

TEST_CASE("symbolic types agree with concrete ones at five sizes: views and joins") {
  agrees_at_five_sizes({{"x", "f32[s77, s27, 6][6*s27, 6, 1]"}, {"i", "i64[s27][1]"}}, R"(
    rows: Sym(s77) = aten.sym_size.int(x, 0)
    flat = aten.reshape.default(x, [-1, 6])
    back = aten.reshape.default(flat, [rows, -1, 6])
    cells = aten.reshape.default(x, [-1])
    again = aten.reshape.default(cells, [-1, 3])
    cut = aten.view.default(x, [rows, -1, 2])
    heads = aten.view.default(x, [rows, -1, 3, 2])
    turned = aten.permute.default(heads, [0, 2, 1, 3])
    copied = aten.clone.default(turned, memory_format=torch.contiguous_format)
    kept = aten.clone.default(turned)
    joined = aten.flatten.using_ints(copied, 1, 2)
    more = aten.unsqueeze.default(x, 1)
    less = aten.squeeze.dims(more, [1])
    wide = aten.expand.default(more, [-1, 4, -1, -1])
    both = aten.cat.default([x, x, x])
    beside = aten.cat.default([flat, flat], 1)
    stacked = aten.stack.default([x, x], 1)
    tail = aten.slice.Tensor(x, 1, 1, 9223372036854775807)
    shorter = aten.slice.Tensor(x, 1, 0, -1)
    every = aten.slice.Tensor(x, 0, 0, 9223372036854775807, 2)
    few = aten.slice.Tensor(x, 1, 0, 5)
    last = aten.select.int(x, 1, -1)
    picked = aten.index_select.default(x, 0, i)
    indexed = aten.index.Tensor(x, [i])
    halves: [left, right] = aten.chunk.default(x, 2, 2)
    twice = aten.repeat.default(x, [2, 1, 1])
    ones = aten.ones.default([rows, 3])
    ramp = aten.arange.default(rows)
    padded = aten.pad.default(x, [1, 2], 'constant', 0.0))");
}

TEST_CASE("symbolic types agree with concrete ones at five sizes: products, layers, reductions") {
  agrees_at_five_sizes({{"x", "f32[s77, s27, 6][6*s27, 6, 1]"},
                        {"y", "f32[s77, 6, s27][6*s27, s27, 1]"},
                        {"w", "f32[4, 6]"},
                        {"v", "f32[6]"},
                        {"im", "f32[s77, 3, 2*s27 + 1, 33][99*(2*s27 + 1), 33*(2*s27 + 1), 33, 1]"},
                        {"k", "f32[8, 3, 3, 3]"},
                        {"e", "f32[50, 6]"},
                        {"i", "i64[s77, s27][s27, 1]"}},
                       R"(
    linear = aten.linear.default(x, w)
    matmul = aten.matmul.default(x, y)
    bmm = aten.bmm.default(y, x)
    einsum = aten.matmul.default(x, v)
    softmax = aten.softmax.int(matmul, -1)
    norm = aten.layer_norm.default(x, [6], v, v)
    conv = aten.conv2d.default(im, k, None, [2, 2], [1, 1])
    pool = aten.max_pool2d.default(conv, [2, 2])
    mean = aten.adaptive_avg_pool2d.default(pool, [1, 1])
    up = aten.upsample_nearest2d.default(im, [20, 30])
    embedding = aten.embedding.default(e, i)
    total = aten.sum.default(x)
    sums = aten.sum.dim_IntList(x, [1], True)
    spread = aten.var.correction(x, [0], correction=1)
    most = aten.amax.default(x, [1])
    argmax = aten.argmax.default(x, 1)
    running = aten.cumsum.default(i, 1)
    attended = aten.scaled_dot_product_attention.default(x, x, x))");
}

TEST_CASE("layouts are those of a run, where meta tensors and the usual rules have others") {
  // Found by fuzzing, each.
  all_as_recorded(R"(
    graph(q: f32[2, 3, 5, 4], t: f32[2, 3, 5, 4][60, 4, 12, 1], x: f32[3, 4][1, 3], y: f32[3, 4],
          c: f32[5, 1, 6][6, 1, 1], w: f32[4, 1, 3], v: f32[4, 8, 3], u: f32[4, 8, 6][48, 1, 8]):
      plain: f32[2, 3, 5, 4] = aten.scaled_dot_product_attention.default(q, t, t)
      turned: f32[2, 3, 5, 4][60, 4, 12, 1] = aten.scaled_dot_product_attention.default(t, q, q)
      rsub: f32[3, 4] = aten.rsub.Tensor(x, y)
      log_sigmoid: f32[3, 4] = aten.log_sigmoid.default(x)
      one: f32[5, 4, 6][24, 1, 4] = aten.conv1d.default(c, w, None, [1], [1])
      many: f32[4, 4, 6] = aten.conv1d.default(u, v, None, [1], [1])
      return (plain, turned, rsub, log_sigmoid, one, many))");
  all_as_recorded(R"(
    range s77 in [2, 12]
    graph(x: f32[5, 5, s77=3][5, 1, 25], m: b8[5, 5, s77=3][5*s77=15, s77=3, 1]):
      masked_fill: f32[5, 5, s77=3][5*s77=15, s77=3, 1] = aten.masked_fill.Scalar(x, m, 0.0)
      return (masked_fill,))");
}
