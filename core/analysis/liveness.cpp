#include "analysis/liveness.hpp"

#include <algorithm>

#include "graph/nested_blocks.hpp"

namespace fettle {
namespace {

// What the nested graphs of a call need while it runs, beyond what its results keep. One runs at a
// time. Recursion is as deep as graphs nest (kMostNesting).
std::int64_t nested_peak(const Graph& graph, const Storages& storages, const Node& node) {
  std::int64_t most = 0;
  for_each_block(node.arguments, [&](BlockId block) {
    most = std::max(most, Liveness(graph, storages, block).peak_bytes());
  });
  return most;
}

}  // namespace

Liveness::Liveness(const Graph& graph, const Storages& storages, BlockId block) {
  std::uint32_t least = ValueId::kNone, bound = 0;
  for (const NodeId id : graph.nodes(block)) {
    const Node& node = graph.node(id);
    nodes_.push_back(id);
    if (node.result_count == 0) continue;
    least = std::min(least, node.first_result);
    bound = std::max(bound, node.first_result + node.result_count);
  }
  first_value_ = bound > 0 ? least : 0;
  last_use_.assign(bound - first_value_, 0);
  find_ends(graph, storages);
  add_ranges(graph, storages);
}

// Backwards: all that uses a value, or lies in its storage, has its end already.
void Liveness::find_ends(const Graph& graph, const Storages& storages) {
  for (std::uint32_t at = 0; at < size(); ++at) {
    const Node& node = graph.node(nodes_[at]);
    for (const ValueId result : graph.results(nodes_[at]))
      last_use_[result.index - first_value_] = at;
    for (const ValueId operand : node.operands) last_use_[operand.index - first_value_] = at;
  }
  end_ = last_use_;
  for (std::uint32_t at = size(); at-- > 0;) {
    for (const ValueId result : graph.results(nodes_[at])) {
      const std::uint32_t end = end_[result.index - first_value_];
      for (const ValueId base : storages.shared(result)) {
        std::uint32_t& other = end_[base.index - first_value_];
        other = std::max(other, end);
      }
    }
  }
}

void Liveness::add_ranges(const Graph& graph, const Storages& storages) {
  live_.assign(size() + 1, 0);
  nested_.assign(size(), 0);
  for (std::uint32_t at = 0; at < size(); ++at) {
    std::int64_t made = 0;
    for (const ValueId result : graph.results(nodes_[at])) {
      const std::int64_t bytes = storages.allocated(result);
      if (bytes == 0) continue;
      const std::uint32_t end = end_[result.index - first_value_];
      ranges_.push_back({result, bytes, at, end});
      live_[at] += bytes;
      live_[end + 1] -= bytes;
      made += bytes;
    }
    // The nested graph made the results, too: they are in its peak.
    nested_[at] =
        std::max<std::int64_t>(0, nested_peak(graph, storages, graph.node(nodes_[at])) - made);
  }
  live_.pop_back();
  std::int64_t alive = 0;
  for (std::uint32_t at = 0; at < size(); ++at) {
    alive += live_[at];
    live_[at] = alive + nested_[at];
    if (live_[at] > peak_) peak_ = live_[at], peak_position_ = at;
  }
}

std::vector<StorageRange> Liveness::live_at(std::uint32_t position) const {
  std::vector<StorageRange> alive;
  std::ranges::copy_if(ranges_, std::back_inserter(alive), [&](const StorageRange& range) {
    return range.first <= position && position <= range.last;
  });
  std::ranges::stable_sort(alive, std::greater(), &StorageRange::bytes);
  return alive;
}

NodeId Liveness::last_use(ValueId value) const {
  return nodes_[last_use_[value.index - first_value_]];
}

}  // namespace fettle
