#include "pictures/levels.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>

namespace fettle {
namespace {

using Place = Level::Place;

constexpr std::uint32_t kWidest = 8;          // boxes of a row
constexpr std::size_t kMostEntries = 8;       // told apart where they enter a box
constexpr std::uint32_t kFrame = 0xffffffff;  // as a target: the box's lower edge

// An edge inside one box. `from` is a child, or, where it enters the box, the leaf it comes from.
struct InnerEdge {
  std::uint32_t box = 0, from = 0, to = 0;
  bool enters = false;
  friend auto operator<=>(const InnerEdge&, const InnerEdge&) = default;
};

std::vector<InnerEdge> inner_edges(const Picture& picture) {
  const std::vector<Box>& boxes = picture.boxes;
  std::vector<InnerEdge> out;
  for (const PictureEdge& edge : picture.edges) {
    std::uint32_t a = edge.from, b = edge.to;
    while (boxes[a].parent != boxes[b].parent) {
      if (boxes[a].depth >= boxes[b].depth) {
        out.push_back({boxes[a].parent, a, kFrame, false});
        a = boxes[a].parent;
      } else {
        out.push_back({boxes[b].parent, edge.from, b, true});
        b = boxes[b].parent;
      }
    }
    if (a != b) out.push_back({boxes[a].parent, a, b, false});
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

class LevelMaker {
 public:
  LevelMaker(const Picture& picture, std::uint32_t box, std::span<const InnerEdge> edges)
      : box_(box), children_(picture.boxes[box].children), edges_(edges.begin(), edges.end()) {
    for (std::uint32_t i = 0; i < children_.size(); ++i) local_[children_[i]] = i;
    merge_entries();
  }

  Level make() {
    rank();
    limit_width();
    level_.rows.resize(row_count_);
    for (std::uint32_t i = 0; i < children_.size(); ++i) {
      level_.rows[row_[i]].push_back(children_[i]);
    }
    add_wires();
    reduce_crossings();
    return std::move(level_);
  }

 private:
  void merge_entries() {
    std::vector<std::uint32_t> sources;
    for (const InnerEdge& edge : edges_) {
      if (edge.enters) sources.push_back(edge.from);
    }
    std::ranges::sort(sources);
    const auto last = std::unique(sources.begin(), sources.end());
    if (static_cast<std::size_t>(last - sources.begin()) <= kMostEntries) return;
    for (InnerEdge& edge : edges_) {
      if (edge.enters) edge.from = sources.front();
    }
    std::ranges::sort(edges_);
    edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
  }

  // The longest path that leads to each; what nothing leads to goes down to where it is needed.
  void rank() {
    row_.assign(children_.size(), 0);
    std::vector<std::uint32_t> needed(children_.size(), kFrame);
    std::vector<bool> fed(children_.size());
    std::vector<const InnerEdge*> by_source;
    for (const InnerEdge& edge : edges_) {
      if (edge.enters)
        fed[local_.at(edge.to)] = true;
      else
        by_source.push_back(&edge);
    }
    // Children are numbered in program order, and edges are sorted by source: one sweep is enough.
    for (const InnerEdge* edge : by_source) {
      if (edge->to == kFrame) continue;
      const std::uint32_t from = local_.at(edge->from), to = local_.at(edge->to);
      row_[to] = std::max(row_[to], row_[from] + 1);
      fed[to] = true;
    }
    for (const InnerEdge* edge : by_source) {
      if (edge->to == kFrame) continue;
      std::uint32_t& first = needed[local_.at(edge->from)];
      first = std::min(first, row_[local_.at(edge->to)]);
    }
    for (std::size_t i = 0; i < row_.size(); ++i) {
      if (!fed[i] && needed[i] != kFrame) row_[i] = needed[i] - 1;
    }
  }

  void limit_width() {
    const std::uint32_t ranks = row_.empty() ? 0 : *std::ranges::max_element(row_) + 1;
    std::vector<std::uint32_t> width(ranks), first(ranks + 1);
    for (const std::uint32_t rank : row_) ++width[rank];
    for (std::uint32_t r = 0; r < ranks; ++r) {
      first[r + 1] = first[r] + std::max(1u, (width[r] + kWidest - 1) / kWidest);
      width[r] = 0;
    }
    for (std::uint32_t& rank : row_) rank = first[rank] + width[rank]++ / kWidest;
    row_count_ = first[ranks];
  }

  std::uint32_t row_of_target(const InnerEdge& edge) const {
    return edge.to == kFrame ? row_count_ : row_[local_.at(edge.to)];
  }

  // One chain of wires for each source, as far as its last target.
  void add_wires() {
    Place wires = 0;
    for (std::size_t i = 0, end = 0; i < edges_.size(); i = end) {
      const InnerEdge& first = edges_[i];
      std::uint32_t last_row = 0;
      for (end = i; end < edges_.size() && edges_[end].from == first.from &&
                    edges_[end].enters == first.enters;
           ++end) {
        last_row = std::max(last_row, row_of_target(edges_[end]));
      }
      const std::uint32_t start = first.enters ? 0 : row_[local_.at(first.from)] + 1;
      std::vector<Place> chain = {first.enters ? Place(box_) : Place(first.from)};
      for (std::uint32_t row = start; row < last_row; ++row) {
        level_.rows[row].push_back(-++wires);
        level_.segments.push_back({chain.back(), -wires});
        chain.push_back(-wires);
      }
      for (std::size_t k = i; k < end; ++k) {
        const Place to = edges_[k].to == kFrame ? Place(box_) : Place(edges_[k].to);
        level_.segments.push_back({chain[row_of_target(edges_[k]) - start], to});
      }
    }
  }

  void reduce_crossings() {
    std::unordered_map<Place, std::vector<Place>> above, below;
    for (const Level::Segment& segment : level_.segments) {
      if (segment.from != box_) above[segment.to].push_back(segment.from);
      if (segment.to != box_) below[segment.from].push_back(segment.to);
    }
    for (const auto& row : level_.rows) place(row);
    for (int sweep = 0; sweep < 4; ++sweep) {
      for (auto& row : level_.rows) order(row, above);
      for (std::size_t r = level_.rows.size(); r-- > 0;) order(level_.rows[r], below);
    }
    for (auto& row : level_.rows) order(row, above);
  }

  // Where each stands from the middle of its row: a wire is narrow, a box is not.
  void place(const std::vector<Place>& row) {
    const auto width = [](Place p) { return p < 0 ? 0.15 : 1.0; };
    double x = 0;
    for (const Place p : row) x -= width(p) / 2;
    for (const Place p : row) {
      x_[p] = x + width(p) / 2;
      x += width(p);
    }
  }

  void order(std::vector<Place>& row, std::unordered_map<Place, std::vector<Place>>& neighbours) {
    std::vector<std::tuple<double, double, Place>> keys;
    for (const Place p : row) {
      const auto at = neighbours.find(p);
      double wanted = x_[p];
      if (at != neighbours.end()) {
        wanted = 0;
        for (const Place q : at->second) wanted += x_[q] / static_cast<double>(at->second.size());
      }
      keys.emplace_back(wanted, x_[p], p);
    }
    std::ranges::stable_sort(
        keys, {}, [](const auto& key) { return std::pair(std::get<0>(key), std::get<1>(key)); });
    std::ranges::transform(keys, row.begin(), [](const auto& key) { return std::get<2>(key); });
    place(row);
  }

  const Place box_;
  const std::vector<std::uint32_t>& children_;
  std::vector<InnerEdge> edges_;
  std::unordered_map<std::uint32_t, std::uint32_t> local_;  // from picture to place among children
  std::vector<std::uint32_t> row_;                          // of each child
  std::uint32_t row_count_ = 0;
  std::unordered_map<Place, double> x_;
  Level level_;
};

}  // namespace

std::vector<Level> levels(const Picture& picture) {
  std::vector<Level> out(picture.boxes.size());
  const std::vector<InnerEdge> edges = inner_edges(picture);
  std::size_t at = 0;
  for (std::uint32_t box = 0; box < picture.boxes.size(); ++box) {
    const std::size_t first = at;
    while (at < edges.size() && edges[at].box == box) ++at;
    if (picture.boxes[box].leaf()) continue;
    out[box] = LevelMaker(picture, box, std::span(edges).subspan(first, at - first)).make();
  }
  return out;
}

}  // namespace fettle
