// Union-find over values, fed with call facts: the one rule of which values may share storage.
#pragma once

#include <boost/pending/disjoint_sets.hpp>
#include <numeric>
#include <vector>

#include "ops/facts.hpp"

namespace fettle {

class AliasUnion {
 public:
  explicit AliasUnion(std::size_t bound)
      : ranks_(bound, 0), parents_(bound), sets_(ranks_.data(), parents_.data()) {
    std::iota(parents_.begin(), parents_.end(), 0u);
  }

  void unite(std::uint32_t a, std::uint32_t b) { sets_.union_set(a, b); }
  std::uint32_t find(std::uint32_t value) { return sets_.find_set(value); }

  // `index` maps a ValueId to this union's own numbering.
  template <class Index>
  void add_call(const Graph& graph, NodeId id, const CallFacts& facts, Index index) {
    const Node& node = graph.node(id);
    for (std::uint32_t r = 0; r < facts.results_alias.size(); ++r) {
      for (std::uint32_t k : facts.results_alias[r]) {
        unite(index(graph.result(id, r)), index(node.operands[k]));
      }
    }
    for (std::uint32_t r = 1; r < node.result_count && (facts.results_share || !facts.known); ++r) {
      unite(index(graph.result(id, 0)), index(graph.result(id, r)));
    }
    if (facts.known) return;
    // Nothing is promised: operands may end up in one another.
    for (std::size_t k = 1; k < node.operands.size(); ++k) {
      unite(index(node.operands[0]), index(node.operands[k]));
    }
  }

 private:
  std::vector<std::uint32_t> ranks_, parents_;
  boost::disjoint_sets<std::uint32_t*, std::uint32_t*> sets_;
};

}  // namespace fettle
