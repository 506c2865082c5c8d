#include "runtime/leaves.hpp"

#include <map>
#include <string>

#include "ops/type_rules.hpp"

namespace fettle {
namespace {

bool has_gradient(DType dtype) {
  return is_floating(dtype) || dtype == DType::complex32 || dtype == DType::complex64 ||
         dtype == DType::complex128;
}

std::string numbers(const std::vector<SymInt>& sizes) {
  std::string text;
  for (const SymInt& size : sizes) text += std::to_string(size.value) + ",";
  return text;
}

// Two constants of one key are the same elements in the same memory.
using View = std::pair<const Storage*, std::string>;

View view_of(const TensorData& data) {
  return {data.storage.get(), numbers(data.type.sizes) + "/" + numbers(data.type.strides) + "/" +
                                  std::to_string(data.type.storage_offset.value)};
}

}  // namespace

std::vector<Leaf> program_leaves(const Graph& graph) {
  std::vector<Leaf> leaves;
  std::map<View, std::size_t> known;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    if (!node.input_spec || node.result_count != 1) continue;
    const ValueId value = graph.result(id);
    if (graph.type(value).kind != TypeKind::tensor || !has_gradient(graph.type(value).dtype)) {
      continue;
    }
    const InputSpec& spec = *node.input_spec;
    if (spec.kind == InputKind::user_input) {
      const std::string name(graph.text(graph.value(value).name));
      leaves.push_back({{EffectKind::user_input_gradient, name}, {value}});
    } else if (spec.kind == InputKind::parameter) {
      const auto data = graph.constants().find(spec.target);
      if (data == graph.constants().end()) continue;
      const auto [at, added] = known.try_emplace(view_of(data->second), leaves.size());
      if (added) {
        leaves.push_back({{EffectKind::parameter_gradient, spec.target}, {value}});
      } else {
        leaves[at->second].values.push_back(value);
      }
    }
  }
  return leaves;
}

}  // namespace fettle
