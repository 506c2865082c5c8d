#include "pictures/colours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/liveness.hpp"
#include "base/quantity.hpp"
#include "graph/diff.hpp"

namespace fettle {
namespace {

std::string bytes_text(std::int64_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

// Fills in boxes that hold others from what they hold; children come after their parents.
template <class Amount, class Join>
void gather(const Picture& picture, std::vector<Amount>& amounts, Join&& join) {
  for (std::size_t i = picture.boxes.size(); i-- > 1;) {
    Amount& parent = amounts[picture.boxes[i].parent];
    parent = join(parent, amounts[i]);
  }
}

void fill_by_share(Picture& picture, const std::vector<double>& amounts, double most) {
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) {
    picture.boxes[i].fill = ramp(most > 0 ? amounts[i] / most : 0);
  }
}

}  // namespace

std::string ramp(double share) {
  // ColorBrewer's OrRd (Cynthia Brewer, Apache 2.0), its light half: black reads on all of it.
  constexpr std::array<std::array<double, 3>, 5> stops = {
      {{255, 255, 255}, {254, 232, 200}, {253, 187, 132}, {252, 141, 89}, {239, 101, 72}}};
  const double at = std::clamp(std::isnan(share) ? 0 : share, 0.0, 1.0) * (stops.size() - 1);
  const auto stop = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  const auto part = [&](std::size_t c) {
    const double from = stops[stop][c], to = stops[stop + 1][c];
    return static_cast<int>(std::lround(from + (to - from) * (at - static_cast<double>(stop))));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", part(0), part(1), part(2));
}

void colour_by_kind(Picture& picture) {
  // By Box::Kind.
  constexpr std::array<std::pair<const char*, const char*>, 7> fills = {
      {{"#ffffff", "call"},
       {"#d8ecd8", "input"},
       {"#eeeeee", "weight"},
       {"#d8ecd8", "output"},
       {"#dde8f7", "module"},
       {"#dde8f7", "part"},
       {"#efe3f7", "nested graph"}}};
  std::array<bool, fills.size()> used{};
  for (Box& box : picture.boxes) {
    const auto kind = static_cast<std::size_t>(box.kind);
    box.fill = fills[kind].first;
    used[kind] = used[kind] || &box != picture.boxes.data();
  }
  picture.legend = "colour: what it is";
  for (std::size_t kind = 0; kind < fills.size(); ++kind) {
    if (used[kind]) picture.swatches.emplace_back(fills[kind].first, fills[kind].second);
  }
}

void colour_by_memory(Picture& picture, const Graph& graph) {
  const Storages storages(graph);
  std::vector<double> alive(picture.boxes.size());
  double peak = 0;
  for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
    if (!graph.alive(BlockId(b))) continue;
    const Liveness liveness(graph, storages, BlockId(b));
    if (BlockId(b) == kRootBlock) peak = static_cast<double>(liveness.peak_bytes());
    for (std::uint32_t at = 0; at < liveness.size(); ++at) {
      const NodeId node = liveness.node(at);
      const std::uint32_t leaf = picture.leaf_of[node.index];
      if (leaf == Picture::kNoBox) continue;
      alive[leaf] = static_cast<double>(liveness.live_bytes()[at]);
      std::int64_t made = 0;
      for (const ValueId value : graph.results(node)) made += storages.allocated(value);
      picture.boxes[leaf].details.push_back(fmt::format("{} alive while it runs; allocates {}",
                                                        bytes_text(liveness.live_bytes()[at]),
                                                        bytes_text(made)));
    }
  }
  gather(picture, alive, [](double a, double b) { return std::max(a, b); });
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) {
    if (picture.boxes[i].leaf()) continue;
    picture.boxes[i].details.push_back(human_bytes(alive[i]) + " alive at most while it runs");
  }
  fill_by_share(picture, alive, peak);
  picture.legend = fmt::format("colour: bytes alive while it runs{}",
                               storages.by_hints() ? ", at the sizes of export" : "");
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    picture.swatches.emplace_back(ramp(share), human_bytes(peak * share));
  }
}

void colour_by_time(Picture& picture, std::span<const double> seconds) {
  std::vector<double> spent(picture.boxes.size());
  for (std::size_t i = 0; i < picture.boxes.size(); ++i) {
    const NodeId node = picture.boxes[i].node;
    if (node && node.index < seconds.size()) spent[i] = seconds[node.index];
  }
  gather(picture, spent, [](double a, double b) { return a + b; });
  const double total = spent[0];
  double most = 0;  // of what is in sight: a whole layer would make all nodes look alike
  for (std::uint32_t i = 0; i < picture.boxes.size(); ++i) {
    Box& box = picture.boxes[i];
    if (!box.open && picture.shown(i) == i) most = std::max(most, spent[i]);
    box.details.push_back(fmt::format("{:.3g} ms, {:.1f} % of the total", spent[i] * 1e3,
                                      total > 0 ? 100 * spent[i] / total : 0));
  }
  fill_by_share(picture, spent, most);
  picture.legend = fmt::format("colour: measured time; {:.3g} ms in all", total * 1e3);
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    picture.swatches.emplace_back(ramp(share), fmt::format("{:.3g} ms", most * share * 1e3));
  }
}

void colour_by_change(Picture& picture, const Graph& graph, const Graph& before) {
  // A box that holds others: changed, unless all of it is the same or all of it was added.
  constexpr std::uint8_t same = 0, moved = 1, changed = 2, added = 3, unknown = 4;
  constexpr std::array<const char*, 4> fills = {"#ffffff", "#e3e3f7", "#fdd98c", "#a9dba9"};
  constexpr std::array<const char*, 4> names = {"the same", "moved", "changed", "added"};
  std::vector<std::uint8_t> what(picture.boxes.size(), unknown);
  std::array<std::uint64_t, 4> counts{};
  std::uint64_t removed = 0;
  const GraphDiff diff = diff_graphs(before, graph);
  for (const BlockDiff& block : diff.blocks) {
    for (const NodeDiff& node : block.nodes) {
      removed += node.change == Change::removed;
      if (!node.b || node.change == Change::moved_from) continue;
      const std::uint32_t leaf = picture.leaf_of[node.b.index];
      if (leaf == Picture::kNoBox) continue;
      what[leaf] = node.change == Change::added      ? added
                   : node.change == Change::moved_to ? moved
                   : node.change == Change::changed  ? changed
                                                     : same;
      ++counts[what[leaf]];
      std::string detail = names[what[leaf]];
      for (const std::string& field : node.fields) {
        detail += (&field == node.fields.data() ? ": " : ", ") + field;
      }
      picture.boxes[leaf].details.push_back(std::move(detail));
    }
  }
  gather(picture, what, [](std::uint8_t a, std::uint8_t b) -> std::uint8_t {
    return a == unknown || a == b ? b : b == unknown ? a : changed;
  });
  for (std::size_t i = 0; i < what.size(); ++i) {
    picture.boxes[i].fill = fills[what[i] == unknown ? same : what[i]];
  }
  picture.legend = "colour: what changed; removed: " + human_count(removed);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    picture.swatches.emplace_back(fills[i],
                                  fmt::format("{}: {}", names[i], human_count(counts[i])));
  }
}

}  // namespace fettle
