// Comparing parts of two graphs, whose ids mean nothing to one another. Used by the diff alone.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"

namespace fettle::diff {

// Which node of graph `a` a node of graph `b` is, and back.
class Matching {
 public:
  Matching(const Graph& a, const Graph& b) : to_b_(a.node_bound()), to_a_(b.node_bound()) {}
  void match(NodeId a, NodeId b) {
    to_b_[a.index] = b;
    to_a_[b.index] = a;
  }
  NodeId of_a(NodeId a) const { return to_b_[a.index]; }
  NodeId of_b(NodeId b) const { return to_a_[b.index]; }

 private:
  std::vector<NodeId> to_b_, to_a_;
};

class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b, const Matching& matching);

  bool same(StringId a, StringId b);
  bool same(TypeId a, TypeId b);
  bool same_value(ValueId a, ValueId b) const;  // the same result of nodes that are matched
  // Arguments of two calls, operands through the matching; nested graphs are equal here.
  bool same(const Node& a, const Argument& x, const Node& b, const Argument& y);
  bool same_call(NodeId a, NodeId b);  // operator and arguments
  bool share_an_operand(NodeId a, NodeId b) const;

  // Agree for calls that are the same_call.
  std::size_t hash_a(NodeId a) const;
  std::size_t hash_b(NodeId b) const;

  // Everything that differs between matched nodes, but for their place and what nested graphs hold.
  std::vector<std::string> differences(NodeId a, NodeId b);

 private:
  bool same_list(const Node& a, const std::vector<Argument>& x, const Node& b,
                 const std::vector<Argument>& y);
  void compare_arguments(const Node& a, const Node& b, std::vector<std::string>& fields);
  void compare_results(NodeId a, NodeId b, std::vector<std::string>& fields);
  void compare_metadata(const Node& a, const Node& b, std::vector<std::string>& fields);
  void compare_signature(const Node& a, const Node& b, std::vector<std::string>& fields);
  bool same_spec(const InputSpec* a, const InputSpec* b);

  const Graph &a_, &b_;
  const Matching& matching_;
  std::vector<StringId> translated_;  // of strings of `a`, once asked for: the same in `b`
  std::vector<bool> is_translated_;
  std::unordered_map<std::uint64_t, bool> types_;
};

}  // namespace fettle::diff
