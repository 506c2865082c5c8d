// What follows from the types of a program's inputs: what has no rule, and what is recorded
// otherwise.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/type_propagation.hpp"
#include "inspect_formats.hpp"
#include "numbers.hpp"
#include "table.hpp"

namespace fettle {
namespace {

constexpr std::size_t kMostShown = 20;

// By operator and reason, the most frequent first.
std::string unruled_text(const Graph& graph, const std::vector<Unruled>& unruled) {
  std::map<std::pair<std::string, std::string>, std::vector<NodeId>> reasons;
  for (const Unruled& one : unruled) {
    reasons[{std::string(graph.text(graph.node(one.node).op)), one.why}].push_back(one.node);
  }
  std::vector<std::pair<std::pair<std::string, std::string>, std::vector<NodeId>>> sorted(
      reasons.begin(), reasons.end());
  std::ranges::stable_sort(sorted, std::greater{},
                           [](const auto& row) { return row.second.size(); });
  Table table({"operator", ">calls", "first", "why its types are taken as recorded"});
  for (const auto& [key, nodes] : sorted) {
    table.add({key.first, human_count(nodes.size()),
               std::string(graph.text(graph.node(nodes[0]).name)), key.second});
  }
  return table.text();
}

}  // namespace

TypesText types_text(const Graph& graph) {
  const InferredTypes inferred(graph);
  const auto& unruled = inferred.unruled();
  const auto& mismatches = inferred.mismatches();
  TypesText out;
  out.agree = mismatches.empty();
  out.text =
      fmt::format("{} calls, {} without a rule, {}\n", human_count(inferred.calls()),
                  human_count(unruled.size()),
                  out.agree ? "all others as recorded"
                            : fmt::format("{} not as recorded", human_count(mismatches.size())));
  if (!unruled.empty()) out.text += unruled_text(graph, unruled);
  for (std::size_t i = 0; i < std::min(mismatches.size(), kMostShown); ++i) {
    out.text += fmt::format("mismatch: {}\n", inferred.text(mismatches[i]));
  }
  if (mismatches.size() > kMostShown) {
    out.text += fmt::format("and {} more\n", human_count(mismatches.size() - kMostShown));
  }
  return out;
}

}  // namespace fettle
