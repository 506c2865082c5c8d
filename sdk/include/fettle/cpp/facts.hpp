// What a call does besides computing, and which values may share storage: what a pass must ask
// before it removes, moves or merges anything. Unknown means "do not touch".
#pragma once

#include "fettle/cpp/graph.hpp"

namespace fettle {
inline namespace sdk {

class CallFacts {
 public:
  explicit CallFacts(const fettle_call_facts& raw) : raw_(raw) {}
  bool known() const { return has(FETTLE_FACT_KNOWN); }
  // Same operands, same results, nothing else: may go when unused.
  bool pure() const { return known() && has(FETTLE_FACT_PURE); }
  bool random() const { return has(FETTLE_FACT_RANDOM); }
  bool uninitialized() const { return has(FETTLE_FACT_UNINITIALIZED); }  // and random, too
  bool mutates() const { return has(FETTLE_FACT_MUTATES); }
  bool side_effect() const { return has(FETTLE_FACT_SIDE_EFFECT); }
  bool aliases() const { return !known() || has(FETTLE_FACT_ALIASES); }
  std::string_view why() const { return text(raw_.why); }

 private:
  bool has(std::uint32_t flag) const { return (raw_.flags & flag) != 0; }
  fettle_call_facts raw_;
};

inline CallFacts Node::facts() const {
  fettle_call_facts facts{};
  facts.size = sizeof facts;
  detail::check(
      detail::facts_table().call_facts(graph_->context().raw(), graph_->raw(), id_, &facts),
      "call_facts");
  return CallFacts(facts);
}

// Equal operator, operands, arguments (1 is not 1.0) and result types; the hash agrees.
inline bool same_call(Node a, Node b) {
  std::uint32_t same = 0;
  const Graph& graph = a.graph();
  detail::check(
      detail::facts_table().same_call(graph.context().raw(), graph.raw(), a.id(), b.id(), &same),
      "same_call");
  return same != 0;
}
inline std::uint64_t call_hash(Node node) {
  std::uint64_t hash = 0;
  const Graph& graph = node.graph();
  detail::check(
      detail::facts_table().call_hash(graph.context().raw(), graph.raw(), node.id(), &hash),
      "call_hash");
  return hash;
}

// May-alias classes of the graph as it is now. Values of different classes never share storage.
class AliasClasses {
 public:
  explicit AliasClasses(const Graph& graph) {
    raw_.size = sizeof raw_;
    detail::check(detail::facts_table().alias_classes(graph.context().raw(), graph.raw(), &raw_),
                  "alias_classes");
  }
  std::uint32_t count() const { return raw_.n_classes; }
  std::uint32_t of(Value value) const {
    if (value.id() >= raw_.n_values) throw Failure("a value that is newer than the alias classes");
    return raw_.class_of[value.id()];
  }
  std::uint32_t flags(std::uint32_t alias_class) const { return raw_.flags[alias_class]; }
  bool written(Value value) const { return (flags(of(value)) & FETTLE_CLASS_WRITTEN) != 0; }
  bool holds_input(Value value) const { return (flags(of(value)) & FETTLE_CLASS_INPUT) != 0; }
  bool returned(Value value) const { return (flags(of(value)) & FETTLE_CLASS_RETURNED) != 0; }

 private:
  fettle_alias_classes raw_{};
};

}  // namespace sdk
}  // namespace fettle
