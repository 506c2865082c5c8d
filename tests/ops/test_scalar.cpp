// Python's arithmetic on numbers: the values are what Python 3 answers.
#include "catch.hpp"

#include <limits>

#include "ops/scalar.hpp"

using namespace fettle;

namespace {

using Int = std::int64_t;

ScalarValue run(std::string_view op, std::vector<ScalarValue> values) {
  const ScalarOperator* found = find_scalar_operator(op);
  REQUIRE(found);
  REQUIRE(found->arguments.size() == values.size());
  return found->evaluate(values);
}

}  // namespace

TEST_CASE("division rounds towards minus infinity") {
  CHECK(run("_operator.floordiv", {Int{7}, Int{2}}) == ScalarValue(Int{3}));
  CHECK(run("_operator.floordiv", {Int{-7}, Int{2}}) == ScalarValue(Int{-4}));
  CHECK(run("_operator.floordiv", {Int{7}, Int{-2}}) == ScalarValue(Int{-4}));
  CHECK(run("_operator.floordiv", {7.5, Int{2}}) == ScalarValue(3.0));
  CHECK(run("_operator.floordiv", {-7.5, Int{2}}) == ScalarValue(-4.0));
  CHECK(run("_operator.mod", {Int{-7}, Int{3}}) == ScalarValue(Int{2}));
  CHECK(run("_operator.mod", {Int{7}, Int{-3}}) == ScalarValue(Int{-2}));
  CHECK(run("_operator.mod", {-7.5, 2.0}) == ScalarValue(0.5));
  CHECK(run("_operator.truediv", {Int{7}, Int{2}}) == ScalarValue(3.5));
  CHECK(run("math.trunc", {-7.9}) == ScalarValue(Int{-7}));
}

TEST_CASE("types follow Python: bools are ints in arithmetic, a float makes a float") {
  CHECK(run("_operator.add", {true, true}) == ScalarValue(Int{2}));
  CHECK(run("_operator.add", {Int{1}, 0.5}) == ScalarValue(1.5));
  CHECK(run("_operator.mul", {Int{3}, Int{-4}}) == ScalarValue(Int{-12}));
  CHECK(run("_operator.sub", {Int{3}, 4.0}) == ScalarValue(-1.0));
  CHECK(run("_operator.neg", {true}) == ScalarValue(Int{-1}));
  CHECK(run("_operator.pos", {true}) == ScalarValue(Int{1}));
  CHECK(run("_operator.pow", {Int{-3}, Int{3}}) == ScalarValue(Int{-27}));
  CHECK(run("_operator.pow", {Int{2}, Int{-1}}) == ScalarValue(0.5));
  CHECK(run("_operator.and_", {true, false}) == ScalarValue(false));
  CHECK(run("_operator.and_", {Int{6}, Int{3}}) == ScalarValue(Int{2}));
  CHECK(run("_operator.or_", {Int{6}, true}) == ScalarValue(Int{7}));
  CHECK(run("_operator.lshift", {Int{-3}, Int{2}}) == ScalarValue(Int{-12}));
  CHECK(run("_operator.rshift", {Int{-1}, Int{100}}) == ScalarValue(Int{-1}));
}

TEST_CASE("comparisons of integers are exact beyond 2^53") {
  const Int big = (Int{1} << 53) + 1;
  CHECK(run("_operator.gt", {big, big - 1}) == ScalarValue(true));
  CHECK(run("_operator.eq", {big, big - 1}) == ScalarValue(false));
  CHECK(run("_operator.ne", {big, big}) == ScalarValue(false));
  CHECK(run("_operator.le", {Int{1}, 1.0}) == ScalarValue(true));
  CHECK(run("_operator.lt", {Int{1}, 1.0}) == ScalarValue(false));
  CHECK(run("_operator.ge", {2.0, Int{1}}) == ScalarValue(true));
}

TEST_CASE("torch's own") {
  CHECK(run("torch.sym_max", {Int{2}, Int{5}}) == ScalarValue(Int{5}));
  CHECK(run("torch.sym_min", {Int{2}, 5.0}) == ScalarValue(2.0));
  CHECK(run("torch.sym_not", {Int{0}}) == ScalarValue(true));
  CHECK(run("torch.sym_ite", {true, Int{4}, Int{5}}) == ScalarValue(Int{4}));
  CHECK(run("torch.sym_int", {2.9}) == ScalarValue(Int{2}));
  CHECK(run("torch.sym_float", {Int{2}}) == ScalarValue(2.0));
  CHECK(run("torch._sym_sqrt", {Int{9}}) == ScalarValue(3.0));
}

TEST_CASE("what has no 64-bit answer is refused, not wrapped") {
  const Int most = std::numeric_limits<Int>::max(), least = std::numeric_limits<Int>::min();
  CHECK_THROWS_AS(run("_operator.add", {most, Int{1}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.sub", {least, Int{1}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.mul", {most, Int{2}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.neg", {least}), ScalarError);
  CHECK_THROWS_AS(run("_operator.floordiv", {least, Int{-1}}), ScalarError);
  CHECK(run("_operator.mod", {least, Int{-1}}) == ScalarValue(Int{0}));
  CHECK_THROWS_AS(run("_operator.pow", {Int{10}, Int{19}}), ScalarError);
  CHECK(run("_operator.pow", {Int{10}, Int{18}}) == ScalarValue(Int{1000000000000000000}));
  CHECK_THROWS_AS(run("_operator.pow", {Int{-1}, 0.5}), ScalarError);
  CHECK_THROWS_AS(run("_operator.lshift", {Int{1}, Int{63}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.lshift", {Int{1}, Int{-1}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.and_", {1.5, Int{1}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.mod", {Int{1}, Int{0}}), ScalarError);
  CHECK_THROWS_AS(run("_operator.truediv", {1.0, 0.0}), ScalarError);
  CHECK_THROWS_AS(run("math.trunc", {1e300}), ScalarError);
  CHECK_THROWS_AS(run("torch._sym_sqrt", {-1.0}), ScalarError);
}
