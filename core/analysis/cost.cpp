#include "analysis/cost.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

#include "analysis/cost_rules.hpp"
#include "analysis/flops.hpp"
#include "ops/facts.hpp"

namespace fettle {
namespace {

// One call: its kind and cost, or that something of it is unknown.
class CallCounter {
 public:
  CallCounter(const Graph& graph, const Storages& storages, EvaluatedSizes& sizes)
      : graph_(graph),
        storages_(storages),
        sizes_(sizes),
        plain_(graph),
        read_by_(graph.value_bound(), NodeId::kNone) {}

  struct Counted {
    CallCost cost;
    CostKind kind = CostKind::unknown;
    bool unknown = false;
  };

  Counted count(NodeId id) {
    const Node& node = graph_.node(id);
    const CostRule& rule = rule_of(node.op);
    if (rule.kind == CostKind::nested || rule.kind == CostKind::scalar) return {{}, rule.kind};
    std::vector<std::uint32_t> writes;
    if (!plain_.contains(id)) writes = call_facts(graph_, id).writes;
    if (writes.empty() && !makes_tensor(id)) return {{}, CostKind::scalar};
    if (writes.empty() && is_view(id)) return {{}, CostKind::view};

    Counted out{{}, rule.kind, rule.kind == CostKind::unknown};
    const Count flops = flops_of(graph_, id, rule, sizes_);
    const Count ops = rule.kind == CostKind::elements ? element_ops(id) : Count(0);
    const Count read = bytes_read(id, rule, writes), written = bytes_written(id, rule, writes);
    out.unknown |= !flops.known() || !ops.known() || !read.known() || !written.known();
    out.cost = {flops.value_or(0), ops.value_or(0), read.value_or(0), written.value_or(0)};
    return out;
  }

 private:
  const CostRule& rule_of(StringId op) {
    const auto [found, added] = rules_.try_emplace(op);
    if (added) found->second = cost_rule(graph_.text(op));
    return found->second;
  }

  bool makes_tensor(NodeId id) const {
    return std::ranges::any_of(graph_.results(id), [&](ValueId result) {
      return graph_.type(result).kind == TypeKind::tensor;
    });
  }
  bool shares(ValueId result) const {
    return storages_.allocated(result) == 0 && !storages_.shared(result).empty();
  }
  bool is_view(NodeId id) const {
    return std::ranges::all_of(graph_.results(id), [&](ValueId result) {
      return shares(result) || graph_.type(result).kind != TypeKind::tensor;
    });
  }

  Count bytes_of(ValueId value) {
    const EvaluatedSizes::Tensor& tensor = sizes_.of(value);
    if (!tensor.tensor) return 0;
    return tensor.known ? Count(tensor.bytes) : Count::unknown();
  }
  Count elements_of(ValueId value) {
    const EvaluatedSizes::Tensor& tensor = sizes_.of(value);
    if (!tensor.tensor) return 0;
    return tensor.known ? Count(tensor.elements) : Count::unknown();
  }
  // As many elements of the operand as another value has, but no more than there are.
  Count bytes_like(ValueId operand, Count elements) {
    const auto width = static_cast<std::int64_t>(dtype_bytes(graph_.type(operand).dtype));
    const Count all = bytes_of(operand), like = elements * width;
    if (!all.known() || !like.known()) return Count::unknown();
    return std::min(all.value_or(0), like.value_or(0));
  }

  // The largest floating tensor in sight.
  Count element_ops(NodeId id) {
    std::int64_t most = 0;
    bool known = true;
    const auto look = [&](ValueId value) {
      const EvaluatedSizes::Tensor& tensor = sizes_.of(value);
      if (!tensor.tensor || !tensor.arithmetic) return;
      known &= tensor.known;
      most = std::max(most, tensor.elements);
    };
    for (const ValueId operand : graph_.node(id).operands) look(operand);
    for (const ValueId result : graph_.results(id)) look(result);
    return known ? Count(most) : Count::unknown();
  }

  Count bytes_read(NodeId id, const CostRule& rule, const std::vector<std::uint32_t>& writes) {
    const OperandList& operands = graph_.node(id).operands;
    Count all = 0;
    if (rule.reads == CostReads::nothing) return all;
    if (rule.reads == CostReads::not_written || rule.reads == CostReads::part) {
      for (const std::uint32_t k : writes) read_by_[operands[k].index] = id.index;
    }
    for (std::uint32_t k = 0; k < operands.size(); ++k) {
      const ValueId operand = operands[k];
      if (read_by_[operand.index] == id.index) continue;
      read_by_[operand.index] = id.index;
      if (rule.reads == CostReads::rows && k == 0 && graph_.node(id).result_count > 0) {
        all = all + bytes_like(operand, elements_of(graph_.result(id)));
      } else {
        all = all + bytes_of(operand);
      }
    }
    return all;
  }

  Count bytes_written(NodeId id, const CostRule& rule, const std::vector<std::uint32_t>& writes) {
    Count all = 0;
    for (const ValueId result : graph_.results(id)) {
      if (!shares(result)) all = all + bytes_of(result);
    }
    const OperandList& operands = graph_.node(id).operands;
    for (const std::uint32_t k : writes) {
      all = all + (rule.reads == CostReads::part ? bytes_like(operands[k], largest_other(id, k))
                                                 : bytes_of(operands[k]));
    }
    return all;
  }

  Count largest_other(NodeId id, std::uint32_t written) {
    const OperandList& operands = graph_.node(id).operands;
    std::int64_t most = 0;
    for (std::uint32_t k = 0; k < operands.size(); ++k) {
      if (k == written) continue;
      const Count elements = elements_of(operands[k]);
      if (!elements.known()) return Count::unknown();
      most = std::max(most, elements.value_or(0));
    }
    return most;
  }

  const Graph& graph_;
  const Storages& storages_;
  EvaluatedSizes& sizes_;
  PlainCalls plain_;
  std::unordered_map<StringId, CostRule> rules_;
  std::vector<std::uint32_t> read_by_;  // by value: the last call that counted it, or need not
};

void add(std::int64_t& to, std::int64_t more) {
  if (__builtin_add_overflow(to, more, &to)) to = std::numeric_limits<std::int64_t>::max();
}

}  // namespace

std::string_view cost_kind_name(CostKind kind) {
  constexpr std::array<std::string_view, kCostKinds> names = {
      "product", "elements", "movement", "view", "scalar", "nested", "unknown"};
  return names[static_cast<std::size_t>(kind)];
}

CallCost& CallCost::operator+=(const CallCost& other) {
  add(flops, other.flops);
  add(element_ops, other.element_ops);
  add(bytes_read, other.bytes_read);
  add(bytes_written, other.bytes_written);
  return *this;
}

Costs::Costs(const Graph& graph, const Storages& storages, std::optional<SymbolValues> values)
    : flops_(graph.node_bound()),
      element_ops_(graph.node_bound()),
      bytes_read_(graph.node_bound()),
      bytes_written_(graph.node_bound()),
      kinds_(graph.node_bound(), CostKind::scalar),
      unknown_(graph.node_bound()) {
  EvaluatedSizes sizes(graph, std::move(values));
  CallCounter counter(graph, storages, sizes);
  std::unordered_map<StringId, std::size_t> by_name;
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const Node& node = graph.node(NodeId(i));
    if (!node.alive || node.opcode != Opcode::call_function) continue;
    const auto [cost, kind, unknown] = counter.count(NodeId(i));
    flops_[i] = cost.flops;
    element_ops_[i] = cost.element_ops;
    bytes_read_[i] = cost.bytes_read;
    bytes_written_[i] = cost.bytes_written;
    kinds_[i] = kind;
    unknown_[i] = unknown;

    const auto [found, added] = by_name.try_emplace(node.op, operators_.size());
    if (added) operators_.push_back({node.op, kind, 0, 0, {}});
    Operator& op = operators_[found->second];
    op.cost += cost;
    totals_.cost += cost;
    ++op.calls, ++totals_.calls;
    op.unknown += unknown, totals_.unknown += unknown;
    ++totals_.calls_by_kind[static_cast<std::size_t>(kind)];
  }
  by_hints_ = sizes.by_hints();
  std::ranges::sort(operators_, [&](const Operator& a, const Operator& b) {
    return a.calls != b.calls ? a.calls > b.calls : graph.text(a.op) < graph.text(b.op);
  });
}

ParameterCount count_parameters(const Graph& graph) {
  ParameterCount out;
  std::map<std::tuple<const Storage*, std::int64_t, std::int64_t>, std::string_view> seen;
  for (const NodeId id : graph.nodes()) {
    const InputSpec* spec = graph.node(id).input_spec.get();
    if (graph.node(id).opcode != Opcode::placeholder) break;
    if (!spec || spec->kind != InputKind::parameter) continue;
    const auto constant = graph.constants().find(spec->target);
    if (constant == graph.constants().end()) continue;
    const TensorData& data = constant->second;
    const std::int64_t elements = element_count(data.type).value_or(0);
    const std::int64_t offset = data.type.storage_offset.value;
    if (!seen.try_emplace({data.storage.get(), offset, elements}, spec->target).second) {
      ++out.tied;
      continue;
    }
    ++out.parameters;
    add(out.elements, elements);
    add(out.bytes, elements * static_cast<std::int64_t>(dtype_bytes(data.type.dtype)));
  }
  return out;
}

}  // namespace fettle
