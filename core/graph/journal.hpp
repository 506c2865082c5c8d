// The one mutation path: every change to a graph is a call on a Journal, which records how to undo it.
//
// From that record come rollback, the changed/unchanged answer (the net effect, never a flag set by
// hand), the number of rewrites and the limit on them, and provenance. A rewrite is what lies between
// begin_rewrite and end_rewrite; past the limit begin_rewrite returns false and the caller must leave
// that site alone. A recording journal refuses edits outside a rewrite: what belongs to no rewrite could
// neither be limited nor blamed.
//
// Every call checks its ids and throws Error (graph_stale_id, graph_has_users, graph_bad_edit, …)
// before it changes anything: a refused edit leaves the graph as it was. One journal at a time per
// graph. Destroying a journal keeps the changes; roll back explicitly.
//
// Builders (the archive's reader, the text parser) use a journal with Recording::off.
//
// A journal can also tell an EditRecorder of each call that it carried out: the same calls on an equal
// graph, in another process say, give an equal graph, ids included (graph/edit_recorder.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/graph.hpp"

namespace fettle {

class EditRecorder;

// What a new node is made of. Values are added as operands first; arguments then name them.
struct NodeSpec {
  Opcode opcode = Opcode::call_function;
  StringId op;
  StringId name;                         // none: a fresh name is made from the operator's
  std::vector<NamedArgument> arguments;
  std::vector<ValueId> operands;
  ResultForms result_forms;              // counts sum up to result_types.size()
  std::vector<TypeId> result_types;
  std::vector<StringId> result_names;    // empty: the node's name, and name_1 … for further results
  std::vector<MetadataEntry> metadata;
  StringId unknown_fields;
  std::optional<bool> hop_single_tensor_return;

  Operand add_operand(ValueId value) {
    operands.push_back(value);
    return Operand{static_cast<std::uint32_t>(operands.size() - 1)};
  }
  // A positional tensor argument.
  void add_tensor(StringId argument_name, ValueId value);
};

// Before `node`, or (node none) at the end of `block`: before its output node if it has one.
struct InsertPoint {
  BlockId block = kRootBlock;
  NodeId before;
};

class Journal {
 public:
  enum class Recording : std::uint8_t { on, off };
  explicit Journal(Graph& graph, Recording recording = Recording::on);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }

  // From here on; before the first call. The recorder outlives the journal.
  void record_into(EditRecorder& recorder);

  // -- rewrites
  void set_rewrite_limit(std::uint64_t limit) { limit_ = limit; }
  std::uint64_t rewrite_limit() const { return limit_; }
  bool begin_rewrite(NodeId root, std::string_view why);  // false: past the limit, skip this site
  void end_rewrite();
  void abort_rewrite();  // undoes what was done since begin_rewrite
  std::uint64_t rewrites() const { return rewrites_; }
  bool in_rewrite() const { return open_rewrite_.has_value(); }

  // -- edits
  NodeId create_node(NodeSpec spec, InsertPoint where);
  void erase_node(NodeId node);  // its results must have no uses; nested graphs go with it
  void set_operand(NodeId node, std::uint32_t operand, ValueId value);
  void replace_all_uses(ValueId value, ValueId replacement);  // O(uses); order is checked later
  void set_arguments(NodeId node, std::vector<NamedArgument> arguments, std::vector<ValueId> operands);
  void move_before(NodeId node, NodeId before);  // same block
  void set_type(ValueId value, TypeId type);
  void rename(NodeId node, StringId name);
  void rename(ValueId value, StringId name);
  void set_metadata(NodeId node, std::vector<MetadataEntry> metadata);

  // -- nested graphs: create the block first, then the call whose argument names it.
  BlockId create_block(StringId name, bool is_single_tensor_return = false);

  // -- signature and constants (root block)
  void set_input_spec(NodeId placeholder, InputSpec spec);
  void set_output_specs(std::vector<OutputSpec> specs);
  void add_constant(std::string name, TensorData data);
  void remove_constant(std::string_view name);

  // -- builders only (Recording::off): what no pass may touch
  void set_node_details(NodeId node, StringId unknown_fields, std::optional<bool> hop_single_return);
  void set_block_details(BlockId block, StringId unknown_fields, bool is_single_tensor_return);
  void set_block_name(BlockId block, StringId name);
  void set_shape_constraints(ShapeConstraints constraints);

  // -- undo and outcome
  using Mark = std::size_t;
  Mark mark() const { return entries_.size(); }
  void rollback(Mark to = 0);
  bool changed() const;  // the net effect since construction: edits that cancel out are no change
  // Nodes created and kept, and nodes that existed before and are gone.
  struct Tally {
    std::uint64_t created = 0, erased = 0, modified = 0;
  };
  Tally tally() const;

  struct Rewrite {
    NodeId root;
    std::string why;
    Mark first = 0;  // its entries are [first, last) while it is kept
    Mark last = 0;
  };
  const std::vector<Rewrite>& kept_rewrites() const { return kept_; }

  // What a rewrite did, as long as it is the last one.
  struct Footprint {
    struct Replaced {
      ValueId old, now;
    };
    std::vector<NodeId> created, erased;
    std::vector<NodeId> recalled;    // calls that stayed, with other arguments
    std::vector<Replaced> replaced;  // operands of calls that stayed; each pair once
    bool beyond_calls = false;       // types, signature, or nodes moved
  };
  Footprint footprint(const Rewrite& rewrite) const;

  // A name that no value or node of the graph has, from `base` ("add" → "add", "add_1" …). Amortized O(1).
  StringId fresh_name(std::string_view base);

 private:
  // One of these for each edit, hundreds of thousands in one pass: what is large and rare is boxed.
  struct Created { NodeId node; };
  struct Erased { NodeId node; };
  // Where an operand stood in its value's use list is kept too, so that undoing restores its order:
  // a pass that runs again after a rollback sees exactly what it saw before.
  struct OperandSet { NodeId node; std::uint32_t operand; ValueId old; Use old_prev; };
  struct Call {
    std::vector<NamedArgument> arguments;
    OperandList operands;
    UseLinksList links;
  };
  struct ArgumentsSet { NodeId node; std::unique_ptr<Call> old; };
  struct Moved { NodeId node; NodeId old_next; };
  struct TypeSet { ValueId value; TypeId old; };
  struct NodeRenamed { NodeId node; StringId old; };
  struct ValueRenamed { ValueId value; StringId old; };
  struct MetadataSet { NodeId node; std::unique_ptr<std::vector<MetadataEntry>> old; };
  struct InputSpecSet { NodeId node; std::shared_ptr<const InputSpec> old; };
  struct OutputSpecsSet { std::unique_ptr<std::vector<OutputSpec>> old; };
  struct Constant { std::string name; TensorData data; };
  struct ConstantAdded { std::unique_ptr<std::string> name; };
  struct ConstantRemoved { std::unique_ptr<Constant> old; };
  using Entry = std::variant<Created, Erased, OperandSet, ArgumentsSet, Moved, TypeSet, NodeRenamed,
                             ValueRenamed, MetadataSet, InputSpecSet, OutputSpecsSet, ConstantAdded,
                             ConstantRemoved>;
  friend class NetEffect;  // journal_outcome.cpp: reads the entries backwards

  // Checks, in the order of the calls above.
  void require_open(std::string_view edit) const;
  void require_builder(std::string_view edit) const;
  void require_known(StringId text, std::string_view edit) const;
  void require_known(TypeId type, std::string_view edit) const;
  const Node& require(NodeId node, std::string_view edit) const;
  const Value& require(ValueId value, std::string_view edit) const;
  void require_arguments(const std::vector<NamedArgument>& arguments,
                         const std::vector<ValueId>& operands, BlockId block,
                         std::string_view edit) const;
  void require_block(BlockId block, std::string_view edit) const;
  void require_free_blocks(const NodeSpec& spec, BlockId where, std::string_view edit) const;
  std::uint32_t nesting_below(std::vector<BlockId> blocks) const;  // up to kMostNesting + 1

  // Primitives without record or check.
  void link(NodeId node, BlockId block, NodeId before);
  void unlink(NodeId node);
  void add_use(NodeId node, std::uint32_t operand, Use prev = {});  // behind prev; none: first
  Use drop_use(NodeId node, std::uint32_t operand);                 // answers where it stood
  Use put_operand(NodeId node, std::uint32_t operand, ValueId value, Use prev = {});
  void put_arguments(NodeId node, std::vector<NamedArgument> arguments,
                     std::span<const ValueId> operands);
  void drop_uses(NodeId node);
  void restore_uses(NodeId node);  // the inverse, at the places that operand_prev remembers
  void bury(NodeId node);    // erase: unlink, drop uses, mark dead with its nested graphs
  void revive(NodeId node);  // the inverse, at the place its own links remember
  void uncreate(NodeId node);  // like bury, but its nested graphs are nobody's again
  void mark_nested(NodeId node, bool alive);
  void record(Entry entry);
  void touch(const Entry& entry);  // raises the version of the part that it is about
  void undo(Entry& entry);
  void take_back(Mark to);  // rollback, without telling the recorder

  Graph& graph_;
  Recording recording_;
  std::vector<Entry> entries_;
  std::vector<Rewrite> kept_;
  std::optional<Rewrite> open_rewrite_;
  std::uint64_t rewrites_ = 0;
  std::uint64_t limit_ = UINT64_MAX;
  std::map<std::string, std::uint32_t, std::less<>> name_counters_;
  EditRecorder* recorder_ = nullptr;
};

}  // namespace fettle
