#include "frontier.hpp"

#include <algorithm>

namespace {

constexpr std::size_t kMostSources = 16;  // followed for each call; more count as none

bool is_dense(const fettle::Type& type) {
  std::int64_t expected = 1;
  const auto sizes = type.sizes(), strides = type.strides();
  if (type.bytes() == 0) return true;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    if (sizes[d].value == 1) continue;
    if (strides[d].expression.size != 0 || strides[d].value != expected) return false;
    expected *= sizes[d].value;
  }
  return true;
}

// The bytes of constants that only candidates use, and that go when those go. Each counts once.
class ReplacedBytes {
 public:
  ReplacedBytes(const fettle::Graph& graph, Candidates& candidates)
      : graph_(graph), candidates_(candidates) {
    for (const Candidate& call : candidates.all()) {
      std::vector<fettle_value> sources;
      for (const fettle_value operand : call.operands) {
        if (Candidate* producer = candidates.of_value(operand)) {
          const auto& inherited = sources_[producer->node.id()];
          sources.insert(sources.end(), inherited.begin(), inherited.end());
        } else if (candidates.root_source(operand) == operand) {  // others stay: calls pass them on
          sources.push_back(operand);
        }
      }
      std::sort(sources.begin(), sources.end());
      sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
      if (sources.size() > kMostSources) sources.resize(kMostSources);
      sources_.emplace(call.node.id(), std::move(sources));
    }
  }

  std::int64_t claim(const Candidate& call) {
    std::int64_t bytes = 0;
    for (const fettle_value source : sources_[call.node.id()])
      if (only_candidates_use(source) && claimed_.insert(source).second)
        bytes += std::max<std::int64_t>(graph_.value(source).type().bytes(), 0);
    return bytes;
  }

 private:
  bool only_candidates_use(fettle_value source) {
    const auto known = exclusive_.find(source);
    if (known != exclusive_.end()) return known->second;
    bool exclusive = true;
    for (const fettle_use& use : graph_.value(source).uses())
      exclusive = exclusive && candidates_.of_node(use.user) != nullptr;
    return exclusive_[source] = exclusive;
  }

  const fettle::Graph& graph_;
  Candidates& candidates_;
  std::unordered_map<fettle_node, std::vector<fettle_value>> sources_;
  std::unordered_set<fettle_value> claimed_;
  std::unordered_map<fettle_value, bool> exclusive_;
};

std::vector<std::uint32_t> needed_results(const fettle::Graph& graph, Candidates& candidates,
                                          const Candidate& call) {
  std::vector<std::uint32_t> needed;
  for (std::uint32_t k = 0; k < call.results; ++k) {
    const auto uses = graph.value(call.first_result + k).uses();
    const bool is_needed = std::any_of(uses.begin(), uses.end(), [&](const fettle_use& use) {
      const Candidate* user = candidates.of_node(use.user);
      return user == nullptr || user->keep;
    });
    if (is_needed) needed.push_back(k);
  }
  return needed;
}

}  // namespace

Frontier decide_frontier(const fettle::Graph& graph, const FoldingRules& rules,
                         Candidates& candidates) {
  Frontier frontier;
  ReplacedBytes replaced(graph, candidates);
  std::vector<Candidate>& calls = candidates.all();
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {  // users before what they use
    if (call->assertion) {
      call->wanted = true;
      ++frontier.assertions;
    }
    call->store = needed_results(graph, candidates, *call);
    if (!call->store.empty()) {
      std::int64_t bytes = 0;
      bool returned = false, dense = true;
      for (const std::uint32_t k : call->store) {
        const fettle::Value result = graph.value(call->first_result + k);
        bytes += result.type().bytes();
        returned = returned || candidates.classes().returned(result);
        dense = dense && is_dense(result.type());
      }
      const bool fits =
          bytes <= rules.max_bytes || (!returned && dense && bytes <= replaced.claim(*call));
      call->keep = returned || !dense || !fits;
      frontier.returned += returned ? 1 : 0;
      frontier.not_dense += !returned && !dense ? 1 : 0;
      frontier.too_large += !returned && dense && !fits ? 1 : 0;
      if (call->keep) call->store.clear();
      frontier.stored += call->store.size();
    }
    if (!call->store.empty()) call->wanted = true;
    if (!call->wanted) continue;
    for (const fettle_value operand : call->operands)
      if (Candidate* producer = candidates.of_value(operand)) producer->wanted = true;
  }
  return frontier;
}
