// Links, results, use lists and pools: what the journal keeps by itself (invariants 1 to 5), and
// the tree of blocks (7, 8), which the walk over the links finds on its way. Walks are bounded, so
// that a cycle in broken links ends in a message.
#include "graph/checks_parts.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle::checks {
namespace {

class Bookkeeping {
 public:
  Bookkeeping(const Graph& graph, Problems& problems)
      : graph_(graph), problems_(problems), linked_(graph.node_bound()),
        reached_(graph.block_bound()) {}

  std::vector<BlockId> run() {
    walk_blocks();
    if (problems_.none()) check_all_linked();
    if (problems_.none()) check_nodes();
    if (problems_.none()) check_uses();
    return std::move(blocks_);
  }

 private:
  void corrupt(NodeId node, std::string what) {
    problems_.add(Code::graph_corrupt, node, std::move(what));
  }

  void walk_blocks() {
    blocks_ = {kRootBlock};
    depths_ = {0};
    reached_[kRootBlock.index] = true;
    if (graph_.block(kRootBlock).owner) corrupt({}, "the program's own graph has an owner");
    for (std::size_t i = 0; i < blocks_.size() && problems_.none(); ++i) {
      walk_nodes(blocks_[i]);
      if (!problems_.none()) return;
      for (NodeId node : graph_.nodes(blocks_[i])) {
        for_each_block_ref(graph_.node(node), [&](const BlockRef& ref) {
          if (ref.block.index >= graph_.block_bound()) {
            return corrupt(node, "a nested graph does not exist");
          }
          if (reached_[ref.block.index]) {
            return problems_.add(Code::graph_bad_block, node,
                                 fmt::format("the nested graph '{}' is named more than once",
                                             problems_.text(graph_.block(ref.block).name)));
          }
          if (graph_.block(ref.block).owner != node) {
            return corrupt(node, "a nested graph does not know the call that owns it");
          }
          reached_[ref.block.index] = true;
          blocks_.push_back(ref.block);
          depths_.push_back(depths_[i] + 1);
          if (depths_.back() <= kMostNesting) return;
          problems_.add(Code::graph_bad_block, node,
                        fmt::format("graphs are nested more than {} deep", kMostNesting));
        });
      }
    }
  }

  void walk_nodes(BlockId block_id) {
    const Block& block = graph_.block(block_id);
    NodeId prev;
    std::uint32_t count = 0;
    for (NodeId at = block.first; at; prev = at, at = graph_.node(at).next) {
      if (at.index >= graph_.node_bound()) return corrupt({}, "a link leads to no node");
      if (linked_[at.index]) return corrupt(at, "a node is linked twice");
      linked_[at.index] = true;
      const Node& node = graph_.node(at);
      if (!node.alive) corrupt(at, "an erased node is linked");
      if (node.block != block_id) corrupt(at, "a node is linked in a block that is not its own");
      if (node.prev != prev) corrupt(at, "the links between two nodes disagree");
      ++count;
    }
    if (block.last != prev) corrupt(prev, "a block's last node is not the end of its list");
    if (block.node_count != count) {
      corrupt({}, fmt::format("a block counts {} nodes and links {}", block.node_count, count));
    }
    linked_count_ += count;
  }

  void check_all_linked() {
    for (std::uint32_t i = 0; i < graph_.node_bound(); ++i) {
      const NodeId id(i);
      const Node& node = graph_.node(id);
      if (!node.alive || linked_[i]) continue;
      if (node.block.index < graph_.block_bound() && !reached_[node.block.index]) {
        return problems_.add(Code::graph_bad_block, id,
                             fmt::format("the nested graph '{}' has nodes and no call owns it",
                                         problems_.text(graph_.block(node.block).name)),
                             "create the call that owns it, or erase its nodes");
      }
      corrupt(id, "a live node is not linked in its block");
    }
    if (graph_.node_count() != linked_count_) {
      corrupt({}, fmt::format("the graph counts {} nodes and links {}", graph_.node_count(),
                              linked_count_));
    }
  }

  bool known(StringId id) const { return !id || id.index < graph_.strings().size(); }

  bool strings_known(const Argument& argument) const {
    if (const auto* text = std::get_if<StringId>(&argument.payload)) return known(*text);
    if (const auto* ref = std::get_if<BlockRef>(&argument.payload)) return known(ref->name);
    if (const auto* elements = std::get_if<std::vector<Argument>>(&argument.payload)) {
      for (const Argument& element : *elements) {
        if (!strings_known(element)) return false;
      }
    }
    if (const auto* entries = std::get_if<std::vector<DictEntry>>(&argument.payload)) {
      for (const DictEntry& entry : *entries) {
        if (!known(entry.key) || !strings_known(entry.value)) return false;
      }
    }
    return true;
  }

  void check_node_strings(NodeId id) {
    const Node& node = graph_.node(id);
    bool sound = known(node.op) && known(node.name) && known(node.unknown_fields);
    for (const NamedArgument& argument : node.arguments) {
      sound = sound && known(argument.name) && strings_known(argument.value);
    }
    for (const MetadataEntry& entry : node.metadata) {
      sound = sound && known(entry.key) && known(entry.text);
    }
    if (!sound) corrupt(id, "a node names a string that is not in the graph's pool");
  }

  void check_results(NodeId id) {
    const Node& node = graph_.node(id);
    std::uint64_t counted = 0;
    for (const ResultForm& form : node.result_forms) counted += form.count;
    if (counted != node.result_count) {
      return corrupt(id, fmt::format("result forms count {} values and the node has {}", counted,
                                     node.result_count));
    }
    if (std::uint64_t{node.first_result} + node.result_count > graph_.value_bound() &&
        node.result_count > 0) {
      return corrupt(id, "a node's results do not exist");
    }
    for (std::uint32_t k = 0; k < node.result_count; ++k) {
      const Value& value = graph_.value(graph_.result(id, k));
      if (value.producer != id || value.result != k) {
        corrupt(id, "a result does not know the node that produces it");
      }
      if (value.type.index >= graph_.types().size()) corrupt(id, "a result's type does not exist");
      if (!known(value.name)) corrupt(id, "a result's name is not in the graph's pool");
    }
  }

  void check_nodes() {
    for (std::uint32_t i = 0; i < graph_.node_bound(); ++i) {
      const NodeId id(i);
      const Node& node = graph_.node(id);
      if (!node.alive) continue;
      check_node_strings(id);
      check_results(id);
      if (node.links.size() != node.operands.size()) {
        corrupt(id, "a node's operands and its use links differ in number");
      }
      for (ValueId operand : node.operands) {
        if (!graph_.alive(operand)) {
          problems_.add(Code::graph_stale_id, id,
                        "an operand names a value that does not exist or was erased");
        }
      }
      operand_count_ += node.operands.size();
    }
  }

  // Every entry of every list is an operand that names the value, reached by agreeing links; so no
  // entry occurs twice, and equal totals mean that no operand is missing.
  void check_uses() {
    std::uint64_t uses = 0;
    for (std::uint32_t i = 0; i < graph_.value_bound(); ++i) {
      const ValueId id(i);
      if (!graph_.alive(id)) continue;
      const Value& value = graph_.value(id);
      Use prev;
      std::uint32_t count = 0;
      for (Use use = value.first_use; use; prev = use, use = graph_.next_use(use)) {
        if (!graph_.alive(use.user) || use.operand >= graph_.node(use.user).operands.size() ||
            graph_.node(use.user).operands[use.operand] != id) {
          return corrupt(value.producer, "a use list names an operand that is another value");
        }
        if (graph_.node(use.user).links[use.operand].prev != prev || ++count > value.use_count) {
          return corrupt(value.producer, "the links of a use list disagree");
        }
      }
      if (count != value.use_count) corrupt(value.producer, "a value miscounts its uses");
      uses += count;
    }
    if (uses != operand_count_) {
      corrupt({}, fmt::format("use lists hold {} uses and there are {} operands", uses,
                              operand_count_));
    }
  }

  const Graph& graph_;
  Problems& problems_;
  std::vector<bool> linked_;   // by node
  std::vector<bool> reached_;  // by block
  std::vector<std::uint32_t> depths_;  // by blocks_: how deep it is nested
  std::vector<BlockId> blocks_;
  std::uint64_t linked_count_ = 0;
  std::uint64_t operand_count_ = 0;
};

}  // namespace

std::vector<BlockId> check_bookkeeping(const Graph& graph, Problems& problems) {
  return Bookkeeping(graph, problems).run();
}

}  // namespace fettle::checks
