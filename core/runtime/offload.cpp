#include "runtime/offload.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "ops/higher_order.hpp"

namespace fettle {
namespace {

bool offloadable(const Graph& graph, NodeId id, const AliasClasses& aliases) {
  const Node& node = graph.node(id);
  if (node.opcode != Opcode::call_function || node.result_count == 0 ||
      is_higher_order(graph.text(node.op))) {
    return false;
  }
  for (const ValueId result : graph.results(id)) {
    if (graph.type(result).kind != TypeKind::tensor || aliases.written(result)) return false;
  }
  for (const ValueId operand : node.operands) {
    if (graph.type(operand).kind == TypeKind::tensor && aliases.written(operand)) return false;
  }
  return call_facts(graph, id).pure();
}

// Levels: a node's is at least that of what it depends on, and greater where another runner makes it.
// Calls of one runner and level are a part: a path that leaves them and comes back would have gained a
// level. libtorch's calls never go down in program order, and each call starts from the level of the
// last of them, so that parts run about where their calls stood, and before libtorch's of their level.
class Levels {
 public:
  Levels(const Graph& graph, std::span<const std::uint32_t> runner_of)
      : graph_(graph), runner_of_(runner_of), level_(graph.node_bound(), 0) {
    std::uint32_t reached = 0;  // by libtorch
    for (const NodeId id : graph.nodes()) {
      std::uint32_t level = reached;
      for (const ValueId operand : graph.node(id).operands) {
        const NodeId producer = graph.value(operand).producer;
        const bool other = runner(producer) != runner(id);
        level = std::max(level, level_[producer.index] + (other && !input(producer) ? 1 : 0));
      }
      level_[id.index] = level;
      if (runner(id) == kNoRunner) reached = level;
    }
  }
  std::uint32_t of(NodeId id) const { return level_[id.index]; }
  std::uint32_t runner(NodeId id) const { return runner_of_[id.index]; }

 private:
  // There before anything runs.
  bool input(NodeId id) const { return graph_.node(id).opcode == Opcode::placeholder; }

  const Graph& graph_;
  std::span<const std::uint32_t> runner_of_;
  std::vector<std::uint32_t> level_;
};

class Partitioner {
 public:
  Partitioner(const Graph& graph, std::span<const std::uint32_t> runner_of)
      : graph_(graph), levels_(graph, runner_of), part_of_(graph.node_bound(), kNoPart) {}

  Partition run() {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> parts;  // level, runner
    std::map<std::uint32_t, std::vector<NodeId>> others;                     // by level
    for (const NodeId id : graph_.nodes()) {
      const std::uint32_t runner = levels_.runner(id), level = levels_.of(id);
      if (runner == kNoRunner) {
        others[level].push_back(id);
        continue;
      }
      const auto [at, fresh] = parts.try_emplace(
          {level, runner}, static_cast<std::uint32_t>(out_.parts.size()));
      if (fresh) out_.parts.emplace_back().runner = runner;
      out_.parts[at->second].nodes.push_back(id);
      part_of_[id.index] = at->second;
    }
    for (std::uint32_t part = 0; part < out_.parts.size(); ++part) connect(part);
    order(parts, others);
    return std::move(out_);
  }

 private:
  static constexpr std::uint32_t kNoPart = 0xffffffffu;

  void connect(std::uint32_t number) {
    OffloadedPart& part = out_.parts[number];
    std::unordered_map<ValueId, bool> taken;
    for (const NodeId id : part.nodes) {
      for (const ValueId operand : graph_.node(id).operands) {
        if (part_of_[graph_.value(operand).producer.index] == number) continue;
        if (taken.emplace(operand, true).second) part.inputs.push_back(operand);
      }
      for (const ValueId result : graph_.results(id)) {
        const auto uses = graph_.uses(result);
        if (std::any_of(uses.begin(), uses.end(),
                        [&](const Use& use) { return part_of_[use.user.index] != number; })) {
          part.outputs.push_back(result);
        }
      }
    }
  }

  // Placeholders, then level by level: the parts, then libtorch's calls in program order.
  void order(const std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>& parts,
             const std::map<std::uint32_t, std::vector<NodeId>>& others) {
    for (const NodeId id : graph_.nodes()) {
      if (graph_.node(id).opcode == Opcode::placeholder) out_.order.push_back({id, 0});
    }
    auto part = parts.begin();
    auto other = others.begin();
    while (part != parts.end() || other != others.end()) {
      if (other == others.end() || (part != parts.end() && part->first.first <= other->first)) {
        out_.order.push_back({NodeId(), part->second});
        ++part;
        continue;
      }
      for (const NodeId id : other->second) {
        if (graph_.node(id).opcode != Opcode::placeholder) out_.order.push_back({id, 0});
      }
      ++other;
    }
  }

  const Graph& graph_;
  Levels levels_;
  std::vector<std::uint32_t> part_of_;
  Partition out_;
};

}  // namespace

std::vector<NodeId> offloadable_calls(const Graph& graph, const AliasClasses& aliases) {
  std::vector<NodeId> calls;
  for (const NodeId id : graph.nodes()) {
    if (offloadable(graph, id, aliases)) calls.push_back(id);
  }
  return calls;
}

Partition partition(const Graph& graph, std::span<const std::uint32_t> runner_of) {
  return Partitioner(graph, runner_of).run();
}

}  // namespace fettle
