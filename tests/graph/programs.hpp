// What the graph's tests share: programs written as text, values by name, and everything a graph
// holds as one string, use lists and ids included, to see that two states are the same.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "catch.hpp"
#include "graph/checks.hpp"
#include "graph/journal.hpp"
#include "graph/text.hpp"

namespace fettle::test {

inline std::unique_ptr<Graph> program(std::string_view text) {
  std::unique_ptr<Graph> graph = parse_graph(text);
  check(*graph);
  return graph;
}

inline ValueId value(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.value_bound(); ++i) {
    if (graph.alive(ValueId(i)) && graph.text(graph.value(ValueId(i)).name) == name) {
      return ValueId(i);
    }
  }
  FAIL("there is no value " << name);
  return {};
}

inline NodeId node(const Graph& graph, std::string_view name) {
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    if (graph.alive(NodeId(i)) && graph.text(graph.node(NodeId(i)).name) == name) return NodeId(i);
  }
  FAIL("there is no node " << name);
  return {};
}

inline std::string text_of(const Use& use) {
  return use ? fmt::format("{}.{}", use.user.index, use.operand) : "-";
}

inline std::string state(const Graph& graph) {
  std::string all = print(graph, PrintOptions::exact());
  for (std::uint32_t i = 0; i < graph.node_bound(); ++i) {
    const Node& n = graph.node(NodeId(i));
    if (!n.alive) continue;
    all += fmt::format("\nnode {} in {} between {} and {}:", i, n.block.index, n.prev.index,
                       n.next.index);
    for (std::size_t k = 0; k < n.operands.size(); ++k) {
      all += fmt::format(" {} ({} {})", n.operands[k].index, text_of(n.links[k].prev),
                         text_of(n.links[k].next));
    }
    for (ValueId r : graph.results(NodeId(i))) {
      const Value& v = graph.value(r);
      all += fmt::format(" -> {} used {} from {}", r.index, v.use_count, text_of(v.first_use));
    }
  }
  for (const auto& [name, data] : graph.constants()) {
    all += fmt::format("\nconstant {}: {} at {}", name, print_type(data.type),
                       static_cast<const void*>(data.storage->data));
  }
  return all + fmt::format("\n{} nodes", graph.node_count());
}

// The code of the error that fn throws; empty if it throws none.
template <class Fn>
std::string refusal(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return std::string(code_name(error.code()));
  }
  return {};
}

inline std::vector<ValueId> operands_of(const Graph& graph, NodeId node) {
  const OperandList& operands = graph.node(node).operands;
  return {operands.begin(), operands.end()};
}

// A call of `op` on tensors, with one result of the first tensor's type.
inline NodeSpec call(const Graph& graph, std::string_view op, std::vector<ValueId> tensors) {
  NodeSpec spec;
  spec.op = graph.intern(op);
  for (ValueId tensor : tensors) spec.add_tensor(StringId{}, tensor);
  spec.result_forms = {{ArgKind::tensor, 1}};
  spec.result_types = {tensors.empty() ? graph.intern(Type{}) : graph.value(tensors[0]).type};
  return spec;
}

}  // namespace fettle::test
