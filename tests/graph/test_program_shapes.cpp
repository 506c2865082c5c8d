// Symbols solved from sizes of inputs, and what is said of sizes that do not fit.
#include "catch.hpp"

#include <functional>

#include "graph/program_shapes.hpp"
#include "graph/text.hpp"

using namespace fettle;

namespace {

ProgramShapes shapes_of(std::string_view text) { return ProgramShapes(*parse_graph(text)); }

std::string refusal(Code code, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    CHECK(code_name(error.code()) == code_name(code));
    return error.what();
  }
  FAIL("nothing was refused");
  return {};
}

using Catch::Matchers::Contains;

constexpr std::string_view kDerived =
    "range s77 in [3, 50]\n"
    "range 2*s77 in [6, 100]\n"
    "guard '(2*L[\\'x\\'].size()[0]) == L[\\'y\\'].size()[0]'\n"
    "guard 'L[\\'x\\'].size()[0] % 7 != 0'\n"
    "guard 'L[\\'x\\'].stride()[0] == 17'\n"
    "guard 'L[\\'x\\'].size()[0] == 17'\n"
    "guard 'what (is this'\n"
    "graph(x: f32[s77=4, 2], y: f32[2*s77=8], z: i64[s77 + 1=5], n: Sym(s3=2)): return (x,)";

}  // namespace

TEST_CASE("a symbol's value comes from the sizes that are it, derived sizes follow") {
  const ProgramShapes shapes = shapes_of(kDerived);
  REQUIRE(shapes.symbols().size() == 2);
  CHECK(shapes.symbols()[0].name == "s3");
  CHECK(shapes.symbols()[1].name == "s77");
  CHECK(shapes.symbols()[1].range == Interval{3, 50});
  CHECK(shapes.symbols()[1].hint == 4);
  CHECK(shapes.solve({{5, 2}, {10}, {6}, {9}}) == SymbolValues{{"s3", 9}, {"s77", 5}});
}

TEST_CASE("a symbol that no size is alone is solved for") {
  const ProgramShapes shapes = shapes_of(
      "graph(x: f32[2*s0=4, s1*s0=6], y: f32[(s2 - 1)//2=8]): return (x,)");
  CHECK(shapes.solve({{10, 15}, {8}}) == SymbolValues{{"s0", 5}, {"s1", 3}, {"s2", 17}});
  CHECK_THAT(refusal(Code::input_size, [&] { shapes.solve({{9, 15}, {8}}); }),
             Contains("dimension 0 of input 0 ('x') is 9, which no 2*s0 gives"));
}

TEST_CASE("sizes that do not fit are refused with all that is needed to mend them") {
  const ProgramShapes shapes = shapes_of(kDerived);
  const std::string size =
      refusal(Code::input_size, [&] { shapes.solve({{4, 2}, {7}, {5}, {0}}); });
  CHECK_THAT(size, Contains("dimension 0 of input 1 ('y') is 7 where the other sizes ask for 8"));
  CHECK_THAT(size, Contains("exported with 2*s77 there, and s77 is 4 in dimension 0 of input 0"));
  const std::string large =
      refusal(Code::input_range, [&] { shapes.solve({{51, 2}, {102}, {52}, {0}}); });
  CHECK_THAT(large, Contains("s77 is 51, which is too large"));
  CHECK_THAT(large, Contains("exported for 3 <= s77 <= 50"));
  CHECK_THAT(refusal(Code::input_range, [&] { shapes.solve({{1, 2}, {2}, {2}, {0}}); }),
             Contains("too small"));
  const std::string guard =
      refusal(Code::input_guard, [&] { shapes.solve({{7, 2}, {14}, {8}, {0}}); });
  CHECK_THAT(guard, Contains("L['x'].size()[0] % 7 != 0"));
  CHECK_THAT(guard, Contains("dimension 0 of input 0 ('x') is 7"));
}

TEST_CASE("values that a caller drew are checked before there are inputs") {
  const ProgramShapes shapes = shapes_of(kDerived);
  CHECK_NOTHROW(shapes.check({{"s77", 10}, {"s3", 0}}));
  refusal(Code::input_guard, [&] { shapes.check({{"s77", 14}, {"s3", 0}}); });
  refusal(Code::input_range, [&] { shapes.check({{"s77", 51}, {"s3", 0}}); });
  refusal(Code::input_size, [&] { shapes.check({{"s77", 10}}); });
}

TEST_CASE("a lower bound of two refuses neither one nor zero, as in PyTorch") {
  const ProgramShapes shapes =
      shapes_of("range s0 in [2, inf]\ngraph(x: f32[s0=4]): return (x,)");
  CHECK_NOTHROW(shapes.solve({{0}}));
  CHECK_NOTHROW(shapes.solve({{1}}));
}

TEST_CASE("guards name nested inputs as export names placeholders") {
  const ProgramShapes shapes = shapes_of(
      "guard 'L[\\'d\\'][\\'Key\\'].size()[0] > 1 and L[\\'xs\\'][0].size()[0] < 9'\n"
      "graph(d_key: f32[s0=4], xs_0: f32[s1=3]): return (xs_0,)");
  refusal(Code::input_guard, [&] { shapes.solve({{1}, {3}}); });
  refusal(Code::input_guard, [&] { shapes.solve({{2}, {9}}); });
  CHECK_NOTHROW(shapes.solve({{2}, {8}}));
}

TEST_CASE("bytes of a run are counted under values, beyond 64 bits as a large number") {
  const ProgramShapes shapes = shapes_of(
      "graph(w: f32[9] = parameter 'w', x: f32[s0=4, 2]):\n"
      "  y: f64[s0, s0] = aten.op.default(x)\n"
      "  z: f32[u0] = aten.op.default(x)\n"
      "  return (y, z)\n");
  CHECK(shapes.tensor_bytes({{"s0", 3}}) == 3 * 2 * 4 + 3 * 3 * 8);
  CHECK(shapes.tensor_bytes({{"s0", std::int64_t{1} << 40}}) == std::int64_t{1} << 62);
}

TEST_CASE("expressions are evaluated in either notation") {
  ProgramShapes shapes = shapes_of("graph(x: f32[s0=4]): return (x,)");
  CHECK(shapes.evaluate("2*s0 + 1", {{"s0", 3}}).value == ScalarValue(std::int64_t{7}));
  CHECK(shapes.evaluate("Mul(Integer(2), Symbol('s0', integer=True))", {{"s0", 3}}).value ==
        ScalarValue(std::int64_t{6}));
  CHECK(shapes.evaluate("s0", {{"s0", 3}}).value == ScalarValue(std::int64_t{3}));
  CHECK(shapes.evaluate("(what", {}).why == "'(what' is not understood");
  CHECK(shapes.shown("Mul(Integer(2), Symbol('s0', positive=True, integer=True))") ==
        "2*s0");
}
