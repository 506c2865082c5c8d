// Sizes in normal form, and expressions found from values.
#include <fmt/format.h>

#include <random>

#include "graph/programs.hpp"
#include "graph/size_fit.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

struct Fixture {
  std::unique_ptr<Graph> graph = program(
      "range s0 in [2, inf]\nrange s1 in [2, 64]\nrange u0 in [0, inf]\n"
      "graph(x: f32[s0=3, s1=5][s1=5, 1]): return ()");
  SizeAlgebra algebra{*graph};
  Size s0 = size("s0"), s1 = size("s1"), u0 = size("u0");

  Size size(std::string_view infix) {
    Expressions expressions;
    const auto id = expressions.parse_infix(infix);
    REQUIRE(id);
    SymInt given;
    given.expression = expressions.srepr(*id);
    return algebra.size(given);
  }
  std::string shown(const Size& size) {
    if (!size.symbolic()) return std::to_string(size.value);
    Expressions expressions;
    return expressions.infix(expressions.parse(algebra.sym_int(size).expression));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "sizes that are equal for all values have one form") {
  for (const auto& [a, b] : std::initializer_list<std::pair<const char*, const char*>>{
           {"s0 + s1", "s1 + s0"},
           {"2*(s0 + 1) - 2", "2*s0"},
           {"s0*s1*s0", "s1*s0**2"},
           {"(s0*s1) // s1", "s0"},
           {"(2*s0 + 3) // 2", "s0 + 1"},
           {"(s0 - 1) // 2 + 1", "(s0 + 1) // 2"},
           {"s0 - 2*(s0 // 2)", "s0 % 2"},
           {"Max(s0, 1)", "s0"},
           {"Max(1, s0 // 2)", "s0 // 2"},
           {"Min(s1, 64)", "s1"},
           {"Max(s0, s0*s1)", "s0*s1"},
       }) {
    INFO(a << " and " << b);
    CHECK(size(a) == size(b));
  }
  CHECK(size("s0") != size("s1"));
  CHECK(size("Max(1, u0)") != size("u0"));
  CHECK(algebra.sub(s0, s0).is(0));
  CHECK(algebra.sym_int(algebra.mul(s0, s1)).value == 15);
  CHECK_FALSE(algebra.sym_int(algebra.add(u0, 1)).has_hint);
}

TEST_CASE_METHOD(Fixture, "what is not proved is not said") {
  CHECK(algebra.less(1, s0) == true);
  CHECK(algebra.less(s1, algebra.mul(s0, s1)) == true);
  CHECK(algebra.less(s0, s1) == std::nullopt);
  CHECK(algebra.less(1, u0) == std::nullopt);
  CHECK(algebra.same(s0, s1) == std::nullopt);
  CHECK(algebra.same(s0, algebra.add(s0, 1)) == false);
  CHECK(algebra.same(s1, 65) == false);
  CHECK_THROWS_AS(algebra.floordiv(s0, 0), SizeError);
  CHECK_THROWS_AS(algebra.mul(algebra.mul(s0, INT64_MAX), 2), SizeError);
}

TEST_CASE_METHOD(Fixture, "arithmetic on random expressions is that of their values") {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  for (int round = 0; round < 300; ++round) {
    const SymbolValues values = {{"s0", 2 + below(40)}, {"s1", 2 + below(62)}, {"u0", below(9)}};
    std::vector<std::pair<Size, std::int64_t>> all = {
        {s0, values.at("s0")}, {s1, values.at("s1")}, {u0, values.at("u0")}, {3, 3}, {2, 2}};
    for (int step = 0; step < 6; ++step) {
      const auto [a, x] = all[random() % all.size()];
      const auto [b, y] = all[random() % all.size()];
      const auto floor = [](std::int64_t p, std::int64_t q) {
        return p / q - (p % q != 0 && (p < 0) != (q < 0) ? 1 : 0);
      };
      switch (random() % 6) {
        case 0:
          all.emplace_back(algebra.add(a, b), x + y);
          break;
        case 1:
          all.emplace_back(algebra.sub(a, b), x - y);
          break;
        case 2:
          if (std::abs(x) < 4000 && std::abs(y) < 4000) all.emplace_back(algebra.mul(a, b), x * y);
          break;
        case 3:
          if (y != 0 && !b.is(0)) all.emplace_back(algebra.floordiv(a, b), floor(x, y));
          break;
        case 4:
          all.emplace_back(algebra.max(a, b), std::max(x, y));
          break;
        default:
          all.emplace_back(algebra.min(a, b), std::min(x, y));
          break;
      }
      const auto& [made, wanted] = all.back();
      INFO(round << ": " << shown(made) << " at " << values.at("s0") << ", " << values.at("s1")
                 << ", " << values.at("u0"));
      REQUIRE(algebra.evaluate(made, values) == wanted);
      const Interval bounds = algebra.bounds(made);
      CHECK((!bounds.low || *bounds.low <= wanted));
      CHECK((!bounds.high || wanted <= *bounds.high));
    }
  }
}

namespace {

// What a fit over s0 and s1 makes of a function of them.
template <class Fn>
std::string fitted(Fixture& f, std::vector<std::int64_t> numbers, Fn&& function) {
  const auto probes = size_probes(f.algebra, {"s0", "s1"}, numbers, false);
  CHECK(enough_probes(f.algebra, {"s0", "s1"}, probes));
  SizeFit fit(f.algebra, probes, {f.s0, f.s1}, numbers);
  std::vector<std::int64_t> values;
  for (const SizeProbe& probe : probes) {
    values.push_back(function(probe.values.at("s0"), probe.values.at("s1")));
  }
  const auto found = fit.fit(values);
  return found ? f.shown(*found) : "none";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "expressions are found where every probe confirms them") {
  using Int = std::int64_t;
  CHECK(fitted(*this, {}, [](Int, Int) { return 7; }) == "7");
  CHECK(fitted(*this, {}, [](Int a, Int) { return a; }) == "s0");
  CHECK(fitted(*this, {}, [](Int a, Int b) { return 12 * a * b - 3; }) ==
        shown(size("12*s0*s1 - 3")));
  CHECK(fitted(*this, {}, [](Int a, Int b) { return a + 2 * b; }) == shown(size("s0 + 2*s1")));
  CHECK(fitted(*this, {2}, [](Int a, Int) { return (a - 1) / 2 + 1; }) ==
        shown(size("(s0 + 1)//2")));
  CHECK(fitted(*this, {5}, [](Int a, Int) { return std::min<Int>(a, 5); }) ==
        shown(size("Min(5, s0)")));
}

TEST_CASE_METHOD(Fixture, "what no expression explains is not guessed") {
  using Int = std::int64_t;
  CHECK(fitted(*this, {2, 3}, [](Int a, Int b) { return a % 7 + b; }) == "none");
  CHECK(fitted(*this, {}, [](Int a, Int b) { return std::min(a, b); }) == "none");
  // Looks like 4 for larger sizes: the least ones tell.
  CHECK(fitted(*this, {}, [](Int a, Int) { return a > 3 ? 4 : a * 7; }) == "none");
}

TEST_CASE("a narrow range is evidence only when all of it was tried") {
  const auto graph = program("range s0 in [2, 4]\ngraph(x: f32[s0]): return ()");
  SizeAlgebra algebra(*graph);
  auto probes = size_probes(algebra, {"s0"}, {}, false);
  CHECK(probes.size() == 3);
  CHECK(enough_probes(algebra, {"s0"}, probes));
  probes.pop_back();
  CHECK_FALSE(enough_probes(algebra, {"s0"}, probes));
}
