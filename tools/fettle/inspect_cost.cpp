// What the program's calls have to compute and to move: a line, a table of operators, JSON.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <iterator>

#include "analysis/cost.hpp"
#include "inspect_formats.hpp"
#include "numbers.hpp"
#include "table.hpp"

namespace fettle {
namespace {

// "1.23 G"; nothing for none.
std::string human_operations(std::int64_t count) {
  constexpr const char* units[] = {"", " k", " M", " G", " T", " P"};
  auto number = static_cast<double>(count);
  std::size_t unit = 0;
  for (; number >= 1000 && unit + 1 < std::size(units); ++unit) number /= 1000;
  const int decimals = unit == 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return fmt::format("{:.{}f}{}", number, decimals, units[unit]);
}

std::string or_nothing(std::int64_t count, std::string text) {
  return count == 0 ? "" : text;
}

boost::json::object json_of(const CallCost& cost) {
  return {{"flops", cost.flops},
          {"element_ops", cost.element_ops},
          {"bytes_read", cost.bytes_read},
          {"bytes_written", cost.bytes_written}};
}

}  // namespace

std::string cost_text(const Costs& costs) {
  const Costs::Totals& totals = costs.totals();
  std::string out =
      fmt::format("{} flops in products, {} operations on elements, {} read, {} written{}\n",
                  human_operations(totals.cost.flops), human_operations(totals.cost.element_ops),
                  human_bytes(static_cast<double>(totals.cost.bytes_read)),
                  human_bytes(static_cast<double>(totals.cost.bytes_written)),
                  costs.by_hints() ? " at the sizes of export" : "");
  const auto nested = totals.calls_by_kind[static_cast<std::size_t>(CostKind::nested)];
  if (nested > 0) out += "    (each call of a nested graph counts once, however often it runs)\n";
  if (totals.unknown > 0) {
    out += fmt::format("    (at least: {} of {} calls have a cost that is not known)\n",
                       human_count(totals.unknown), human_count(totals.calls));
  }
  return out;
}

std::string operators_text(const Graph& graph, const Costs& costs) {
  Table table({"operator", ">calls", "kind", ">flops", ">operations", ">bytes"});
  for (const Costs::Operator& op : costs.operators()) {
    const std::string mark = op.unknown > 0 ? "?" : "";
    table.add({std::string(graph.text(op.op)), human_count(op.calls),
               std::string(cost_kind_name(op.kind)),
               or_nothing(op.cost.flops, human_operations(op.cost.flops)) + mark,
               or_nothing(op.cost.element_ops, human_operations(op.cost.element_ops)),
               or_nothing(op.cost.bytes(), human_bytes(static_cast<double>(op.cost.bytes())))});
  }
  return table.empty() ? "  no calls\n" : table.text();
}

boost::json::object cost_json(const Graph& graph, const Costs& costs) {
  boost::json::object out = json_of(costs.totals().cost), kinds;
  out["calls"] = costs.totals().calls;
  out["unknown_calls"] = costs.totals().unknown;
  out["at_hints"] = costs.by_hints();
  for (std::size_t k = 0; k < kCostKinds; ++k)
    kinds[cost_kind_name(static_cast<CostKind>(k))] = costs.totals().calls_by_kind[k];
  out["calls_by_kind"] = std::move(kinds);
  boost::json::array operators;
  for (const Costs::Operator& op : costs.operators()) {
    boost::json::object one = json_of(op.cost);
    one["target"] = boost::json::string(graph.text(op.op));
    one["kind"] = boost::json::string(cost_kind_name(op.kind));
    one["calls"] = op.calls;
    one["unknown_calls"] = op.unknown;
    operators.push_back(std::move(one));
  }
  out["operators"] = std::move(operators);
  const ParameterCount parameters = count_parameters(graph);
  out["parameters"] = {{"count", parameters.parameters},
                       {"tied", parameters.tied},
                       {"elements", parameters.elements},
                       {"bytes", parameters.bytes}};
  return out;
}

boost::json::object node_cost_json(const Costs& costs, NodeId node) {
  boost::json::object out = json_of(costs.of(node));
  out["kind"] = boost::json::string(cost_kind_name(costs.kind(node)));
  if (costs.unknown(node)) out["unknown"] = true;
  return out;
}

}  // namespace fettle
