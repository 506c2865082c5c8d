// "fettle.facts/1": facts about calls, alias classes, and when two calls are the same.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const fettle_facts_v1& f = kFactsTable;

std::uint32_t flags(Abi& abi, const char* name) {
  auto facts = Abi::sized<fettle_call_facts>();
  REQUIRE(f.call_facts(&abi.ctx, &abi.handle, abi.node(name), &facts) == FETTLE_OK);
  CHECK(facts.why.size > 0);
  return facts.flags;
}

bool same(Abi& abi, const char* a, const char* b) {
  std::uint32_t answer = 77;
  REQUIRE(f.same_call(&abi.ctx, &abi.handle, abi.node(a), abi.node(b), &answer) == FETTLE_OK);
  std::uint64_t hash_a = 0, hash_b = 0;
  REQUIRE(f.call_hash(&abi.ctx, &abi.handle, abi.node(a), &hash_a) == FETTLE_OK);
  REQUIRE(f.call_hash(&abi.ctx, &abi.handle, abi.node(b), &hash_b) == FETTLE_OK);
  if (answer) CHECK(hash_a == hash_b);
  return answer != 0;
}

}  // namespace

TEST_CASE("what a call does is told by flags") {
  Abi abi(R"(
    graph(x: f32[4]):
      pure: f32[4] = aten.sin.default(x)
      view: f32[2, 2] = aten.view.default(pure, [2, 2])
      random: f32[4] = aten.rand_like.default(x)
      written: f32[4] = aten.add_.Tensor(random, pure)
      return (written, view))");
  CHECK(flags(abi, "pure") == (FETTLE_FACT_KNOWN | FETTLE_FACT_PURE));
  CHECK(flags(abi, "view") == (FETTLE_FACT_KNOWN | FETTLE_FACT_PURE | FETTLE_FACT_ALIASES));
  CHECK((flags(abi, "random") & (FETTLE_FACT_RANDOM | FETTLE_FACT_PURE)) == FETTLE_FACT_RANDOM);
  CHECK((flags(abi, "written") & (FETTLE_FACT_MUTATES | FETTLE_FACT_PURE)) == FETTLE_FACT_MUTATES);
  CHECK((flags(abi, "x") & FETTLE_FACT_PURE) == 0);
  auto facts = Abi::sized<fettle_call_facts>();
  CHECK(f.call_facts(&abi.ctx, &abi.handle, 4711, &facts) == FETTLE_E_STALE);
}

TEST_CASE("alias classes say what is written, what holds an input and what is returned") {
  Abi abi(R"(
    graph(x: f32[4]):
      flat: f32[4] = aten.view.default(x, [4])
      fresh: f32[4] = aten.sin.default(x)
      view: f32[2, 2] = aten.view.default(fresh, [2, 2])
      other: f32[4] = aten.cos.default(x)
      written: f32[4] = aten.add_.Tensor(other, flat)
      unused: f32[4] = aten.exp.default(x)
      return (view,))");
  auto classes = Abi::sized<fettle_alias_classes>();
  REQUIRE(f.alias_classes(&abi.ctx, &abi.handle, &classes) == FETTLE_OK);
  const auto class_of = [&](const char* name) { return classes.class_of[abi.value(name)]; };
  const auto flags_of = [&](const char* name) { return classes.flags[class_of(name)]; };
  CHECK(class_of("x") == class_of("flat"));
  CHECK(class_of("fresh") == class_of("view"));
  CHECK(class_of("fresh") != class_of("x"));
  CHECK(flags_of("x") == FETTLE_CLASS_INPUT);
  CHECK(flags_of("fresh") == FETTLE_CLASS_RETURNED);
  CHECK(flags_of("other") == FETTLE_CLASS_WRITTEN);
  CHECK(flags_of("unused") == 0);
  CHECK(classes.n_values == abi.graph->value_bound());
  for (std::uint64_t v = 0; v < classes.n_values; ++v)
    CHECK(classes.class_of[v] < classes.n_classes);
}

TEST_CASE("calls are the same by operator, operands, arguments and types, bit for bit") {
  Abi abi(R"(
    graph(x: f32[4], y: f32[4]):
      one: f32[4] = aten.add.Scalar(x, 1)
      one_again: f32[4] = aten.add.Scalar(x, 1)
      real_one: f32[4] = aten.add.Scalar(x, 1.0)
      zero: f32[4] = aten.add.Scalar(x, 0.0)
      minus_zero: f32[4] = aten.add.Scalar(x, -0.0)
      keyword: f32[4] = aten.add.Scalar(x, 1, alpha=1)
      of_y: f32[4] = aten.add.Scalar(y, 1)
      typed: f64[4] = aten.add.Scalar(x, 1)
      tensors: f32[4] = aten.add.Tensor(x, x)
      sub: f32[4] = aten.sub.Scalar(x, 1)
      return (one,))");
  CHECK(same(abi, "one", "one"));
  CHECK(same(abi, "one", "one_again"));
  CHECK(same(abi, "one", "keyword"));  // alpha=1 is the default
  CHECK_FALSE(same(abi, "one", "real_one"));
  CHECK_FALSE(same(abi, "zero", "minus_zero"));
  CHECK_FALSE(same(abi, "one", "of_y"));
  CHECK_FALSE(same(abi, "one", "typed"));
  CHECK_FALSE(same(abi, "one", "tensors"));
  CHECK_FALSE(same(abi, "one", "sub"));
  CHECK_FALSE(same(abi, "x", "x"));  // placeholders are no calls
}
