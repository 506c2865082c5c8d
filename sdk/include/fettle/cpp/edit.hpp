// Changing a graph. Every edit lies in a Rewrite, the unit that the host limits, blames and undoes:
//
//   fettle::Rewrite rewrite(graph, node, "relu of relu");
//   if (!rewrite) continue;                       // past the limit: leave this site alone
//   rewrite.replace(node.result(), node.operand(0));
//   rewrite.erase(node);
//   rewrite.commit();                             // without it, the rewrite is undone when it ends
//
// An edit that the graph does not permit throws and changes nothing.
#pragma once

#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "fettle/cpp/facts.hpp"

namespace fettle {
inline namespace sdk {

// A graph that may be changed, by way of a Rewrite.
class MutableGraph : public Graph {
 public:
  MutableGraph(fettle_ctx* context, fettle_graph* raw) : Graph(context, raw), mutable_(raw) {}
  fettle_graph* raw_mutable() const { return mutable_; }

 private:
  fettle_graph* mutable_;
};

// A call to be created: arguments in the schema's order, positional ones first, then by keyword;
// what has a default may be left out.
//
//   NodeSpec("aten.add.Tensor").argument(x).argument(1.0).keyword("alpha",
//   2).result(type).before(node)
class NodeSpec {
 public:
  explicit NodeSpec(std::string op) : op_(std::move(op)) {}

  NodeSpec& argument(Value value) { return add({}, of(value)); }
  NodeSpec& argument(bool value) { return add({}, of(value)); }
  NodeSpec& argument(int value) { return add({}, of(std::int64_t{value})); }
  NodeSpec& argument(std::int64_t value) { return add({}, of(value)); }
  NodeSpec& argument(double value) { return add({}, of(value)); }
  NodeSpec& argument(std::string_view value) { return add({}, of(value)); }
  NodeSpec& argument(const char* value) { return argument(std::string_view(value)); }
  NodeSpec& argument(std::initializer_list<std::int64_t> value) {
    return add({}, of(std::vector<std::int64_t>(value)));
  }
  NodeSpec& argument(const std::vector<std::int64_t>& value) { return add({}, of(value)); }
  NodeSpec& argument(const std::vector<Value>& value) { return add({}, of(value)); }
  NodeSpec& argument(const Argument& same) { return add({}, same.raw()); }
  NodeSpec& argument(Block owned) { return add({}, of(owned)); }  // one that no call owns yet
  NodeSpec& none() { return add({}, fettle_arg{}); }
  template <class T>
  NodeSpec& keyword(std::string_view name, const T& value) {
    argument(value);
    arguments_.back().name = str(strings_.emplace_back(name));
    arguments_.back().form = FETTLE_FORM_KEYWORD;
    return *this;
  }
  // One for each result, in order; none at all where rules tell them. The type of an existing value
  // does where nothing changes.
  NodeSpec& result(fettle_type_id type) {
    types_.push_back(type);
    return *this;
  }
  NodeSpec& named(std::string name) {
    name_ = std::move(name);
    return *this;
  }
  // Where: right before this node. Its provenance (stack trace, module) is inherited from `before`
  // too, unless said otherwise.
  NodeSpec& before(Node node) {
    before_ = node.id();
    if (provenance_ == FETTLE_NONE) provenance_ = node.id();
    return *this;
  }
  NodeSpec& provenance(Node node) {
    provenance_ = node.id();
    return *this;
  }

  fettle_node_spec raw() const {
    return {sizeof(fettle_node_spec),
            0,
            str(op_),
            str(name_),
            arguments_.size(),
            arguments_.data(),
            types_.size(),
            types_.data(),
            before_,
            provenance_};
  }

 private:
  NodeSpec& add(std::string_view name, fettle_arg argument) {
    argument.name = str(name);
    argument.form = FETTLE_FORM_POSITIONAL;
    arguments_.push_back(argument);
    return *this;
  }
  static fettle_arg of(Value value) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_TENSOR, a.payload = FETTLE_PAYLOAD_VALUE, a.value = value.id();
    return a;
  }
  static fettle_arg of(Block block) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_GRAPH, a.payload = FETTLE_PAYLOAD_BLOCK, a.block = block.id;
    return a;
  }
  static fettle_arg of(bool value) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_BOOL, a.payload = FETTLE_PAYLOAD_BOOL, a.i = value ? 1 : 0;
    return a;
  }
  static fettle_arg of(std::int64_t value) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_INT, a.payload = FETTLE_PAYLOAD_INT, a.i = value;
    return a;
  }
  static fettle_arg of(double value) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_FLOAT, a.payload = FETTLE_PAYLOAD_FLOAT, a.f = value;
    return a;
  }
  fettle_arg of(std::string_view value) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_STRING, a.payload = FETTLE_PAYLOAD_STRING;
    a.s = str(strings_.emplace_back(value));
    return a;
  }
  fettle_arg of(const std::vector<std::int64_t>& values) {
    fettle_arg a{};
    a.kind = FETTLE_ARG_INTS, a.payload = FETTLE_PAYLOAD_INTS;
    a.n = values.size(), a.ints = integers_.emplace_back(values).data();
    return a;
  }
  fettle_arg of(const std::vector<Value>& values) {
    std::vector<fettle_arg>& elements = lists_.emplace_back();
    for (const Value value : values) elements.push_back(of(value));
    fettle_arg a{};
    a.kind = FETTLE_ARG_TENSORS, a.payload = FETTLE_PAYLOAD_LIST;
    a.n = elements.size(), a.elements = elements.data();
    return a;
  }

  std::string op_, name_;
  std::vector<fettle_arg> arguments_;
  std::vector<fettle_type_id> types_;
  fettle_node before_ = FETTLE_NONE, provenance_ = FETTLE_NONE;
  std::deque<std::string> strings_;  // what the arguments point at
  std::deque<std::vector<std::int64_t>> integers_;
  std::deque<std::vector<fettle_arg>> lists_;
};

#if FETTLE_TARGET_MINOR >= 1
// The types that the results of such a call would have; nothing if no rule tells.
inline std::optional<std::vector<fettle_type_id>> infer_types(const Graph& graph,
                                                              const NodeSpec& call) {
  const fettle_node_spec raw = call.raw();
  const auto ask = [&](std::vector<fettle_type_id>& types, std::uint64_t& n) {
    return detail::types_table().infer(graph.context().raw(), graph.raw(), &raw, types.size(),
                                       types.data(), &n);
  };
  std::vector<fettle_type_id> types(4);
  std::uint64_t n = 0;
  fettle_status status = ask(types, n);
  if (status == FETTLE_E_ABSENT) return std::nullopt;
  detail::check(status, "infer");
  const bool more = n > types.size();
  types.resize(n);
  if (more) detail::check(ask(types, n), "infer");
  return types;
}
#endif

// The scope of one rewrite: undone at its end unless committed.
class Rewrite {
 public:
  Rewrite(MutableGraph& graph, Node root, std::string_view why) : graph_(graph) {
    const fettle_status status =
        detail::edit_table().rewrite_begin(context(), raw(), root.id(), str(why));
    if (status == FETTLE_E_LIMIT) return;
    detail::check(status, "rewrite_begin");
    open_ = true;
  }
  Rewrite(const Rewrite&) = delete;
  Rewrite& operator=(const Rewrite&) = delete;
  ~Rewrite() {
    if (open_) detail::edit_table().rewrite_abort(context(), raw());
  }

  // False: the limit on rewrites is reached, and this site is to be left alone.
  explicit operator bool() const { return open_; }

  void commit() {
    detail::check(detail::edit_table().rewrite_end(context(), raw()), "rewrite_end");
    open_ = false;
  }

  Node create(const NodeSpec& spec) {
    const fettle_node_spec raw_spec = spec.raw();
    fettle_node out = FETTLE_NONE;
    detail::check(detail::edit_table().create_node(context(), raw(), &raw_spec, &out),
                  "create_node");
    return graph_.node(out);
  }
  void erase(Node node) {
    detail::check(detail::edit_table().erase_node(context(), raw(), node.id()), "erase_node");
  }
  void replace(Value value, Value by) {
    detail::check(detail::edit_table().replace_all_uses(context(), raw(), value.id(), by.id()),
                  "replace_all_uses");
  }
  void set_operand(Node node, std::uint32_t operand, Value value) {
    detail::check(
        detail::edit_table().set_operand(context(), raw(), node.id(), operand, value.id()),
        "set_operand");
  }
  void move_before(Node node, Node before) {
    detail::check(detail::edit_table().move_before(context(), raw(), node.id(), before.id()),
                  "move_before");
  }
  void set_type(Value value, fettle_type_id type) {
    detail::check(detail::edit_table().set_type(context(), raw(), value.id(), type), "set_type");
  }
  fettle_type_id intern(const Type& type) {
    fettle_type_id out = FETTLE_NONE;
    detail::check(detail::edit_table().intern_type(context(), raw(), &type.raw(), &out),
                  "intern_type");
    return out;
  }
#if FETTLE_TARGET_MINOR >= 1
  // Sets what follows from the edits of types so far, in the whole program: once, after them.
  void propagate_types() {
    detail::check(detail::types_table().propagate(context(), raw(), nullptr), "propagate");
  }
#endif
  // Copies the tensor into the program as a constant; a fresh name is made from `name`.
  Value add_constant(std::string_view name, TensorView tensor) {
    fettle_value out = FETTLE_NONE;
    detail::check(
        detail::edit_table().add_constant(context(), raw(), str(name), tensor.raw(), &out),
        "add_constant");
    return graph_.value(out);
  }

 private:
  fettle_ctx* context() const { return graph_.context().raw(); }
  fettle_graph* raw() const { return graph_.raw_mutable(); }
  MutableGraph& graph_;
  bool open_ = false;
};

}  // namespace sdk
}  // namespace fettle
