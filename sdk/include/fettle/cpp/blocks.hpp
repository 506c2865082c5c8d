// Calls that own nested graphs (torch.cond, while_loop, scan …): what they are, and how to build,
// copy and inline the graphs. See "fettle.blocks/1" in fettle.h.
//
//   if (std::optional<fettle::NestedCall> call = fettle::nested_call(node);
//       call && call->runs() == fettle::NestedCall::once && call->mode() == FETTLE_MODE_GRAD) {
//     fettle::Rewrite rewrite(graph, node, "gradients are off anyway");
//     if (!rewrite) continue;
//     fettle::BlockEdits blocks(graph);
//     const auto results = blocks.inline_block(call->block(0), node, call->inputs());
//     …
#pragma once

#include "fettle/cpp/edit.hpp"

namespace fettle {
inline namespace sdk {

// Placeholder k of each block stands for input k of the call.
class NestedCall {
 public:
  static constexpr std::uint32_t once = FETTLE_NESTED_ONCE, branch = FETTLE_NESTED_BRANCH,
                                 loop = FETTLE_NESTED_LOOP, scan = FETTLE_NESTED_SCAN,
                                 map = FETTLE_NESTED_MAP;

  NestedCall(const Graph* graph, const fettle_nested_call& raw) : graph_(graph), raw_(raw) {}
  const fettle_nested_call& raw() const { return raw_; }
  std::uint32_t runs() const { return raw_.runs; }
  std::uint32_t mode() const { return raw_.mode; }
  std::size_t block_count() const { return raw_.n_blocks; }
  Block block(std::size_t k) const { return {raw_.blocks[k]}; }
  Value predicate() const { return {graph_, raw_.predicate}; }  // false: none, or a constant
  std::size_t input_count() const { return raw_.n_inputs; }
  Value input(std::size_t k) const { return {graph_, raw_.inputs[k]}; }  // false: a number
  std::vector<Value> inputs() const {
    std::vector<Value> values;
    for (std::size_t k = 0; k < raw_.n_inputs; ++k) values.push_back(input(k));
    return values;
  }
  // Inputs from here on are passed as they are.
  std::size_t first_passed() const { return raw_.n_carried + raw_.n_sliced; }

 private:
  const Graph* graph_;
  fettle_nested_call raw_;  // its arrays are the host's, until the callback returns
};

// Nothing for calls that own no graphs.
inline std::optional<NestedCall> nested_call(Node node) {
  fettle_nested_call raw{};
  raw.size = sizeof raw;
  const Graph& graph = node.graph();
  const fettle_status status =
      detail::blocks_table().nested_call(graph.context().raw(), graph.raw(), node.id(), &raw);
  if (status == FETTLE_E_ABSENT) return std::nullopt;
  detail::check(status, "nested_call");
  return NestedCall(&graph, raw);
}

// Edits of nested graphs, within an open Rewrite of the same graph.
class BlockEdits {
 public:
  explicit BlockEdits(MutableGraph& graph) : graph_(graph) {}

  // A block of one's own is built first, and given to a call last: NodeSpec::argument(Block).
  Block create(std::string_view name, bool single = false) {
    fettle_block out = FETTLE_NONE;
    check(table().create_block(context(), raw(), str(name), single ? FETTLE_BLOCK_SINGLE : 0, &out),
          "create_block");
    return {out};
  }
  Value placeholder(Block block, std::string_view name, fettle_type_id type) {
    fettle_value out = FETTLE_NONE;
    check(table().create_placeholder(context(), raw(), block.id, str(name), type, &out),
          "create_placeholder");
    return graph_.value(out);
  }
  Node append(Block block, const NodeSpec& spec) {
    const fettle_node_spec raw_spec = spec.raw();
    fettle_node out = FETTLE_NONE;
    check(table().append_node(context(), raw(), block.id, &raw_spec, &out), "append_node");
    return graph_.node(out);
  }
  void output(Block block, const std::vector<Value>& values) {
    const std::vector<fettle_value> ids = ids_of(values);
    check(table().create_output(context(), raw(), block.id, ids.size(), ids.data()),
          "create_output");
  }

  Block clone(Block block) {
    fettle_block out = FETTLE_NONE;
    check(table().clone_block(context(), raw(), block.id, &out), "clone_block");
    return {out};
  }
  // Copies the block's calls to right before the node; the values that stand for what it returns.
  std::vector<Value> inline_block(Block block, Node before, const std::vector<Value>& inputs) {
    const std::vector<fettle_value> ids = ids_of(inputs);
    std::vector<fettle_value> outputs(graph_.output_node(block).argument_count(), FETTLE_NONE);
    check(table().inline_block(context(), raw(), block.id, before.id(), ids.size(), ids.data(),
                               outputs.size(), outputs.data()),
          "inline_block");
    return values_of(outputs);
  }
  // One more input of the call; the placeholders that hold it, one for each block.
  std::vector<Value> pass(Node call, Value value) {
    const std::optional<NestedCall> nested = nested_call(call);
    std::vector<fettle_value> placeholders(nested ? nested->block_count() : 0, FETTLE_NONE);
    check(table().pass_value(context(), raw(), call.id(), value.id(), placeholders.size(),
                             placeholders.data()),
          "pass_value");
    return values_of(placeholders);
  }
  void drop_input(Node call, std::size_t input) {
    check(table().drop_input(context(), raw(), call.id(), input), "drop_input");
  }

 private:
  static const fettle_blocks_v1& table() { return detail::blocks_table(); }
  static void check(fettle_status status, const char* call) { detail::check(status, call); }
  static std::vector<fettle_value> ids_of(const std::vector<Value>& values) {
    std::vector<fettle_value> ids;
    for (const Value value : values) ids.push_back(value.id());
    return ids;
  }
  std::vector<Value> values_of(const std::vector<fettle_value>& ids) const {
    std::vector<Value> values;
    for (const fettle_value id : ids) values.push_back(graph_.value(id));
    return values;
  }
  fettle_ctx* context() const { return graph_.context().raw(); }
  fettle_graph* raw() const { return graph_.raw_mutable(); }
  MutableGraph& graph_;
};

}  // namespace sdk
}  // namespace fettle
