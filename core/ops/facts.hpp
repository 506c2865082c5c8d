// What a call does besides computing: purity, randomness, mutation, aliasing. Facts are about a
// call, not an operator, as they depend on arguments (dropout with train=False is an identity that
// aliases its input). They come from the registered schema and tags, corrected by the reviewed table
// in facts_table.cpp. Unknown means "do not touch": never pure, may alias everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

struct CallFacts {
  bool known = false;        // false: nothing is promised
  bool random = false;       // draws from a generator, or from what memory held
  bool uninitialized = false;  // results hold whatever memory held
  bool side_effect = false;  // asserts, prints, changes the grad mode: must stay where it is
  std::vector<std::uint32_t> writes;  // operands whose storage the call writes
  // Operand k of results_alias[r]: result r may share storage with that operand.
  std::vector<std::vector<std::uint32_t>> results_alias;
  bool results_share = false;  // results may share storage with one another, that of no operand
  std::string why;           // the rule that decided, for people: "schema", "table: dropout …"

  bool mutates() const { return !writes.empty(); }
  // Same operands, same results, nothing else: may be removed when unused.
  bool pure() const { return known && !random && !side_effect && !mutates(); }
};

// Nested graphs are taken into account: a call is as pure as the worst node inside it. Placeholders
// and output nodes are not calls: known, and `side_effect`, as they must stay.
CallFacts call_facts(const Graph& graph, NodeId node);

// Which calls are known, pure, and have results in storage of their own, as their operator alone
// tells: one look-up for a call, where call_facts takes microseconds. False promises nothing.
// Remembers operators by the ids of their names: one for a graph.
class PlainCalls {
 public:
  explicit PlainCalls(const Graph& graph) : graph_(graph) {}
  bool contains(NodeId call);

 private:
  struct Operator {
    bool plain = false;
    std::uint32_t forms = 0;  // of its results
  };
  Operator look_up(StringId op) const;

  const Graph& graph_;
  std::unordered_map<StringId, Operator> operators_;
};

// May-alias classes of all values of a graph, by union-find over call facts: two values of one block
// in different classes never share storage, unless the caller passed inputs that do. Constants that
// lie in one storage are one class. Near-linear. What is written in one block is written in all that
// were handed it, through placeholders and results of nested graphs.
class AliasClasses {
 public:
  explicit AliasClasses(const Graph& graph);
  std::uint32_t class_of(ValueId value) const { return class_of_[value.index]; }
  bool written(ValueId value) const { return written_[class_of(value)]; }

 private:
  std::vector<std::uint32_t> class_of_;  // by value; of values of one block only
  std::vector<bool> written_;            // by class
};

// The invariant `graph-new-alias`. Construct before a pass, ask after it: throws when an output of
// `after` may alias an input, a constant or another output that it could not alias before.
// Outputs are matched by position, inputs by name; new constants count as constants.
class OutputAliases {
 public:
  OutputAliases(const Graph& before, const AliasClasses& aliases);
  void check(const Graph& after, const AliasClasses& aliases) const;

 private:
  struct Class;  // what one class of outputs may alias: names of inputs, numbers of outputs
  std::vector<std::shared_ptr<const Class>> classes_;  // by output; null for what is not a tensor
  static std::vector<std::shared_ptr<const Class>> classes_of(const Graph& graph,
                                                              const AliasClasses& aliases);
};

}  // namespace fettle
