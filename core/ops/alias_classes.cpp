#include <map>

#include "ops/alias_union.hpp"
#include "ops/facts.hpp"
#include "ops/nested_facts.hpp"

namespace fettle {

AliasClasses::AliasClasses(const Graph& graph)
    : class_of_(graph.value_bound()), written_(graph.value_bound(), false) {
  AliasUnion classes(graph.value_bound());
  NestedFacts nested(graph);
  PlainCalls plain(graph);
  const auto index = [](ValueId value) { return value.index; };
  std::vector<std::uint32_t> written;
  std::map<const Storage*, std::uint32_t> constants;  // tied weights and views of one buffer
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const NodeId id(i);
    if (!graph.alive(id)) continue;
    const Node& node = graph.node(id);
    if (node.input_spec && node.result_count > 0) {
      const auto constant = graph.constants().find(node.input_spec->target);
      if (constant != graph.constants().end()) {
        const auto [first, added] =
            constants.emplace(constant->second.storage.get(), node.first_result);
        if (!added) classes.unite(first->second, node.first_result);
      }
    }
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (plain.contains(id)) continue;
    const CallFacts facts = nested.call(id);
    classes.add_call(graph, id, facts, index);
    for (std::uint32_t k : facts.writes) written.push_back(node.operands[k].index);
  }
  for (std::uint32_t value = 0; value < class_of_.size(); ++value) {
    class_of_[value] = classes.find(value);
  }
  for (std::uint32_t value : written) written_[class_of_[value]] = true;
}

}  // namespace fettle
