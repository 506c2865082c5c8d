// The IR: SSA nodes in program order, in one arena per program, nested graphs included.
//
// A Graph owns blocks (the program's own graph, and one for each nested graph), nodes and values.
// Ids are 32-bit, stable and never reused. Within a block the nodes form a linked list whose order
// is a valid execution order. Each value knows its uses through an intrusive list, so finding users,
// replacing, inserting and erasing do not depend on the graph's size. A block sees only its own
// values: what a nested graph needs from outside is passed to it as operands, as torch.export does.
//
// Reading is public; the one way to change a graph is a Journal (graph/journal.hpp).
// References to nodes and values stay valid until the graph dies.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "graph/argument.hpp"
#include "graph/constants.hpp"
#include "graph/interning.hpp"
#include "graph/shape_constraints.hpp"
#include "graph/signature.hpp"
#include "graph/stable_array.hpp"
#include "graph/types.hpp"

namespace fettle {

// The six opcodes of torch.fx.
enum class Opcode : std::uint8_t {
  placeholder, get_attr, call_function, call_method, call_module, output,
};
std::string_view opcode_name(Opcode opcode);

// One use: operand `operand` of node `user`.
struct Use {
  NodeId user;
  std::uint32_t operand = 0;
  explicit operator bool() const { return static_cast<bool>(user); }
  friend bool operator==(const Use&, const Use&) = default;
};

// How a result appears in the archive: one tensor, a list of tensors (split), nothing (None) …
// `count` values of the node's flat results belong to it.
struct ResultForm {
  ArgKind kind = ArgKind::tensor;  // tensor, tensors, none, sym_int, sym_float, sym_bool, …
  std::uint32_t count = 1;
  friend bool operator==(const ResultForm&, const ResultForm&) = default;
};

struct MetadataEntry {  // "stack_trace", "nn_module_stack", "torch_fn", …
  StringId key;
  StringId text;
  friend bool operator==(const MetadataEntry&, const MetadataEntry&) = default;
};

// An operand's place in the use list of its value.
struct UseLinks {
  Use next, prev;
};

// Lists that are nearly always short lie in the node itself: a scan then stays in one piece of memory.
using OperandList = boost::container::small_vector<ValueId, 2>;
using UseLinksList = boost::container::small_vector<UseLinks, 2>;
using ResultForms = boost::container::small_vector<ResultForm, 1>;

// What scans read comes first, and lies in one cache line: a scan of a large graph costs as many
// nanoseconds as lines.
struct alignas(64) Node {
  Opcode opcode = Opcode::call_function;
  bool alive = true;
  std::optional<bool> hop_single_tensor_return;      // is_hop_single_tensor_return
  BlockId block;
  NodeId prev, next;                                 // program order within the block
  StringId op;                                       // "aten.relu.default"; empty for placeholder and output
  StringId name;                                     // as in FX
  std::uint32_t first_result = Id<ValueTag>::kNone;  // results are consecutive values
  std::uint32_t result_count = 0;
  OperandList operands;                              // flat, in the order the arguments name them
  UseLinksList links;                                // of each operand
  std::vector<NamedArgument> arguments;              // schema order; of an output node: one per output
  ResultForms result_forms;
  std::vector<MetadataEntry> metadata;
  StringId unknown_fields;                       // JSON object text of fields this version does not know
  std::shared_ptr<const InputSpec> input_spec;   // root placeholders only
  std::vector<OutputSpec> output_specs;          // root output node only, one per argument
};

struct Value {
  NodeId producer;
  std::uint32_t result = 0;  // which of the producer's results
  StringId name;
  TypeId type;
  Use first_use;
  std::uint32_t use_count = 0;
};

struct Block {
  NodeId owner;        // the call that owns this nested graph; none for the root
  NodeId first, last;  // program order: placeholders first, the output node last
  StringId name;       // "submod_1"
  bool is_single_tensor_return = false;
  std::uint32_t node_count = 0;
  StringId unknown_fields;
};

// What an edit touches. Whoever keeps what was computed from a graph keys it by the parts it read.
enum class Part : std::uint8_t {
  structure,  // nodes, operands and arguments
  order,
  types,
  signature,  // what inputs and outputs stand for, and the constants
  labels,     // names and metadata: nothing that a run could see
};
inline constexpr std::size_t kParts = 5;

// A constant by its fully qualified name ("encoder.layer.0.weight"), as input specs name it.
using ConstantTable = std::map<std::string, TensorData, std::less<>>;

class Graph {
 public:
  Graph();
  Graph& operator=(const Graph&) = delete;

  // A deep copy with the same ids (erased ones stay erased).
  std::unique_ptr<Graph> clone() const;

  // Ids below these bounds were once given out; `alive` says whether they still mean something.
  std::uint32_t node_bound() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint32_t value_bound() const { return static_cast<std::uint32_t>(values_.size()); }
  std::uint32_t block_bound() const { return static_cast<std::uint32_t>(blocks_.size()); }
  bool alive(NodeId id) const { return id.index < nodes_.size() && nodes_[id.index].alive; }
  bool alive(ValueId id) const {
    return id.index < values_.size() && alive(values_[id.index].producer);
  }
  bool alive(BlockId id) const;

  // Unchecked in release of time: the id must be below its bound.
  const Node& node(NodeId id) const { return nodes_[id.index]; }
  const Value& value(ValueId id) const { return values_[id.index]; }
  const Block& block(BlockId id) const { return blocks_[id.index]; }

  std::uint32_t node_count() const { return live_nodes_; }  // all blocks, placeholders and outputs too
  // Grow with every change, of that part and of any. Undoing a change is one, too.
  std::uint64_t version(Part part) const { return versions_[static_cast<std::size_t>(part)]; }
  std::uint64_t version() const {
    return std::accumulate(versions_.begin(), versions_.end(), std::uint64_t{0});
  }

  const StringPool& strings() const { return strings_; }
  const TypeTable& types() const { return types_; }
  std::string_view text(StringId id) const { return id ? strings_.text(id) : std::string_view{}; }
  const Type& type(ValueId id) const { return types_.type(values_[id.index].type); }
  const ConstantTable& constants() const { return constants_; }
  // What the program demands of its dynamic sizes; no pass changes it.
  const ShapeConstraints& shape_constraints() const { return shape_constraints_; }
  // Interning is not a change of the graph: it adds a name and moves nothing.
  StringId intern(std::string_view text) const { return strings_.intern(text); }
  TypeId intern(Type type) const { return types_.intern(std::move(type)); }
  void reserve_strings(std::size_t count) const { strings_.reserve(count); }

  // A node's results as ids.
  auto results(NodeId id) const {
    const Node& n = node(id);
    return std::views::iota(n.first_result, n.first_result + n.result_count) |
           std::views::transform([](std::uint32_t i) { return ValueId(i); });
  }
  ValueId result(NodeId id, std::uint32_t k = 0) const { return ValueId(node(id).first_result + k); }

  // The argument of that name, or null. O(arguments).
  const NamedArgument* argument(NodeId id, std::string_view name) const;

  NodeId output_node(BlockId id = kRootBlock) const;  // none while the block is being built
  Use next_use(Use use) const { return node(use.user).links[use.operand].next; }

  // for (NodeId n : graph.nodes(block)); the current node may be erased if `next` was read before.
  class NodeIterator;
  struct NodeRange;
  NodeRange nodes(BlockId id = kRootBlock) const;

  // for (Use use : graph.uses(value)); do not edit while iterating.
  class UseIterator;
  struct UseRange;
  UseRange uses(ValueId id) const;

 private:
  Graph(const Graph&) = default;
  friend class Journal;
  friend struct GraphSurgery;  // tests only: breaks a graph on purpose, for the checks to find
  StableArray<Node> nodes_;
  StableArray<Value> values_;
  std::deque<Block> blocks_;
  mutable StringPool strings_;
  mutable TypeTable types_;
  ConstantTable constants_;
  ShapeConstraints shape_constraints_;
  std::uint32_t live_nodes_ = 0;
  std::array<std::uint64_t, kParts> versions_{};
};

class Graph::NodeIterator {
 public:
  using value_type = NodeId;
  using difference_type = std::ptrdiff_t;
  NodeIterator() = default;
  NodeIterator(const Graph* graph, NodeId at) : graph_(graph), at_(at) {}
  NodeId operator*() const { return at_; }
  NodeIterator& operator++() {
    at_ = graph_->node(at_).next;
    return *this;
  }
  NodeIterator operator++(int) {
    NodeIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const NodeIterator& a, const NodeIterator& b) { return a.at_ == b.at_; }

 private:
  const Graph* graph_ = nullptr;
  NodeId at_;
};

struct Graph::NodeRange {
  NodeIterator first;
  NodeIterator begin() const { return first; }
  NodeIterator end() const { return {}; }
};

class Graph::UseIterator {
 public:
  using value_type = Use;
  using difference_type = std::ptrdiff_t;
  UseIterator() = default;
  UseIterator(const Graph* graph, Use at) : graph_(graph), at_(at) {}
  Use operator*() const { return at_; }
  UseIterator& operator++() {
    at_ = graph_->next_use(at_);
    return *this;
  }
  UseIterator operator++(int) {
    UseIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const UseIterator& a, const UseIterator& b) { return a.at_ == b.at_; }

 private:
  const Graph* graph_ = nullptr;
  Use at_;
};

struct Graph::UseRange {
  UseIterator first;
  UseIterator begin() const { return first; }
  UseIterator end() const { return {}; }
};

inline Graph::NodeRange Graph::nodes(BlockId id) const {
  return {NodeIterator(this, block(id).first)};
}
inline Graph::UseRange Graph::uses(ValueId id) const {
  return {UseIterator(this, value(id).first_use)};
}

}  // namespace fettle
