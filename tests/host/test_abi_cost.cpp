// "fettle.cost/1" as a plugin calls it: columns by node, totals, refusals, after edits.
#include "abi_fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

constexpr const char* kProgram = R"(
  graph(x: f32[s0=4, 8], w: f32[2, 8], p: b8[]):
    linear: f32[s0=4, 2] = aten.linear.default(x, w)
    view: f32[2, s0=4][1, 2] = aten.t.default(linear)
    odd: f32[s0=4, 8] = aten.cholesky.default(x)
    cond: [y: f32[s0=4, 2]] = higher_order.cond(p, self.yes, self.no, [linear])
      graph yes(a: f32[s0=4, 2]):
        exp: f32[s0=4, 2] = aten.exp.default(a)
        return (exp,)
      graph no(b: f32[s0=4, 2]):
        return (b,)
    return (view, odd, y))";

fettle_costs costs_of(Abi& abi) {
  auto costs = Abi::sized<fettle_costs>();
  REQUIRE(kCostTable.of_graph(&abi.ctx, &abi.handle, &costs) == FETTLE_OK);
  return costs;
}

}  // namespace

TEST_CASE("costs are columns by node, and totals") {
  Abi abi(kProgram);
  const fettle_costs costs = costs_of(abi);
  CHECK(costs.flags == FETTLE_COST_AT_HINTS);
  REQUIRE(costs.n_nodes == abi.graph->node_bound());
  const fettle_node linear = abi.node("linear"), exp = abi.node("exp");
  CHECK(costs.kinds[linear] == FETTLE_COST_PRODUCT);
  CHECK(costs.flops[linear] == 2 * 4 * 2 * 8);
  CHECK(costs.bytes_read[linear] == (4 * 8 + 2 * 8) * 4);
  CHECK(costs.bytes_written[linear] == 4 * 2 * 4);
  CHECK(costs.kinds[abi.node("view")] == FETTLE_COST_VIEW);
  CHECK(costs.bytes_read[abi.node("view")] == 0);
  CHECK(costs.kinds[abi.node("cond")] == FETTLE_COST_NESTED);
  CHECK(costs.kinds[exp] == FETTLE_COST_ELEMENTS);  // within the nested graph
  CHECK(costs.element_ops[exp] == 8);
  CHECK(costs.kinds[abi.node("odd")] == FETTLE_COST_UNKNOWN);
  CHECK(costs.unknown[abi.node("odd")] == 1);
  CHECK(costs.unknown[linear] == 0);
  CHECK(costs.n_calls == 5);
  CHECK(costs.n_unknown == 1);
  CHECK(costs.total_flops == costs.flops[linear]);
  CHECK(costs.total_element_ops == 8);
  CHECK(costs.total_bytes_read == 192 + 128 + 32);
  CHECK(costs.total_bytes_written == 32 + 128 + 32);
}

TEST_CASE("costs are made anew after an edit that changes them, and not before") {
  Abi abi(kProgram);
  const std::int64_t* first = costs_of(abi).flops;
  CHECK(costs_of(abi).flops == first);
  REQUIRE(abi.journal.begin_rewrite(NodeId(abi.node("linear")), "test"));
  abi.journal.set_operand(NodeId(abi.node("linear")), 1, ValueId(abi.value("x")));
  abi.journal.end_rewrite();
  CHECK(costs_of(abi).bytes_read[abi.node("linear")] == 4 * 8 * 4);  // given twice, read once
  abi.journal.rollback();
  CHECK(costs_of(abi).bytes_read[abi.node("linear")] == 192);
}

TEST_CASE("a newer plugin's struct is filled as far as the host knows it, a short one refused") {
  Abi abi(kProgram);
  struct Newer {
    fettle_costs known;
    std::uint64_t later;
  } costs{};
  costs.known.size = sizeof costs;
  costs.later = 4711;
  REQUIRE(kCostTable.of_graph(&abi.ctx, &abi.handle, &costs.known) == FETTLE_OK);
  CHECK(costs.known.size == sizeof costs);
  CHECK(costs.known.n_calls == 5);
  CHECK(costs.later == 4711);
  costs.known.size = sizeof(std::uint32_t);
  CHECK(kCostTable.of_graph(&abi.ctx, &abi.handle, &costs.known) == FETTLE_E_ARGUMENT);
  CHECK(kCostTable.of_graph(&abi.ctx, &abi.handle, nullptr) == FETTLE_E_ARGUMENT);
}
