#include "graph/graph.hpp"

#include <array>

namespace fettle {

std::string_view opcode_name(Opcode opcode) {
  constexpr std::array<std::string_view, 6> names = {"placeholder", "get_attr",    "call_function",
                                                     "call_method", "call_module", "output"};
  return names[static_cast<std::size_t>(opcode)];
}

Graph::Graph() { blocks_.emplace_back(); }

bool Graph::alive(BlockId id) const {
  if (id.index >= blocks_.size()) return false;
  return id == kRootBlock || (blocks_[id.index].owner && alive(blocks_[id.index].owner));
}

const NamedArgument* Graph::argument(NodeId id, std::string_view name) const {
  for (const NamedArgument& argument : node(id).arguments) {
    if (text(argument.name) == name) return &argument;
  }
  return nullptr;
}

NodeId Graph::output_node(BlockId id) const {
  const NodeId last = block(id).last;
  return last && node(last).opcode == Opcode::output ? last : NodeId{};
}

std::unique_ptr<Graph> Graph::clone() const {
  auto copy = std::make_unique<Graph>();
  copy->nodes_ = nodes_;
  copy->values_ = values_;
  copy->blocks_ = blocks_;
  // Interned again in the same order, so that ids are the same; a copied map would view our strings.
  for (std::uint32_t i = 0; i < strings_.size(); ++i) copy->strings_.intern(strings_.text(StringId(i)));
  for (std::uint32_t i = 0; i < types_.size(); ++i) copy->types_.intern(types_.type(TypeId(i)));
  copy->constants_ = constants_;
  copy->shape_constraints_ = shape_constraints_;
  copy->live_nodes_ = live_nodes_;
  copy->version_ = version_;
  return copy;
}

}  // namespace fettle
