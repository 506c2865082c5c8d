// Reading a graph: small handles (Node, Value, Block) on ids, cheap to copy, checked by the host.
//
//   for (fettle::Node node : graph.nodes())          program order; the node at hand may be erased
//     if (node.is(relu)) … node.operand(0).producer() …
//
// A handle that stands for nothing is false. Text and types are borrowed until the graph is edited.
#pragma once

#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fettle/cpp/base.hpp"
#include "fettle/cpp/tensor.hpp"

namespace fettle {
inline namespace sdk {

class Graph;
class Node;
class Value;
class CallFacts;

enum class Opcode : std::uint32_t {
  placeholder,
  get_attr,
  call_function,
  call_method,
  call_module,
  output
};
enum class InputKind : std::uint32_t {
  user,
  parameter,
  buffer,
  tensor_constant,
  custom_obj,
  token,
  constant
};
enum class OutputKind : std::uint32_t {
  user,
  loss,
  buffer_mutation,
  parameter_mutation,
  user_input_mutation,
  gradient_to_parameter,
  gradient_to_user_input,
  token,
};

// An interned string of a graph, such as an operator's name. False: no such text in the graph.
struct Symbol {
  fettle_sym id = FETTLE_NONE;
  explicit operator bool() const { return id != FETTLE_NONE; }
};

// A nested graph; the program's own is kRoot.
struct Block {
  fettle_block id = 0;
  friend bool operator==(Block, Block) = default;
};
inline constexpr Block kRoot{};

class Type {
 public:
  explicit Type(const fettle_type& raw) : raw_(raw) {}
  const fettle_type& raw() const { return raw_; }
  bool is_tensor() const { return raw_.kind == FETTLE_TYPE_TENSOR; }
  Dtype dtype() const { return static_cast<Dtype>(raw_.dtype); }
  std::span<const fettle_dim> sizes() const { return {raw_.sizes, raw_.rank}; }
  std::span<const fettle_dim> strides() const { return {raw_.strides, raw_.rank}; }
  std::string_view device_type() const { return text(raw_.device_type); }
  std::int64_t bytes() const { return raw_.bytes; }  // -1: a size is symbolic
  bool requires_grad() const { return raw_.requires_grad != 0; }

 private:
  fettle_type raw_;
};

class Value {
 public:
  Value() = default;
  Value(const Graph* graph, fettle_value id) : graph_(graph), id_(id) {}
  fettle_value id() const { return id_; }
  explicit operator bool() const { return id_ != FETTLE_NONE; }
  friend bool operator==(const Value& a, const Value& b) { return a.id_ == b.id_; }

  Node producer() const;
  std::uint32_t use_count() const;
  std::vector<fettle_use> uses() const;
  fettle_type_id type_id() const { return info().type; }
  Type type() const;
  std::string_view name() const { return text(info().name); }
  fettle_value_info info() const;

 private:
  const Graph* graph_ = nullptr;
  fettle_value id_ = FETTLE_NONE;
};

// An argument of a call, in the schema's terms. Asking for what it is not throws.
class Argument {
 public:
  Argument(const Graph* graph, const fettle_arg& raw) : graph_(graph), raw_(raw) {}
  const fettle_arg& raw() const { return raw_; }
  std::string_view name() const { return text(raw_.name); }
  bool defaulted() const { return raw_.form == FETTLE_FORM_DEFAULTED; }
  bool is_none() const { return raw_.payload == FETTLE_PAYLOAD_NONE; }
  bool is_value() const { return raw_.payload == FETTLE_PAYLOAD_VALUE; }
  bool is_block() const { return raw_.payload == FETTLE_PAYLOAD_BLOCK; }
  bool is_integer() const { return raw_.payload == FETTLE_PAYLOAD_INT; }

  Value value() const { return {graph_, need(FETTLE_PAYLOAD_VALUE).value}; }
  Block block() const { return {need(FETTLE_PAYLOAD_BLOCK).block}; }
  bool boolean() const { return need(FETTLE_PAYLOAD_BOOL).i != 0; }
  std::int64_t integer() const { return need(FETTLE_PAYLOAD_INT).i; }
  double real() const {  // an int where a float is expected counts
    return is_integer() ? static_cast<double>(raw_.i) : need(FETTLE_PAYLOAD_FLOAT).f;
  }
  std::string_view string() const { return text(need(FETTLE_PAYLOAD_STRING).s); }
  std::span<const std::int64_t> integers() const {
    need(FETTLE_PAYLOAD_INTS);
    return {raw_.ints, raw_.n};
  }
  std::size_t element_count() const {
    return raw_.payload == FETTLE_PAYLOAD_LIST || raw_.payload == FETTLE_PAYLOAD_DICT ? raw_.n : 0;
  }
  Argument element(std::size_t k) const { return {graph_, raw_.elements[k]}; }

 private:
  const fettle_arg& need(std::uint32_t payload) const {
    if (raw_.payload != payload)
      throw Failure("argument '" + std::string(name()) + "' is not of the expected kind");
    return raw_;
  }
  const Graph* graph_;
  fettle_arg raw_;
};

class Node {
 public:
  Node() = default;
  Node(const Graph* graph, fettle_node id) : graph_(graph), id_(id) {}
  fettle_node id() const { return id_; }
  explicit operator bool() const { return id_ != FETTLE_NONE; }
  friend bool operator==(const Node& a, const Node& b) { return a.id_ == b.id_; }

  // One call of the host each; ask for info() once where several are needed.
  bool is(Symbol op) const;
  Opcode opcode() const { return static_cast<Opcode>(info().opcode); }
  bool is_call() const { return info().opcode == FETTLE_OPCODE_CALL_FUNCTION; }
  std::string_view op() const;  // "aten.relu.default"; empty for placeholders and outputs
  std::string_view name() const { return text(info().name); }
  Block block() const { return {info().block}; }
  InputKind input_kind() const { return static_cast<InputKind>(info().input_kind); }
  std::string_view input_target() const { return text(info().input_target); }
  std::vector<Value> operands() const;
  Value operand(std::uint32_t k) const;  // false: there is none
  std::uint32_t result_count() const { return info().n_results; }
  Value result(std::uint32_t k = 0) const;
  std::uint32_t argument_count() const { return info().n_args; }
  Argument argument(std::uint32_t index) const;
  std::optional<Argument> argument(std::string_view name) const;
  std::optional<std::string_view> metadata(std::string_view key) const;
  std::string_view text_form() const;  // in FX's notation, for messages
  Node next() const;
  Node previous() const;
  CallFacts facts() const;  // cpp/facts.hpp
  fettle_node_info info() const;
  const Graph& graph() const { return *graph_; }

 private:
  const Graph* graph_ = nullptr;
  fettle_node id_ = FETTLE_NONE;
};

// The nodes of a block. The next node is looked up before the one at hand is seen, so that the one
// at hand may be erased or replaced (no other).
class NodeRange {
 public:
  class Iterator {
   public:
    using value_type = Node;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(Node at) : at_(at), next_(at ? at.next() : Node{}) {}
    Node operator*() const { return at_; }
    Iterator& operator++() {
      *this = Iterator(next_);
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    Node at_, next_;
  };
  explicit NodeRange(Node first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return {}; }

 private:
  Node first_;
};

// A graph to read.
class Graph {
 public:
  Graph(fettle_ctx* context, const fettle_graph* raw) : context_(context), raw_(raw) {}
  Graph(const Graph&) = delete;  // handles point at it
  Graph& operator=(const Graph&) = delete;

  const Context& context() const { return context_; }
  const fettle_graph* raw() const { return raw_; }

  Symbol symbol(std::string_view text) const {
    return {detail::graph_table().find_symbol(raw_, str(text))};
  }
  std::string_view text_of(Symbol symbol) const {
    return text(detail::graph_table().symbol_text(raw_, symbol.id));
  }
  std::uint32_t node_count() const { return detail::graph_table().node_count(raw_); }
  Node node(fettle_node id) const { return {this, id}; }
  Value value(fettle_value id) const { return {this, id}; }
  NodeRange nodes(Block block = kRoot) const {
    return NodeRange({this, detail::graph_table().first_node(raw_, block.id)});
  }
  Node output_node(Block block = kRoot) const {
    return {this, detail::graph_table().last_node(raw_, block.id)};
  }

  struct Output {
    OutputKind kind;
    Value value;              // false: a Python constant
    std::string_view target;  // what it updates
  };
  std::vector<Output> outputs() const;  // of the program

  // All nodes of all blocks at once, for scans; a snapshot until the callback returns.
  fettle_columns columns() const {
    fettle_columns columns{};
    columns.size = sizeof columns;
    detail::check(detail::graph_table().columns(context_.raw(), raw_, &columns), "columns");
    return columns;
  }

  // The stored tensor of a parameter's, buffer's or constant's placeholder; else an empty Tensor.
  Tensor constant(Value value) const {
    DLManagedTensorVersioned* out = nullptr;
    const fettle_status status =
        detail::evaluate_table().constant(context_.raw(), raw_, value.id(), &out);
    if (status == FETTLE_E_ABSENT) return {};
    detail::check(status, "constant");
    return Tensor(out);
  }

  // The results of one call on given operands, one for each; nothing if the host cannot evaluate it
  // or the operator refuses these operands.
  std::optional<std::vector<Tensor>> evaluate(Node call,
                                              std::span<const DLTensor* const> operands) const {
    std::vector<DLManagedTensorVersioned*> raw(call.result_count(), nullptr);
    const fettle_status status = detail::evaluate_table().call(
        context_.raw(), raw_, call.id(), operands.size(), operands.data(), raw.size(), raw.data());
    if (status == FETTLE_E_UNSUPPORTED || status == FETTLE_E_FAILED) return std::nullopt;
    detail::check(status, "evaluate");
    std::vector<Tensor> results;
    results.reserve(raw.size());
    for (DLManagedTensorVersioned* tensor : raw) results.emplace_back(tensor);
    return results;
  }

 private:
  Context context_;
  const fettle_graph* raw_;
};

// ---------------------------------------------------------------- how the handles ask

inline fettle_value_info Value::info() const {
  fettle_value_info info{};
  info.size = sizeof info;
  detail::check(
      detail::graph_table().value_info(graph_->context().raw(), graph_->raw(), id_, &info),
      "value_info");
  return info;
}
inline Node Value::producer() const {
  if (!*this) return {};
  return {graph_, detail::graph_table().value_producer(graph_->raw(), id_)};
}
inline std::uint32_t Value::use_count() const {
  return detail::graph_table().value_use_count(graph_->raw(), id_);
}
inline std::vector<fettle_use> Value::uses() const {
  std::vector<fettle_use> uses(use_count());
  std::uint64_t n = 0;
  detail::check(detail::graph_table().value_uses(graph_->context().raw(), graph_->raw(), id_,
                                                 uses.size(), uses.data(), &n),
                "value_uses");
  uses.resize(n < uses.size() ? n : uses.size());
  return uses;
}
inline Type Value::type() const {
  fettle_type type{};
  type.size = sizeof type;
  detail::check(
      detail::graph_table().type(graph_->context().raw(), graph_->raw(), type_id(), &type), "type");
  return Type(type);
}

inline fettle_node_info Node::info() const {
  fettle_node_info info{};
  info.size = sizeof info;
  detail::check(detail::graph_table().node_info(graph_->context().raw(), graph_->raw(), id_, &info),
                "node_info");
  return info;
}
inline bool Node::is(Symbol op) const {
  return op && *this && detail::graph_table().node_op(graph_->raw(), id_) == op.id;
}
inline std::string_view Node::op() const {
  const fettle_sym op = detail::graph_table().node_op(graph_->raw(), id_);
  return op == FETTLE_NONE ? std::string_view{} : graph_->text_of({op});
}
inline std::vector<Value> Node::operands() const {
  const fettle_node_info node = info();
  std::vector<Value> values;
  values.reserve(node.n_operands);
  for (std::uint32_t k = 0; k < node.n_operands; ++k) values.push_back({graph_, node.operands[k]});
  return values;
}
inline Value Node::operand(std::uint32_t k) const {
  const fettle_node_info node = info();
  return k < node.n_operands ? Value{graph_, node.operands[k]} : Value{};
}
inline Value Node::result(std::uint32_t k) const {
  const fettle_node_info node = info();
  return k < node.n_results ? Value{graph_, node.first_result + k} : Value{};
}
inline Argument Node::argument(std::uint32_t index) const {
  fettle_arg arg{};
  detail::check(
      detail::graph_table().node_arg(graph_->context().raw(), graph_->raw(), id_, index, &arg),
      "node_arg");
  return {graph_, arg};
}
inline std::optional<Argument> Node::argument(std::string_view name) const {
  fettle_arg arg{};
  const fettle_status status = detail::graph_table().node_arg_named(
      graph_->context().raw(), graph_->raw(), id_, str(name), &arg);
  if (status == FETTLE_E_ABSENT) return std::nullopt;
  detail::check(status, "node_arg_named");
  return Argument{graph_, arg};
}
inline std::optional<std::string_view> Node::metadata(std::string_view key) const {
  fettle_str out{};
  const fettle_status status = detail::graph_table().node_metadata(
      graph_->context().raw(), graph_->raw(), id_, str(key), &out);
  if (status == FETTLE_E_ABSENT) return std::nullopt;
  detail::check(status, "node_metadata");
  return text(out);
}
inline std::string_view Node::text_form() const {
  fettle_str out{};
  detail::check(detail::graph_table().node_text(graph_->context().raw(), graph_->raw(), id_, &out),
                "node_text");
  return text(out);
}
inline Node Node::next() const {
  return {graph_, detail::graph_table().next_node(graph_->raw(), id_)};
}
inline Node Node::previous() const {
  return {graph_, detail::graph_table().prev_node(graph_->raw(), id_)};
}

inline std::vector<Graph::Output> Graph::outputs() const {
  std::vector<Output> outputs;
  for (std::uint64_t index = 0;; ++index) {
    fettle_output_info info{};
    info.size = sizeof info;
    const fettle_status status =
        detail::graph_table().output_info(context_.raw(), raw_, index, &info);
    if (status == FETTLE_E_ABSENT) return outputs;
    detail::check(status, "output_info");
    outputs.push_back({static_cast<OutputKind>(info.kind), {this, info.value}, text(info.target)});
  }
}

}  // namespace sdk
}  // namespace fettle
