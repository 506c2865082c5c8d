#include "analysis/storages.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "ops/facts_table.hpp"
#include "ops/nested_facts.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

struct Extents {
  std::vector<std::int64_t> sizes, strides;
  explicit Extents(const Type& type) {
    for (const SymInt& size : type.sizes) sizes.push_back(size.value);
    for (const SymInt& stride : type.strides) strides.push_back(stride.value);
  }
};

// Return a view where one can be had, and a copy otherwise.
constexpr std::array<std::string_view, 7> kViewOrCopy = {
    "aten.contiguous", "aten.flatten", "aten.ravel",   "aten.reshape",
    "aten.reshape_as", "aten.to",      "aten.type_as",
};

bool is_view(const Type& operand, const Type& result) {
  if (operand.dtype != result.dtype || !(operand.device == result.device)) return false;
  const Extents from(operand), to(result);
  if (from.sizes == to.sizes) return from.strides == to.strides;
  const auto strides = view_strides(from.sizes, from.strides, to.sizes);
  return strides && *strides == to.strides;
}

// The schema's return that result k belongs to: a list of tensors is one.
std::size_t return_of(const Node& node, std::uint32_t k) {
  std::size_t index = 0;
  for (const ResultForm& form : node.result_forms) {
    if (k < form.count) break;
    k -= form.count;
    ++index;
  }
  return index;
}

enum class Sharing { shares, copies, unknown };

// What a result does that may share the operand's storage.
Sharing sharing(const Type& operand, const Type& result, const OperatorSchema& schema,
                std::size_t returned) {
  if (operand.kind != TypeKind::tensor || result.kind != TypeKind::tensor) return Sharing::copies;
  const std::string_view name = std::string_view(schema.name).substr(0, schema.name.rfind('.'));
  if (std::ranges::find(kViewOrCopy, name) != kViewOrCopy.end())
    return is_view(operand, result) ? Sharing::shares : Sharing::copies;
  const bool annotated =
      returned < schema.returns.size() && !schema.returns[returned].alias_sets.empty();
  const bool told = annotated || !schema.composite_implicit || find_fact(schema.name);
  return told ? Sharing::shares : Sharing::unknown;
}

}  // namespace

std::optional<std::vector<std::int64_t>> view_strides(std::span<const std::int64_t> from_sizes,
                                                      std::span<const std::int64_t> from_strides,
                                                      std::span<const std::int64_t> sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  if (std::ranges::find(from_sizes, 0) != from_sizes.end()) return std::nullopt;
  if (from_sizes.empty()) return strides;
  // From the last dimension on: a run of dimensions that lie in one another without gaps can be cut
  // anew, if the new sizes multiply to the run's.
  auto to = static_cast<std::ptrdiff_t>(sizes.size()) - 1;
  std::int64_t run = 1, new_run = 1, base = from_strides.back();
  for (auto from = static_cast<std::ptrdiff_t>(from_sizes.size()) - 1; from >= 0; --from) {
    run *= from_sizes[from];
    const bool ends =
        from == 0 || (from_sizes[from - 1] != 1 && from_strides[from - 1] != run * base);
    if (!ends) continue;
    while (to >= 0 && (new_run < run || sizes[to] == 1)) {
      strides[to] = new_run * base;
      new_run *= sizes[to];
      --to;
    }
    if (new_run != run) return std::nullopt;
    if (from > 0) base = from_strides[from - 1], run = new_run = 1;
  }
  if (to != -1) return std::nullopt;
  return strides;
}

Storages::Storages(const Graph& graph)
    : bytes_(graph.value_bound(), 0), begin_(graph.value_bound() + 1, 0) {
  NestedFacts facts(graph);
  // Results are consecutive values and values are numbered as nodes are created: in that order the
  // lists come out sorted by value.
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const NodeId id(i);
    const Node& node = graph.node(id);
    if (node.alive && node.opcode == Opcode::call_function) {
      add_call(graph, id, facts);
    } else {
      for (std::uint32_t k = 0; k < node.result_count; ++k)
        begin_[node.first_result + k + 1] = static_cast<std::uint32_t>(shared_.size());
    }
  }
}

void Storages::add_call(const Graph& graph, NodeId id, NestedFacts& nested) {
  const Node& node = graph.node(id);
  const CallFacts facts = nested.call(id);  // quick for the plain ones
  const OperatorSchema* schema = find_operator(graph.text(node.op));
  for (std::uint32_t k = 0; k < node.result_count; ++k) {
    const ValueId result = graph.result(id, k);
    const Type& type = graph.type(result);
    bool allocates = !facts.known || !schema;
    // Dropout that drops makes its result anew, and forwards its operand only where that is empty.
    const bool draws = facts.random && !facts.mutates() && schema &&
                       schema->source == SchemaSource::dispatcher;
    if (allocates) {
      shared_.insert(shared_.end(), node.operands.begin(), node.operands.end());
    } else if (!draws && k < facts.results_alias.size()) {
      for (const std::uint32_t operand : facts.results_alias[k]) {
        const Sharing found =
            sharing(graph.type(node.operands[operand]), type, *schema, return_of(node, k));
        if (found != Sharing::copies) shared_.push_back(node.operands[operand]);
        allocates |= found == Sharing::unknown;
      }
    }
    begin_[result.index + 1] = static_cast<std::uint32_t>(shared_.size());
    if (allocates || shared(result).empty()) bytes_[result.index] = bytes_of(type);
  }
}

std::int64_t Storages::bytes_of(const Type& type) {
  if (type.kind != TypeKind::tensor) return 0;
  std::int64_t last = 0;
  for (std::size_t d = 0; d < type.sizes.size(); ++d) {
    by_hints_ |= type.sizes[d].symbolic();
    unknown_sizes_ |= type.sizes[d].symbolic() && !type.sizes[d].has_hint;
    if (type.sizes[d].value == 0) return 0;
    if (d < type.strides.size()) last += (type.sizes[d].value - 1) * type.strides[d].value;
  }
  return (last + 1) * static_cast<std::int64_t>(dtype_bytes(type.dtype));
}

}  // namespace fettle
