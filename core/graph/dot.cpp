#include "graph/dot.hpp"

#include <fmt/format.h>

#include <boost/graph/graphviz.hpp>
#include <sstream>

#include "graph/boost_graph.hpp"
#include "graph/nested_blocks.hpp"
#include "graph/text.hpp"

namespace fettle {
namespace {

// In double quotes, with line breaks as Graphviz writes them.
std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out + '"';
}

std::string label_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::string label(graph.text(node.name));
  if (node.op) label += fmt::format("\n{}", graph.text(node.op));
  for (ValueId result : graph.results(id)) {
    const std::string type = print_type(graph.type(result));
    if (!type.empty()) label += fmt::format("\n{}", type);
  }
  return label;
}

void write_block(std::ostream& out, const Graph& graph, BlockId block) {
  const DataFlow flow(graph, block);
  const auto vertex = [&](std::ostream& o, NodeId id) {
    const bool call = graph.node(id).opcode != Opcode::placeholder &&
                      graph.node(id).opcode != Opcode::output;
    o << "[label=" << dot_string(label_of(graph, id)) << ", shape=" << (call ? "box" : "ellipse")
      << "]";
  };
  const auto edge = [&](std::ostream& o, Use use) {
    const ValueId value = graph.node(use.user).operands[use.operand];
    if (graph.node(graph.value(value).producer).result_count < 2) return;
    o << "[label=" << dot_string(graph.text(graph.value(value).name)) << "]";
  };
  const auto whole = [&](std::ostream& o) {
    const std::string_view name = graph.text(graph.block(block).name);
    if (!name.empty()) o << "label=" << dot_string(name) << ";\n";
  };
  boost::write_graphviz(out, flow, vertex, edge, whole);
}

}  // namespace

std::string to_dot(const Graph& graph) {
  std::ostringstream out;
  std::vector<BlockId> blocks = {kRootBlock};
  while (!blocks.empty()) {
    const BlockId block = blocks.back();
    blocks.pop_back();
    write_block(out, graph, block);
    std::vector<BlockId> nested;
    for (NodeId node : graph.nodes(block)) {
      for_each_block(graph.node(node).arguments, [&](BlockId inner) { nested.push_back(inner); });
    }
    blocks.insert(blocks.end(), nested.rbegin(), nested.rend());
  }
  return out.str();
}

}  // namespace fettle
