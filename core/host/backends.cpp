#include "host/backends.hpp"

#include <algorithm>
#include <tuple>

namespace fettle {
namespace {

class Assigner {
 public:
  Assigner(const Graph& graph, const BackendChoice& choice, const std::string& device,
           Outcome& outcome)
      : graph_(graph),
        choice_(choice),
        device_(device),
        outcome_(outcome),
        analyses_(graph),
        runner_of_(graph.node_bound(), kNoRunner) {}

  Assignment run() {
    choose();
    for (std::uint32_t k = 0; k < backends_.size(); ++k) claim(k);
    Assignment result{partition(graph_, runner_of_), {}};
    for (OffloadedPart& part : result.partition.parts) {
      part.backend = backends_[part.runner]->info().name;
      part.call = backends_[part.runner]->compile(analyses_, device_, part, outcome_);
    }
    count(result);
    return result;
  }

 private:
  // By the rules alone; kNoRunner: libtorch's.
  std::uint32_t wanted(NodeId id) {
    const Node& node = graph_.node(id);
    std::shared_ptr<Backend> backend = choice_.otherwise;
    if (const auto rule = choice_.operators.find(graph_.text(node.op));
        rule != choice_.operators.end()) {
      backend = rule->second;
    }
    if (const auto rule = choice_.nodes.find(graph_.text(node.name)); rule != choice_.nodes.end()) {
      backend = rule->second;
    }
    if (!backend) return kNoRunner;
    const auto known = std::ranges::find(backends_, backend);
    if (known == backends_.end()) {
      backends_.push_back(backend);
      return static_cast<std::uint32_t>(backends_.size() - 1);
    }
    return static_cast<std::uint32_t>(known - backends_.begin());
  }

  void choose() {
    wanted_.assign(graph_.node_bound(), kNoRunner);
    for (const NodeId id : graph_.nodes()) {
      if (graph_.node(id).opcode == Opcode::call_function) wanted_[id.index] = wanted(id);
    }
    offered_.resize(backends_.size());
    is_offered_.assign(graph_.node_bound(), false);
    for (const NodeId id : offloadable_calls(graph_, *analyses_.aliasing())) {
      if (wanted_[id.index] == kNoRunner) continue;
      offered_[wanted_[id.index]].push_back(id);
      is_offered_[id.index] = true;
    }
  }

  void claim(std::uint32_t k) {
    if (offered_[k].empty()) return;
    const std::vector<bool> claimed = backends_[k]->claim(analyses_, device_, offered_[k], outcome_);
    for (std::size_t i = 0; i < claimed.size(); ++i) {
      if (claimed[i]) runner_of_[offered_[k][i].index] = k;
    }
  }

  void count(Assignment& result) const {
    std::vector<BackendUse::Claimed> claimed;
    for (const auto& backend : backends_) claimed.push_back({backend->info().name, 0, 0});
    for (const OffloadedPart& part : result.partition.parts) {
      claimed[part.runner].calls += part.nodes.size();
      ++claimed[part.runner].parts;
    }
    std::map<std::tuple<std::uint32_t, std::string, bool>, std::uint64_t> fallback;
    for (std::uint32_t b = 0; b < graph_.block_bound(); ++b) {
      if (!graph_.alive(BlockId(b))) continue;
      for (const NodeId id : graph_.nodes(BlockId(b))) {
        const Node& node = graph_.node(id);
        if (node.opcode != Opcode::call_function || runner_of_[id.index] != kNoRunner) continue;
        ++result.use.aten_calls;
        const std::uint32_t meant = wanted_[id.index];
        if (meant == kNoRunner) continue;
        ++fallback[{meant, std::string(graph_.text(node.op)), is_offered_[id.index]}];
      }
    }
    for (const auto& [key, calls] : fallback) {
      result.use.fallback.push_back(
          {claimed[std::get<0>(key)].backend, std::get<1>(key), calls, std::get<2>(key)});
    }
    std::ranges::stable_sort(result.use.fallback, std::ranges::greater(),
                             &BackendUse::Fallback::calls);
    result.use.claimed = std::move(claimed);
  }

  const Graph& graph_;
  const BackendChoice& choice_;
  const std::string& device_;
  Outcome& outcome_;
  AnalysisManager analyses_;
  std::vector<std::shared_ptr<Backend>> backends_;
  std::vector<std::uint32_t> runner_of_, wanted_;  // by node
  std::vector<std::vector<NodeId>> offered_;       // by backend
  std::vector<bool> is_offered_;                   // by node
};

}  // namespace

bool BackendChoice::aten_alone() const {
  const auto none = [](const auto& rule) { return !rule.second; };
  return !otherwise && std::ranges::all_of(operators, none) && std::ranges::all_of(nodes, none);
}

Assignment assign(const Graph& graph, const BackendChoice& choice, const std::string& device,
                  Outcome& outcome) {
  return Assigner(graph, choice, device, outcome).run();
}

}  // namespace fettle
