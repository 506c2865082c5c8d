#include "runtime/weights.hpp"

#include <map>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/tensor_impl.hpp"
#include "ops/torch_errors.hpp"

namespace fettle {
namespace {

bool names_constant(const Node& node) {
  if (node.opcode != Opcode::placeholder || !node.input_spec) return false;
  switch (node.input_spec->kind) {
    case InputKind::parameter:
    case InputKind::buffer:
    case InputKind::tensor_constant: return true;
    default: return false;
  }
}

const TensorData& constant_of(const Graph& graph, const Node& node) {
  const auto found = graph.constants().find(node.input_spec->target);
  if (found != graph.constants().end()) return found->second;
  throw Error({.code = Code::graph_bad_signature,
               .what = "the constant '" + node.input_spec->target + "' does not exist",
               .where = "placeholder '" + std::string(graph.text(node.name)) + "'"});
}

std::vector<std::int64_t> numbers(const std::vector<SymInt>& sizes) {
  std::vector<std::int64_t> result;
  for (const SymInt& size : sizes) result.push_back(size.value);
  return result;
}

// The storage's elements of that dtype, wherever they are to be computed with.
at::Tensor elements_of(const TensorData& data, const Placement& placement) {
  Type all = data.type;
  const std::size_t bytes = std::max<std::size_t>(dtype_bytes(all.dtype), 1);
  all.sizes = {SymInt(static_cast<std::int64_t>(data.storage->size / bytes))};
  all.strides = {SymInt(1)};
  all.storage_offset = 0;
  return placement.place(tensor_within(storage_over(data.storage, false), all), data.type.device);
}

}  // namespace

Weights::Weights(const Graph& graph, const std::unordered_set<ValueId>& changed,
                 const Placement& placement, PlanBuilder& builder) {
  std::map<std::pair<const Storage*, DType>, std::size_t> known;
  for (NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (!names_constant(node)) continue;
    const TensorData& data = constant_of(graph, node);
    const ValueId value = graph.result(id);
    const auto [at, added] = known.try_emplace({data.storage.get(), data.type.dtype}, groups_.size());
    if (added) {
      groups_.push_back({elements_of(data, placement), changed.contains(value), {}});
    }
    Group& group = groups_[at->second];
    if (!group.written) builder.keep(value);
    group.views.push_back({builder.slot(value), numbers(data.type.sizes), numbers(data.type.strides),
                           data.type.storage_offset.value});
  }
  for (const Group& group : groups_) check(group);
}

// Sizes and offsets come from files: a view that leaves its storage is refused here, not in a run.
void Weights::check(const Group& group) {
  try {
    const auto ignore = [](Slot, const at::Tensor&) {};
    fill_views(group, group.elements, ignore);
  } catch (const std::exception& error) {
    throw Error({.code = Code::tensor_unsupported,
                 .what = "a constant does not fit its bytes",
                 .why = first_line(error)});
  }
}

}  // namespace fettle
