// The primitives under the edits: program order, use lists, life and death of nodes. They record and
// check nothing; undo is made of the same ones, which is why each has its exact inverse here.
#include "graph/journal.hpp"
#include "graph/nested_blocks.hpp"

namespace fettle {

void Journal::link(NodeId id, BlockId block_id, NodeId before) {
  Node& node = graph_.nodes_[id.index];
  Block& block = graph_.blocks_[block_id.index];
  node.block = block_id;
  node.next = before;
  node.prev = before ? graph_.nodes_[before.index].prev : block.last;
  (node.prev ? graph_.nodes_[node.prev.index].next : block.first) = id;
  (node.next ? graph_.nodes_[node.next.index].prev : block.last) = id;
  ++block.node_count;
}

void Journal::unlink(NodeId id) {
  const Node& node = graph_.nodes_[id.index];
  Block& block = graph_.blocks_[node.block.index];
  (node.prev ? graph_.nodes_[node.prev.index].next : block.first) = node.next;
  (node.next ? graph_.nodes_[node.next.index].prev : block.last) = node.prev;
  --block.node_count;
}

void Journal::add_use(NodeId id, std::uint32_t operand, Use prev) {
  Node& node = graph_.nodes_[id.index];
  Value& value = graph_.values_[node.operands[operand].index];
  const Use use{id, operand};
  Use& link = prev ? graph_.nodes_[prev.user.index].links[prev.operand].next : value.first_use;
  const Use next = link;
  link = use;
  node.links[operand] = {next, prev};
  if (next) graph_.nodes_[next.user.index].links[next.operand].prev = use;
  ++value.use_count;
}

Use Journal::drop_use(NodeId id, std::uint32_t operand) {
  const Node& node = graph_.nodes_[id.index];
  Value& value = graph_.values_[node.operands[operand].index];
  const auto [next, prev] = node.links[operand];
  if (next) graph_.nodes_[next.user.index].links[next.operand].prev = prev;
  (prev ? graph_.nodes_[prev.user.index].links[prev.operand].next : value.first_use) = next;
  --value.use_count;
  return prev;
}

Use Journal::put_operand(NodeId id, std::uint32_t operand, ValueId value, Use prev) {
  const Use old_prev = drop_use(id, operand);
  graph_.nodes_[id.index].operands[operand] = value;
  add_use(id, operand, prev);
  return old_prev;
}

void Journal::drop_uses(NodeId id) {
  const auto count = static_cast<std::uint32_t>(graph_.node(id).operands.size());
  for (std::uint32_t i = 0; i < count; ++i) drop_use(id, i);
}

// The last dropped comes back first, so that each finds the list as it left it.
void Journal::restore_uses(NodeId id) {
  const Node& node = graph_.node(id);
  for (auto i = static_cast<std::uint32_t>(node.operands.size()); i-- > 0;) {
    add_use(id, i, node.links[i].prev);
  }
}

// Expects the uses of the old operands dropped.
void Journal::put_arguments(NodeId id, std::vector<NamedArgument> arguments,
                            std::span<const ValueId> operands) {
  Node& node = graph_.nodes_[id.index];
  node.arguments = std::move(arguments);
  node.operands.assign(operands.begin(), operands.end());
  node.links.assign(operands.size(), {});
  for (std::uint32_t i = 0; i < node.operands.size(); ++i) add_use(id, i);
}

void Journal::mark_nested(NodeId id, bool alive) {
  if (graph_.block_bound() == 1) return;  // most programs have no nested graph to be looked for
  // An explicit list of calls, not recursion: graphs can be nested as deeply as a file says.
  std::vector<NodeId> calls = {id};
  while (!calls.empty()) {
    const NodeId call = calls.back();
    calls.pop_back();
    for_each_block(graph_.node(call).arguments, [&](BlockId block) {
      for (NodeId inner : graph_.nodes(block)) {
        graph_.nodes_[inner.index].alive = alive;
        graph_.live_nodes_ += alive ? 1u : ~0u;
        calls.push_back(inner);
      }
    });
  }
}

void Journal::bury(NodeId id) {
  mark_nested(id, false);
  drop_uses(id);
  unlink(id);
  graph_.nodes_[id.index].alive = false;
  --graph_.live_nodes_;
}

void Journal::revive(NodeId id) {
  const Node& node = graph_.node(id);
  link(id, node.block, node.next);
  graph_.nodes_[id.index].alive = true;
  ++graph_.live_nodes_;
  restore_uses(id);
  mark_nested(id, true);
}

void Journal::uncreate(NodeId id) {
  for_each_block(graph_.node(id).arguments, [&](BlockId b) { graph_.blocks_[b.index].owner = {}; });
  drop_uses(id);
  unlink(id);
  graph_.nodes_[id.index].alive = false;
  --graph_.live_nodes_;
}

void Journal::touch(const Entry& entry) {
  struct PartOf {
    Part operator()(const Created&) { return Part::structure; }
    Part operator()(const Erased&) { return Part::structure; }
    Part operator()(const OperandSet&) { return Part::structure; }
    Part operator()(const ArgumentsSet&) { return Part::structure; }
    Part operator()(const Moved&) { return Part::order; }
    Part operator()(const TypeSet&) { return Part::types; }
    Part operator()(const NodeRenamed&) { return Part::labels; }
    Part operator()(const ValueRenamed&) { return Part::labels; }
    Part operator()(const MetadataSet&) { return Part::labels; }
    Part operator()(const InputSpecSet&) { return Part::signature; }
    Part operator()(const OutputSpecsSet&) { return Part::signature; }
    Part operator()(const ConstantAdded&) { return Part::signature; }
    Part operator()(const ConstantRemoved&) { return Part::signature; }
  };
  ++graph_.versions_[static_cast<std::size_t>(std::visit(PartOf{}, entry))];
}

void Journal::record(Entry entry) {
  touch(entry);
  if (recording_ == Recording::on) entries_.push_back(std::move(entry));
}

}  // namespace fettle
