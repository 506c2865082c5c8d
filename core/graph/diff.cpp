#include "graph/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>

#include "graph/diff_compare.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle {
namespace {

using diff::Comparison;
using diff::Matching;

// Of the positions given, those of a longest increasing subsequence: what stayed in order.
std::vector<bool> longest_increasing(std::span<const std::uint32_t> values) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> tails, before(values.size(), kNone);  // tails[k]: ends one of length k+1
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = std::ranges::lower_bound(tails, values[i], {},
                                             [&](std::size_t tail) { return values[tail]; });
    if (at != tails.begin()) before[i] = *std::prev(at);
    if (at == tails.end())
      tails.push_back(i);
    else
      *at = i;
  }
  std::vector<bool> kept(values.size());
  for (std::size_t i = tails.empty() ? kNone : tails.back(); i != kNone; i = before[i]) {
    kept[i] = true;
  }
  return kept;
}

// Matches the nodes of two blocks, and lines them up.
class BlockMatcher {
 public:
  BlockMatcher(const Graph& a, const Graph& b, Matching& matching, Comparison& comparison)
      : a_(a), b_(b), matching_(matching), comparison_(comparison) {}

  BlockDiff diff(BlockId a, BlockId b) {
    for (const NodeId node : a_.nodes(a)) nodes_a_.push_back(node);
    for (const NodeId node : b_.nodes(b)) nodes_b_.push_back(node);
    match_ends();
    match_calls();
    BlockDiff out{a, b, block_fields(a_.block(a), b_.block(b)), {}};
    line_up(out.nodes);
    return out;
  }

 private:
  static bool is_user_input(const Node& node) {
    return !node.input_spec || node.input_spec->kind == InputKind::user_input;
  }

  static bool is_call(const Node& node) {
    return node.opcode != Opcode::placeholder && node.opcode != Opcode::output;
  }

  // The output; placeholders by the constant that they stand for, by name, inputs by position.
  void match_ends() {
    match_by_key([](const Graph&, const Node& node) {
      return node.opcode == Opcode::output ? std::optional<std::string_view>("") : std::nullopt;
    });
    match_by_key([](const Graph&, const Node& node) {
      const bool constant = !is_user_input(node) && !node.input_spec->target.empty();
      return constant ? std::optional<std::string_view>(node.input_spec->target) : std::nullopt;
    });
    match_by_key([](const Graph& graph, const Node& node) {
      return is_call(node) ? std::nullopt : std::optional(graph.text(node.name));
    });
    auto at = nodes_a_.begin();
    for (const NodeId b : nodes_b_) {
      if (matching_.of_b(b) || !is_input(b_.node(b))) continue;
      while (at != nodes_a_.end() && (matching_.of_a(*at) || !is_input(a_.node(*at)))) ++at;
      if (at == nodes_a_.end()) break;
      matching_.match(*at, b);
    }
  }

  static bool is_input(const Node& node) {
    return node.opcode == Opcode::placeholder && is_user_input(node);
  }

  template <class Key>
  void match_by_key(Key key) {
    std::unordered_map<std::string_view, NodeId> by_key;
    for (const NodeId a : nodes_a_) {
      if (const auto k = key(a_, a_.node(a)); k && !matching_.of_a(a)) by_key.emplace(*k, a);
    }
    for (const NodeId b : nodes_b_) {
      const auto k = matching_.of_b(b) ? std::nullopt : key(b_, b_.node(b));
      const auto found = k ? by_key.find(*k) : by_key.end();
      if (found == by_key.end() || matching_.of_a(found->second)) continue;
      if (a_.node(found->second).opcode == b_.node(b).opcode) matching_.match(found->second, b);
    }
  }

  // The sweeps of diff.hpp, each in program order, so that operands are matched before their users.
  void match_calls() {
    for (const NodeId a : nodes_a_) {
      if (is_call(a_.node(a))) by_name_.emplace(a_.text(a_.node(a).name), a);
    }
    sweep([&](NodeId b) {
      const NodeId a = named_like(b);
      return a && comparison_.same_call(a, b) ? a : NodeId();
    });
    for (const NodeId a : nodes_a_) {
      if (is_call(a_.node(a)) && !matching_.of_a(a)) {
        by_structure_[comparison_.hash_a(a)].nodes.push_back(a);
        index_relation(a);
      }
    }
    sweep([&](NodeId b) { return structured_like(b); });
    sweep([&](NodeId b) {
      if (const NodeId same = structured_like(b)) return same;
      const NodeId a = named_like(b);
      return a && same_operator(a, b) && comparison_.share_an_operand(a, b) ? a : NodeId();
    });
    sweep([&](NodeId b) {
      const NodeId a = structured_like(b);
      return a ? a : related_to(b);
    });
    sweep([&](NodeId b) {
      const NodeId a = structured_like(b);
      return a ? a : named_like(b);
    });
  }

  template <class Find>
  void sweep(Find find) {
    for (const NodeId b : nodes_b_) {
      if (!is_call(b_.node(b)) || matching_.of_b(b)) continue;
      if (const NodeId a = find(b)) matching_.match(a, b);
    }
  }

  // A node of `a` that nothing is matched with, or none.
  NodeId named_like(NodeId b) const {
    const auto found = by_name_.find(b_.text(b_.node(b).name));
    return found == by_name_.end() || matching_.of_a(found->second) ? NodeId() : found->second;
  }
  bool same_operator(NodeId a, NodeId b) { return comparison_.same(a_.node(a).op, b_.node(b).op); }

  NodeId structured_like(NodeId b) {
    const auto found = by_structure_.find(comparison_.hash_b(b));
    if (found == by_structure_.end()) return {};
    const NodeId a = front(found->second);
    return a && comparison_.same_call(a, b) ? a : NodeId();
  }

  // One of the same operator whose first operand is the same: what a call works on.
  NodeId related_to(NodeId b) {
    const Node& node = b_.node(b);
    if (node.operands.empty()) return {};
    const Value& value = b_.value(node.operands[0]);
    const NodeId producer = matching_.of_b(value.producer);
    const StringId op = a_.strings().find(b_.text(node.op));
    const auto found = by_relation_.find(relation(op, producer, value.result));
    if (!producer || found == by_relation_.end()) return {};
    const NodeId a = front(found->second);
    return a && same_operator(a, b) ? a : NodeId();
  }

  void index_relation(NodeId a) {
    const Node& node = a_.node(a);
    if (node.operands.empty()) return;
    const Value& value = a_.value(node.operands[0]);
    by_relation_[relation(node.op, value.producer, value.result)].nodes.push_back(a);
  }

  static std::size_t relation(StringId op, NodeId producer, std::uint32_t result) {
    std::size_t hash = op.index;
    boost::hash_combine(hash, producer.index);
    boost::hash_combine(hash, result);
    return hash;
  }

  struct Queue {
    std::vector<NodeId> nodes;
    std::size_t next = 0;
  };
  // The first that nothing is matched with yet, or none.
  NodeId front(Queue& queue) const {
    while (queue.next < queue.nodes.size() && matching_.of_a(queue.nodes[queue.next])) ++queue.next;
    return queue.next < queue.nodes.size() ? queue.nodes[queue.next] : NodeId();
  }

  std::vector<std::string> block_fields(const Block& a, const Block& b) {
    std::vector<std::string> fields;
    if (!comparison_.same(a.name, b.name)) fields.emplace_back("name");
    if (a.is_single_tensor_return != b.is_single_tensor_return) {
      fields.emplace_back("is_single_tensor_return");
    }
    if (!comparison_.same(a.unknown_fields, b.unknown_fields)) {
      fields.emplace_back("unknown fields");
    }
    return fields;
  }

  void line_up(std::vector<NodeDiff>& out) {
    std::unordered_map<NodeId, std::uint32_t> place;
    for (const NodeId a : nodes_a_) place.emplace(a, static_cast<std::uint32_t>(place.size()));
    std::vector<std::uint32_t> places;  // of the matched nodes, in the order of `b`
    for (const NodeId b : nodes_b_) {
      if (matching_.of_b(b)) places.push_back(place.at(matching_.of_b(b)));
    }
    const std::vector<bool> kept = longest_increasing(places);
    auto at = nodes_a_.begin();
    const auto up_to = [&](NodeId stop) {  // what `a` alone has here, or has elsewhere in `b`
      for (; at != nodes_a_.end() && *at != stop; ++at) {
        const NodeId b = matching_.of_a(*at);
        if (!b)
          out.push_back({Change::removed, *at, {}, {}});
        else
          out.push_back({Change::moved_from, *at, b, {"place"}});
      }
      if (at != nodes_a_.end()) ++at;
    };
    std::size_t matched = 0;
    for (const NodeId b : nodes_b_) {
      const NodeId a = matching_.of_b(b);
      if (!a) {
        out.push_back({Change::added, {}, b, {}});
        continue;
      }
      std::vector<std::string> fields = comparison_.differences(a, b);
      if (kept[matched++]) {
        up_to(a);
        const Change change = fields.empty() ? Change::same : Change::changed;
        out.push_back({change, a, b, std::move(fields)});
      } else {
        fields.emplace_back("place");
        out.push_back({Change::moved_to, a, b, std::move(fields)});
      }
    }
    up_to({});
  }

  const Graph &a_, &b_;
  Matching& matching_;
  Comparison& comparison_;
  std::vector<NodeId> nodes_a_, nodes_b_;
  std::unordered_map<std::string_view, NodeId> by_name_;
  std::unordered_map<std::size_t, Queue> by_structure_, by_relation_;
};

std::vector<BlockId> nested(const Graph& graph, NodeId node) {
  std::vector<BlockId> blocks;
  if (node) {
    for_each_block(graph.node(node).arguments, [&](BlockId block) { blocks.push_back(block); });
  }
  return blocks;
}

BlockDiff one_sided(const Graph& graph, BlockId block, Change change) {
  BlockDiff out;
  const bool removed = change == Change::removed;
  (removed ? out.a : out.b) = block;
  for (const NodeId node : graph.nodes(block)) {
    out.nodes.push_back({change, removed ? node : NodeId(), removed ? NodeId() : node, {}});
  }
  return out;
}

// Blocks of calls that are matched are pairs, by their order among the call's arguments. With an
// explicit stack, as graphs nest as deeply as a file says.
std::vector<BlockDiff> diff_blocks(const Graph& a, const Graph& b) {
  Matching matching(a, b);
  Comparison comparison(a, b, matching);
  std::vector<BlockDiff> out;
  std::vector<std::pair<BlockId, BlockId>> pending = {{kRootBlock, kRootBlock}};
  while (!pending.empty()) {
    const auto [in_a, in_b] = pending.back();
    pending.pop_back();
    if (in_a && in_b)
      out.push_back(BlockMatcher(a, b, matching, comparison).diff(in_a, in_b));
    else if (in_a)
      out.push_back(one_sided(a, in_a, Change::removed));
    else
      out.push_back(one_sided(b, in_b, Change::added));
    std::vector<std::pair<BlockId, BlockId>> inner;
    for (const NodeDiff& node : out.back().nodes) {
      if (node.change == Change::moved_from) continue;
      const std::vector<BlockId> of_a = nested(a, node.a), of_b = nested(b, node.b);
      for (std::size_t i = 0; i < std::max(of_a.size(), of_b.size()); ++i) {
        inner.emplace_back(i < of_a.size() ? of_a[i] : BlockId(),
                           i < of_b.size() ? of_b[i] : BlockId());
      }
    }
    pending.insert(pending.end(), inner.rbegin(), inner.rend());
  }
  return out;
}

// Names of constants, each with the first name that lies in the same storage.
std::map<std::string_view, std::string_view> sharing(const Graph& graph) {
  std::unordered_map<const Storage*, std::string_view> first;
  std::map<std::string_view, std::string_view> out;
  for (const auto& [name, data] : graph.constants()) {
    out.emplace(name, first.try_emplace(data.storage.get(), name).first->second);
  }
  return out;
}

// Pairs of storages are compared once, however many constants lie in them.
class BytesComparison {
 public:
  bool same(const Storage* a, const Storage* b) {
    if (a == b) return true;
    if (!a || !b || a->size != b->size) return false;
    if (a->data == b->data || a->size == 0) return true;
    if (a->crc32 && b->crc32 && *a->crc32 != *b->crc32) return false;
    const auto [known, fresh] = known_.try_emplace({a, b});
    if (fresh) known->second = std::memcmp(a->data, b->data, a->size) == 0;
    return known->second;
  }

 private:
  std::map<std::pair<const Storage*, const Storage*>, bool> known_;
};

std::vector<ConstantDiff> diff_constants(const Graph& a, const Graph& b) {
  const auto shared_a = sharing(a), shared_b = sharing(b);
  BytesComparison bytes;
  std::vector<ConstantDiff> out;
  for (const auto& [name, data] : a.constants()) {
    const auto other = b.constants().find(name);
    if (other == b.constants().end()) {
      out.push_back({Change::removed, name, {}});
      continue;
    }
    std::vector<std::string> fields;
    if (!(data.type == other->second.type)) fields.emplace_back("type");
    if (!bytes.same(data.storage.get(), other->second.storage.get())) fields.emplace_back("bytes");
    if (shared_a.at(name) != shared_b.at(name)) fields.emplace_back("sharing");
    if (!fields.empty()) out.push_back({Change::changed, name, std::move(fields)});
  }
  for (const auto& [name, data] : b.constants()) {
    if (!a.constants().contains(name)) out.push_back({Change::added, name, {}});
  }
  return out;
}

}  // namespace

std::string_view change_name(Change change) {
  constexpr std::string_view names[] = {"same",  "changed",    "removed",
                                        "added", "moved_from", "moved_to"};
  return names[static_cast<std::size_t>(change)];
}

GraphDiff::Tally GraphDiff::tally() const {
  Tally tally;
  for (const BlockDiff& block : blocks) {
    for (const NodeDiff& node : block.nodes) {
      const bool only_name = node.fields.size() == 1 && node.fields[0] == "name";
      tally.removed += node.change == Change::removed;
      tally.added += node.change == Change::added;
      tally.renamed += node.change == Change::changed && only_name;
      tally.changed += node.change == Change::changed && !only_name;
      tally.moved += node.change == Change::moved_to;
    }
  }
  return tally;
}

bool GraphDiff::same() const {
  return constants.empty() && std::ranges::all_of(blocks, [](const BlockDiff& block) {
           return block.a && block.b && block.fields.empty() &&
                  std::ranges::all_of(block.nodes, [](const NodeDiff& node) {
                    return node.change == Change::same;
                  });
         });
}

GraphDiff diff_graphs(const Graph& a, const Graph& b) {
  return {diff_blocks(a, b), diff_constants(a, b)};
}

}  // namespace fettle
