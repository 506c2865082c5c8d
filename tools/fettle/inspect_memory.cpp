// What the program's own values need at most, and which of them make that up.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/liveness.hpp"
#include "inspect_formats.hpp"
#include "numbers.hpp"

namespace fettle {
namespace {

constexpr std::size_t kMostShown = 3;

std::string_view name_of(const Graph& graph, NodeId node) {
  return graph.text(graph.node(node).name);
}

}  // namespace

std::string memory_text(const Graph& graph) {
  const Storages storages(graph);
  const Liveness liveness(graph, storages);
  if (liveness.peak_bytes() == 0) return "none that take memory\n";
  const std::uint32_t at = liveness.peak_position();
  const std::vector<StorageRange> alive = liveness.live_at(at);
  // Sizes that only data tell count nothing: then the peak is a lower bound.
  std::string out = fmt::format(
      "{} at {}{}, while '{}' runs (", human_bytes(static_cast<double>(liveness.peak_bytes())),
      storages.unknown_sizes() ? "least" : "most",
      storages.by_hints() ? " at the sizes of export" : "", name_of(graph, liveness.node(at)));
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < std::min(alive.size(), kMostShown); ++i) {
    parts.push_back(fmt::format("{} {}", graph.text(graph.value(alive[i].value).name),
                                human_bytes(static_cast<double>(alive[i].bytes))));
  }
  if (alive.size() > kMostShown) parts.push_back(fmt::format("{} more", alive.size() - kMostShown));
  if (const std::int64_t nested = liveness.nested_bytes(at); nested > 0) {
    parts.push_back(
        fmt::format("{} in its nested graph", human_bytes(static_cast<double>(nested))));
  }
  return out + fmt::format("{})\n", fmt::join(parts, ", "));
}

boost::json::object memory_json(const Graph& graph) {
  const Storages storages(graph);
  const Liveness liveness(graph, storages);
  boost::json::array alive;
  boost::json::object out{{"peak_bytes", liveness.peak_bytes()},
                          {"at_hints", storages.by_hints()},
                          {"unknown_sizes", storages.unknown_sizes()}};
  if (liveness.peak_bytes() == 0) return out;
  const std::uint32_t at = liveness.peak_position();
  for (const StorageRange& range : liveness.live_at(at)) {
    alive.push_back({{"value", boost::json::string(graph.text(graph.value(range.value).name))},
                     {"bytes", range.bytes}});
  }
  out["peak_node"] = boost::json::string(name_of(graph, liveness.node(at)));
  out["nested_bytes"] = liveness.nested_bytes(at);
  out["alive"] = std::move(alive);
  return out;
}

}  // namespace fettle
