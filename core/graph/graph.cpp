#include "graph/graph.hpp"

#include <array>

namespace fettle {

static_assert(sizeof(OperandList) == 32, "what scans read of a node fills one cache line");

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
  return std::unique_ptr<Graph>(new Graph(*this));
}

}  // namespace fettle
