// Sizes, from the largest to the smallest: all dimensions of one size change together, with the
// sizes that are multiples of it (768 is 12 heads of 64) or alone, and with the numbers that calls
// give or without them. What does not fit together has no types (resize.hpp), and costs no trial.
// Where that keeps nothing, single dimensions follow: what broadcasts, and sizes equal by chance.
//
// Proposals are bounded by the sizes that a program has, each halved at most.
#include <algorithm>
#include <set>

#include "bisect/held_tensors.hpp"
#include "bisect/resize.hpp"
#include "bisect/shrink_steps.hpp"

namespace fettle {
namespace {

class SizeShrinking {
 public:
  explicit SizeShrinking(Smallest& smallest) : smallest_(smallest) {}

  bool run() {
    bool kept = false;
    for (std::int64_t below = INT64_MAX;;) {
      const std::set<std::int64_t> sizes = all_sizes();
      const auto next = sizes.lower_bound(below);
      if (next == sizes.begin() || *std::prev(next) < 2 || smallest_.spent()) return kept;
      below = *std::prev(next);
      kept |= shrink(below, sizes);
    }
  }

 private:
  // Of inputs and weights; and the numbers of calls that are a size of something.
  std::set<std::int64_t> all_sizes() const {
    std::set<std::int64_t> sizes, made;
    for (const HeldTensor& held : held_tensors(smallest_.program())) {
      add_sizes(type_of(smallest_.program(), held), sizes);
    }
    const Graph& graph = smallest_.graph();
    for (std::uint32_t k = 0; k < graph.value_bound(); ++k) {
      if (graph.alive(ValueId(k))) add_sizes(graph.type(ValueId(k)), made);
    }
    for (const auto& [number, times] : given_integers(graph)) {
      if (made.contains(number)) sizes.insert(number);
    }
    return sizes;
  }
  static void add_sizes(const Type& type, std::set<std::int64_t>& to) {
    if (type.kind != TypeKind::tensor) return;
    for (const SymInt& size : type.sizes) {
      if (!size.symbolic()) to.insert(size.value);
    }
  }

  bool shrink(std::int64_t size, const std::set<std::int64_t>& sizes) {
    bool kept = false;
    for (const std::int64_t smaller : smaller_sizes(size)) {
      if (!together(size, smaller, sizes)) continue;
      if (smaller > 3) halve(smaller);
      kept = true;
      break;
    }
    return kept ? kept : one_by_one(size);
  }

  void halve(std::int64_t size) {
    while (size > 7 && together(size, size / 2, all_sizes())) size /= 2;
  }

  bool together(std::int64_t size, std::int64_t smaller, const std::set<std::int64_t>& sizes) {
    Resizing alone, scaled;
    alone.sizes[size] = smaller;
    for (const std::int64_t other : sizes) {
      if (other % size == 0) scaled.sizes[other] = other / size * smaller;
    }
    return (scaled.sizes.size() > 1 && all_variants(scaled)) || all_variants(alone);
  }

  bool one_by_one(std::int64_t size) {
    bool kept = false;
    for (const HeldTensor& held : held_tensors(smallest_.program())) {
      const Type type = type_of(smallest_.program(), held);
      for (std::size_t d = 0; d < type.sizes.size(); ++d) {
        if (type.sizes[d] != SymInt(size)) continue;
        for (const std::int64_t smaller : smaller_sizes(size)) {
          Resizing how;
          how.sizes[size] = smaller;
          how.place = Resizing::Place{held.value, d};
          if (!all_variants(how)) continue;
          kept = true;
          break;
        }
      }
    }
    return kept;
  }

  bool all_variants(Resizing how) {
    const auto given = given_integers(smallest_.graph());
    const bool named = std::ranges::any_of(
        how.sizes, [&](const auto& size) { return given.contains(size.first); });
    for (const bool arguments : {true, false}) {
      if (arguments && !named) continue;
      for (const End end : {End::first, End::last}) {
        if (smallest_.spent()) return false;
        how.arguments = arguments;
        how.end = end;
        if (smallest_.keep_other([&] { return resized(smallest_.program(), how); })) return true;
      }
    }
    return false;
  }

  Smallest& smallest_;
};

}  // namespace

bool shrink_sizes(Smallest& smallest) {
  return SizeShrinking(smallest).run();
}

std::vector<std::int64_t> smaller_sizes(std::int64_t size) {
  std::set<std::int64_t> sizes;
  for (const std::int64_t smaller : {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, size / 2}) {
    if (smaller > 0 && smaller < size) sizes.insert(smaller);
  }
  return {sizes.begin(), sizes.end()};
}

}  // namespace fettle
