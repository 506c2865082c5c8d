// Undo, and what a journal amounts to: the net effect of its entries.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "graph/edit_recorder.hpp"
#include "graph/journal.hpp"

namespace fettle {

void Journal::rollback(Mark to) {
  if (recorder_) recorder_->rolled_back(to);
  take_back(to);
}

void Journal::take_back(Mark to) {
  while (entries_.size() > to) {
    Entry entry = std::move(entries_.back());
    entries_.pop_back();
    touch(entry);
    undo(entry);
  }
  while (!kept_.empty() && kept_.back().last > to) {
    kept_.pop_back();
    --rewrites_;
  }
  if (open_rewrite_ && open_rewrite_->first > to) open_rewrite_.reset();
}

void Journal::undo(Entry& entry) {
  struct Undo {
    Journal& j;
    Graph& g;
    void operator()(Created& e) { j.uncreate(e.node); }
    void operator()(Erased& e) { j.revive(e.node); }
    void operator()(OperandSet& e) { j.put_operand(e.node, e.operand, e.old, e.old_prev); }
    void operator()(ArgumentsSet& e) {
      j.drop_uses(e.node);
      Node& node = g.nodes_[e.node.index];
      node.arguments = std::move(e.old->arguments);
      node.operands = std::move(e.old->operands);
      node.links = std::move(e.old->links);
      j.restore_uses(e.node);
    }
    void operator()(Moved& e) {
      j.unlink(e.node);
      j.link(e.node, g.node(e.node).block, e.old_next);
    }
    void operator()(TypeSet& e) { g.values_[e.value.index].type = e.old; }
    void operator()(NodeRenamed& e) { g.nodes_[e.node.index].name = e.old; }
    void operator()(ValueRenamed& e) { g.values_[e.value.index].name = e.old; }
    void operator()(MetadataSet& e) { g.nodes_[e.node.index].metadata = std::move(*e.old); }
    void operator()(InputSpecSet& e) { g.nodes_[e.node.index].input_spec = std::move(e.old); }
    void operator()(OutputSpecsSet& e) {
      g.nodes_[g.output_node().index].output_specs = std::move(*e.old);
    }
    void operator()(ConstantAdded& e) { g.constants_.erase(*e.name); }
    void operator()(ConstantRemoved& e) {
      g.constants_.emplace(std::move(e.old->name), std::move(e.old->data));
    }
  };
  std::visit(Undo{*this, graph_}, entry);
}

// Walks the entries backwards over scratch copies of what they touched; what the scratch holds in
// the end is how things stood before the first entry, to be compared with how they stand now.
class NetEffect {
 public:
  explicit NetEffect(const Journal& journal) : graph_(journal.graph_) {
    for (auto it = journal.entries_.rbegin(); it != journal.entries_.rend(); ++it) {
      std::visit([&](const auto& entry) { before(entry); }, *it);
    }
  }

  Journal::Tally tally() const {
    Journal::Tally tally;
    for (NodeId node : created_) tally.created += graph_.alive(node) ? 1 : 0;
    tally.erased = erased_count();
    std::unordered_set<NodeId> modified = modified_nodes();
    tally.modified = modified.size();
    return tally;
  }

  bool changed() const {
    const Journal::Tally t = tally();
    return t.created + t.erased + t.modified > 0 || constants_changed() || outputs_changed();
  }

 private:
  struct Links {
    NodeId prev, next;
  };
  struct Call {
    std::vector<NamedArgument> arguments;
    OperandList operands;
  };

  Links& links(NodeId node) {
    return links_.try_emplace(node, Links{graph_.node(node).prev, graph_.node(node).next})
        .first->second;
  }
  Call& call(NodeId node) {
    return calls_.try_emplace(node, Call{graph_.node(node).arguments, graph_.node(node).operands})
        .first->second;
  }
  void unlink(NodeId node) {
    const Links at = links(node);
    if (at.prev) links(at.prev).next = at.next;
    if (at.next) links(at.next).prev = at.prev;
  }
  // Links `node` before `next`; a node linked last in its block keeps the prev it remembers.
  void link(NodeId node, NodeId prev, NodeId next) {
    links(node) = {prev, next};
    if (prev) links(prev).next = node;
    if (next) links(next).prev = node;
  }

  void before(const Journal::Created& e) {
    created_.insert(e.node);
    unlink(e.node);
  }
  void before(const Journal::Erased& e) {
    erased_.insert(e.node);
    const Links at = links(e.node);  // a buried node remembers its place
    link(e.node, at.prev, at.next);
  }
  void before(const Journal::OperandSet& e) { call(e.node).operands[e.operand] = e.old; }
  void before(const Journal::ArgumentsSet& e) {
    call(e.node) = {e.old->arguments, e.old->operands};
  }
  void before(const Journal::Moved& e) {
    unlink(e.node);
    // The output node is last and never moves, so there is always a next to link before.
    const NodeId prev = e.old_next ? links(e.old_next).prev : NodeId{};
    link(e.node, prev, e.old_next);
  }
  void before(const Journal::TypeSet& e) { types_[e.value] = e.old; }
  void before(const Journal::NodeRenamed& e) { node_names_[e.node] = e.old; }
  void before(const Journal::ValueRenamed& e) { value_names_[e.value] = e.old; }
  void before(const Journal::MetadataSet& e) { metadata_[e.node] = e.old.get(); }
  void before(const Journal::InputSpecSet& e) { input_specs_[e.node] = e.old.get(); }
  void before(const Journal::OutputSpecsSet& e) { output_specs_ = e.old.get(); }
  void before(const Journal::ConstantAdded& e) { constants_[*e.name] = nullptr; }
  void before(const Journal::ConstantRemoved& e) { constants_[e.old->name] = &e.old->data; }

  bool original(NodeId node) const { return !created_.contains(node) && graph_.alive(node); }

  bool same(NodeId node, const Call& call) const {
    const Node& now = graph_.node(node);
    return call.operands == now.operands && same_call(call.arguments, now.arguments);
  }

  // What was erased and what of the original program was nested in it.
  std::uint64_t erased_count() const {
    std::uint64_t count = 0;
    std::vector<NodeId> gone(erased_.begin(), erased_.end());
    while (!gone.empty()) {
      const NodeId id = gone.back();
      gone.pop_back();
      count += created_.contains(id) ? 0 : 1;
      for (const NamedArgument& argument : graph_.node(id).arguments) {
        const auto* ref = std::get_if<BlockRef>(&argument.value.payload);
        if (!ref) continue;
        for (NodeId inner : graph_.nodes(ref->block)) gone.push_back(inner);
      }
    }
    return count;
  }

  std::unordered_set<NodeId> modified_nodes() const {
    std::unordered_set<NodeId> modified;
    const auto add = [&](NodeId node, bool differs) {
      if (differs && original(node)) modified.insert(node);
    };
    for (const auto& [node, call] : calls_) add(node, !same(node, call));
    for (const auto& [value, type] : types_) {
      add(graph_.value(value).producer, graph_.value(value).type != type);
    }
    for (const auto& [node, name] : node_names_) add(node, graph_.node(node).name != name);
    for (const auto& [value, name] : value_names_) {
      add(graph_.value(value).producer, graph_.value(value).name != name);
    }
    for (const auto& [node, old] : metadata_) add(node, graph_.node(node).metadata != *old);
    for (const auto& [node, old] : input_specs_) {
      const InputSpec* now = graph_.node(node).input_spec.get();
      add(node, (old == nullptr) != (now == nullptr) || (old && !(*old == *now)));
    }
    if (structure_kept()) {
      for (const auto& [node, at] : links_) add(node, at.next != graph_.node(node).next);
    }
    return modified;
  }

  // Neighbours tell of moves only where nothing was inserted or taken out for good.
  bool structure_kept() const {
    const auto gone = [&](NodeId node) { return !created_.contains(node); };
    const auto stays = [&](NodeId node) { return graph_.alive(node); };
    return std::ranges::none_of(erased_, gone) && std::ranges::none_of(created_, stays);
  }

  bool constants_changed() const {
    for (const auto& [name, old] : constants_) {
      const auto now = graph_.constants().find(name);
      const bool exists = now != graph_.constants().end();
      if (exists != (old != nullptr)) return true;
      if (exists && (now->second.storage != old->storage || !(now->second.type == old->type))) {
        return true;
      }
    }
    return false;
  }

  bool outputs_changed() const {
    return output_specs_ && *output_specs_ != graph_.node(graph_.output_node()).output_specs;
  }

  const Graph& graph_;
  std::unordered_set<NodeId> created_, erased_;
  std::unordered_map<NodeId, Links> links_;
  std::unordered_map<NodeId, Call> calls_;
  std::unordered_map<ValueId, TypeId> types_;
  std::unordered_map<NodeId, StringId> node_names_;
  std::unordered_map<ValueId, StringId> value_names_;
  std::unordered_map<NodeId, const std::vector<MetadataEntry>*> metadata_;
  std::unordered_map<NodeId, const InputSpec*> input_specs_;
  const std::vector<OutputSpec>* output_specs_ = nullptr;
  std::unordered_map<std::string, const TensorData*> constants_;
};

bool Journal::changed() const { return NetEffect(*this).changed(); }
Journal::Tally Journal::tally() const { return NetEffect(*this).tally(); }

Journal::Footprint Journal::footprint(const Rewrite& rewrite) const {
  Footprint done;
  std::unordered_set<NodeId> created, recalled;
  std::map<std::pair<NodeId, std::uint32_t>, ValueId> first_old;  // by operand
  // Otherwise than in its operands: a call stands for all that it makes.
  const auto changed = [&](NodeId node) {
    if (graph_.node(node).opcode == Opcode::call_function)
      recalled.insert(node);
    else
      done.beyond_calls |= !created.contains(node);
  };
  for (Mark m = rewrite.first; m < rewrite.last; ++m) {
    const Entry& entry = entries_[m];
    if (const auto* e = std::get_if<Created>(&entry)) {
      created.insert(e->node);
    } else if (const auto* e = std::get_if<Erased>(&entry)) {
      if (!created.contains(e->node)) done.erased.push_back(e->node);
    } else if (const auto* e = std::get_if<OperandSet>(&entry)) {
      first_old.try_emplace({e->node, e->operand}, e->old);
    } else if (const auto* e = std::get_if<ArgumentsSet>(&entry)) {
      recalled.insert(e->node);
    } else if (const auto* e = std::get_if<Moved>(&entry)) {
      changed(e->node);
    } else if (const auto* e = std::get_if<TypeSet>(&entry)) {
      changed(graph_.value(e->value).producer);
    } else if (const auto* e = std::get_if<InputSpecSet>(&entry)) {
      changed(e->node);
    } else if (std::holds_alternative<OutputSpecsSet>(entry)) {
      done.beyond_calls = true;
    }
  }
  const auto stayed = [&](NodeId node) { return graph_.alive(node) && !created.contains(node); };
  for (const NodeId node : created) {
    if (graph_.alive(node)) done.created.push_back(node);
  }
  for (const NodeId node : recalled) {
    if (stayed(node)) done.recalled.push_back(node);
  }
  std::set<std::pair<ValueId, ValueId>> pairs;
  for (const auto& [at, old] : first_old) {
    if (!stayed(at.first) || recalled.contains(at.first)) continue;
    const ValueId now = graph_.node(at.first).operands[at.second];
    if (now != old && pairs.emplace(old, now).second) done.replaced.push_back({old, now});
  }
  std::ranges::sort(done.created);
  std::ranges::sort(done.recalled);
  return done;
}

}  // namespace fettle
