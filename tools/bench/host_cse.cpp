#include "host_cse.hpp"

#include <boost/container_hash/hash.hpp>
#include <numeric>

#include "../../plugins/passes/cse/leaders.hpp"
#include "ops/facts.hpp"

namespace fettle {
namespace {

enum ClassFlag : std::uint32_t { kWritten = 1, kInput = 2, kReturned = 4 };

// Alias classes with what holds of each, joined as calls are merged.
class Classes {
 public:
  Classes(const Graph& graph, const AliasClasses& classes) : class_of_(graph.value_bound(), 0) {
    std::uint32_t n = 0;
    for (std::uint32_t v = 0; v < graph.value_bound(); ++v) {
      if (!graph.alive(ValueId(v))) continue;
      class_of_[v] = classes.class_of(ValueId(v));
      n = std::max(n, class_of_[v] + 1);
    }
    flags_.resize(n);
    parent_.resize(n);
    std::iota(parent_.begin(), parent_.end(), 0u);
    for (std::uint32_t v = 0; v < graph.value_bound(); ++v) {
      if (!graph.alive(ValueId(v))) continue;
      if (classes.written(ValueId(v))) flags_[class_of_[v]] |= kWritten;
      const Opcode producer = graph.node(graph.value(ValueId(v)).producer).opcode;
      if (producer == Opcode::placeholder || producer == Opcode::get_attr)
        flags_[class_of_[v]] |= kInput;
    }
    for (std::uint32_t b = 0; b < graph.block_bound(); ++b) {
      const NodeId output = graph.alive(BlockId(b)) ? graph.output_node(BlockId(b)) : NodeId{};
      if (!output) continue;
      for (const ValueId value : graph.node(output).operands)
        flags_[class_of_[value.index]] |= kReturned;
    }
  }

  bool written(ValueId value) { return (flags_[find(value)] & kWritten) != 0; }
  bool may_merge(ValueId a, ValueId b) {
    const std::uint32_t first = flags_[find(a)], second = flags_[find(b)], both = first | second;
    if ((both & kWritten) != 0 || (first & second & kReturned) != 0) return false;
    constexpr std::uint32_t kExposed = kInput | kReturned;
    return (both & kExposed) != kExposed || (first & kExposed) == kExposed ||
           (second & kExposed) == kExposed;
  }
  void merge(ValueId a, ValueId b) {
    const std::uint32_t into = find(a), from = find(b);
    flags_[into] |= flags_[from];
    parent_[from] = into;
  }

 private:
  std::uint32_t find(ValueId value) {
    std::uint32_t c = class_of_[value.index];
    while (parent_[c] != c) c = parent_[c] = parent_[parent_[c]];
    return c;
  }
  std::vector<std::uint32_t> class_of_, parent_, flags_;
};

bool has_nested_graph(const Node& node) {
  for (const NamedArgument& argument : node.arguments)
    if (std::holds_alternative<BlockRef>(argument.value.payload)) return true;
  return false;
}

std::uint64_t hash_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::size_t seed = static_cast<std::size_t>(node.opcode);
  boost::hash_combine(seed, node.op.index);
  for (const ValueId operand : node.operands) boost::hash_combine(seed, operand.index);
  for (const NamedArgument& argument : node.arguments)
    boost::hash_combine(seed, hash_argument(argument.value));
  for (const ValueId result : graph.results(id))
    boost::hash_combine(seed, graph.value(result).type.index);
  return seed;
}

bool same(const Graph& graph, NodeId a_id, NodeId b_id) {
  const Node &a = graph.node(a_id), &b = graph.node(b_id);
  if (a.op != b.op || a.operands != b.operands || a.arguments.size() != b.arguments.size() ||
      a.result_count != b.result_count || a.result_forms != b.result_forms || has_nested_graph(a))
    return false;
  for (std::size_t i = 0; i < a.arguments.size(); ++i)
    if (a.arguments[i].name != b.arguments[i].name ||
        !same_argument(a.arguments[i].value, b.arguments[i].value))
      return false;
  for (std::uint32_t k = 0; k < a.result_count; ++k)
    if (graph.value(graph.result(a_id, k)).type != graph.value(graph.result(b_id, k)).type)
      return false;
  return true;
}

class Duplicates {
 public:
  Duplicates(const Graph& graph, AnalysisManager& analyses)
      : graph_(graph),
        columns_(analyses.columns()),
        classes_(graph, *analyses.aliasing()),
        plain_(graph),
        leaders_(columns_->nodes.size()) {}

  template <class Merge>
  void for_each(Merge merge) {
    for (std::uint64_t i = 0; i < columns_->nodes.size(); ++i) {
      if (columns_->opcodes[i] != static_cast<std::uint8_t>(Opcode::call_function) ||
          !touches_nothing_written(i))
        continue;
      const std::uint64_t leader = leader_of(i);
      if (leader == i || !pure(i) || !may_merge(leader, i)) continue;
      if (!merge(i, leader)) return;
    }
  }
  NodeId node(std::uint64_t i) const { return columns_->nodes[i]; }
  std::uint32_t result_count(std::uint64_t i) const { return columns_->result_counts[i]; }
  ValueId result(std::uint64_t i, std::uint32_t k) const {
    return ValueId(columns_->first_results[i] + k);
  }
  void merged(std::uint64_t call, std::uint64_t leader) {
    for (std::uint32_t k = 0; k < result_count(call); ++k)
      classes_.merge(result(leader, k), result(call, k));
  }

 private:
  bool touches_nothing_written(std::uint64_t i) {
    if (result_count(i) == 0) return false;
    for (std::uint64_t k = columns_->operand_offsets[i]; k < columns_->operand_offsets[i + 1]; ++k)
      if (classes_.written(columns_->operands[k])) return false;
    for (std::uint32_t k = 0; k < result_count(i); ++k)
      if (classes_.written(result(i, k))) return false;
    return true;
  }
  std::uint64_t leader_of(std::uint64_t i) {
    const BlockId block = columns_->blocks[i];
    const std::uint64_t hash = hash_of(graph_, node(i)) ^ (block.index * 0x9e3779b97f4a7c15ull);
    return leaders_.find_or_add(hash, i, [&](std::uint64_t leader) {
      return columns_->blocks[leader] == block && same(graph_, node(leader), node(i));
    });
  }
  bool pure(std::uint64_t i) {
    return plain_.contains(node(i)) || call_facts(graph_, node(i)).pure();
  }
  bool may_merge(std::uint64_t leader, std::uint64_t call) {
    for (std::uint32_t k = 0; k < result_count(call); ++k)
      if (!classes_.may_merge(result(leader, k), result(call, k))) return false;
    return true;
  }

  const Graph& graph_;
  std::shared_ptr<const Columns> columns_;
  Classes classes_;
  PlainCalls plain_;
  Leaders leaders_;
};

}  // namespace

std::uint64_t cse_in_the_host(Journal& journal, AnalysisManager& analyses) {
  const Graph& graph = journal.graph();
  bool found = false;
  Duplicates(graph, analyses).for_each([&](auto, auto) { return !(found = true); });
  if (!found) return 0;
  std::uint64_t count = 0;
  Duplicates duplicates(graph, analyses);
  duplicates.for_each([&](std::uint64_t call, std::uint64_t leader) {
    const NodeId node = duplicates.node(call);
    const std::string_view name = graph.text(graph.node(duplicates.node(leader)).name);
    if (!journal.begin_rewrite(node, "same as " + std::string(name))) return false;
    duplicates.merged(call, leader);
    for (std::uint32_t k = 0; k < duplicates.result_count(call); ++k)
      journal.replace_all_uses(duplicates.result(call, k), duplicates.result(leader, k));
    journal.erase_node(node);
    journal.end_rewrite();
    ++count;
    return true;
  });
  return count;
}

}  // namespace fettle
