// From a graph to boxes and edges, in four steps: boxes for nodes inside boxes for their modules; a
// module that holds a single box becomes that box; long lists are cut into parts; numbered anew.
#include <fmt/format.h>

#include <algorithm>

#include "graph/nested_blocks.hpp"
#include "graph/text.hpp"
#include "pictures/module_paths.hpp"
#include "pictures/picture.hpp"
#include "pictures/tree.hpp"

namespace fettle {
namespace {

using Levels = std::span<const ModuleLevel>;

bool is_weight(const Node& node) {
  if (!node.input_spec) return false;
  const InputKind kind = node.input_spec->kind;
  return kind == InputKind::parameter || kind == InputKind::buffer ||
         kind == InputKind::tensor_constant || kind == InputKind::custom_obj;
}

class DataflowMaker {
 public:
  DataflowMaker(const Graph& graph, bool weights)
      : graph_(graph), weights_(weights), modules_(graph) {
    picture_.leaf_of.assign(graph.node_bound(), Picture::kNoBox);
  }

  Picture make() {
    picture_.boxes.push_back({.kind = Box::Kind::module, .title = "the whole program"});
    add_block(kRootBlock, 0, {});
    arrange(picture_);
    for (const Box& box : picture_.boxes) {
      if (box.node) picture_.leaf_of[box.node.index] = index_of(box);
    }
    add_edges();
    return std::move(picture_);
  }

 private:
  std::uint32_t index_of(const Box& box) const {
    return static_cast<std::uint32_t>(&box - picture_.boxes.data());
  }
  std::uint32_t add(Box box, std::uint32_t parent) {
    const auto index = static_cast<std::uint32_t>(picture_.boxes.size());
    box.parent = parent;
    picture_.boxes.push_back(std::move(box));
    picture_.boxes[parent].children.push_back(index);
    return index;
  }

  // `base`: the modules around the call that owns the block.
  void add_block(BlockId block, std::uint32_t root, Levels base) {
    const std::vector<Levels> levels = modules_.of_block(block);
    std::vector<std::uint32_t> open = {root};  // boxes of the levels of `at`, behind the root
    Levels at;
    std::size_t position = 0;
    for (const NodeId node : graph_.nodes(block)) {
      const Levels all = levels[position++];
      const Levels own = all.subspan(common_levels(all, base));
      name_model(node);
      if (waits(node)) continue;
      const std::size_t common = common_levels(at, own);
      open.resize(common + 1);
      for (const ModuleLevel& level : own.subspan(common)) {
        open.push_back(add({.kind = Box::Kind::module, .subtitle = level.type, .path = level.path},
                           open.back()));
      }
      at = own;
      add_node(node, open.back(), all);
    }
  }

  void name_model(NodeId node) {
    if (!picture_.boxes[0].subtitle.empty()) return;
    if (const ModuleStack* stack = modules_.recorded(node)) {
      picture_.boxes[0].subtitle = stack->model;
    }
  }

  // Weights are drawn where they are first used, if at all.
  bool waits(NodeId id) const {
    const Node& node = graph_.node(id);
    return is_weight(node) &&
           (!weights_ || std::ranges::any_of(graph_.results(id), [&](ValueId value) {
             return graph_.value(value).use_count > 0;
           }));
  }

  void add_node(NodeId id, std::uint32_t parent, Levels levels) {
    const Node& node = graph_.node(id);
    for (const ValueId operand : node.operands) {
      const NodeId producer = graph_.value(operand).producer;
      if (weights_ && is_weight(graph_.node(producer)) && !made(producer)) {
        add_leaf(producer, parent, levels);
      }
    }
    std::vector<BlockId> nested;
    for_each_block(node.arguments, [&](BlockId block) { nested.push_back(block); });
    if (nested.empty()) {
      add_leaf(id, parent, levels);
      return;
    }
    const std::string path = levels.empty() ? "" : levels.back().path;
    const std::uint32_t group = add({.kind = Box::Kind::nested,
                                     .title = std::string(graph_.text(node.name)),
                                     .subtitle = std::string(graph_.text(node.op)),
                                     .path = path},
                                    parent);
    add_leaf(id, group, levels);
    for (const BlockId block : nested) {
      const std::uint32_t inside = add({.kind = Box::Kind::nested,
                                        .title = std::string(graph_.text(graph_.block(block).name)),
                                        .subtitle = "nested graph",
                                        .path = path},
                                       group);
      add_block(block, inside, levels);
    }
  }

  bool made(NodeId id) const { return picture_.leaf_of[id.index] != Picture::kNoBox; }

  void add_leaf(NodeId id, std::uint32_t parent, Levels levels) {
    picture_.leaf_of[id.index] = add(leaf_box(graph_, id), parent);
    if (!levels.empty()) picture_.boxes.back().path = levels.back().path;
  }

  void add_edges() {
    for (std::uint32_t to = 0; to < picture_.boxes.size(); ++to) {
      const NodeId id = picture_.boxes[to].node;
      if (!id) continue;
      add_operand_edges(id, to);
      for_each_block(graph_.node(id).arguments, [&](BlockId block) { add_nested(to, block); });
    }
  }

  void add_operand_edges(NodeId id, std::uint32_t to) {
    const std::size_t first = picture_.edges.size();
    std::vector<std::pair<std::uint32_t, ValueId>> seen;
    for (const ValueId value : graph_.node(id).operands) {
      const NodeId producer = graph_.value(value).producer;
      const std::uint32_t from = picture_.leaf_of[producer.index];
      if (from == Picture::kNoBox) continue;
      seen.emplace_back(from, value);
    }
    std::ranges::sort(seen);
    for (const auto& [from, value] : seen) {
      if (picture_.edges.size() > first && picture_.edges.back().from == from) continue;
      picture_.edges.push_back({from, to, label(value)});
    }
  }

  std::string label(ValueId id) const {
    const Value& value = graph_.value(id);
    const std::string type = print_type(graph_.type(id));
    if (graph_.node(value.producer).result_count < 2) return type;
    return fmt::format("{}{}{}", graph_.text(value.name), type.empty() ? "" : ": ", type);
  }

  // What a call hands to its nested graph enters there through placeholders.
  void add_nested(std::uint32_t call, BlockId block) {
    for (const NodeId node : graph_.nodes(block)) {
      if (graph_.node(node).opcode != Opcode::placeholder) return;
      picture_.edges.push_back({call, picture_.leaf_of[node.index], ""});
    }
  }

  const Graph& graph_;
  const bool weights_;
  ModulePaths modules_;
  Picture picture_;
};

}  // namespace

Box leaf_box(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  Box box;
  box.kind = node.opcode == Opcode::output        ? Box::Kind::output
             : node.opcode != Opcode::placeholder ? Box::Kind::call
             : is_weight(node)                    ? Box::Kind::weight
                                                  : Box::Kind::input;
  box.node = id;
  box.title = graph.text(node.name);
  box.subtitle = is_weight(node) ? node.input_spec->target : std::string(graph.text(node.op));
  for (const ValueId result : graph.results(id)) {
    const std::string type = print_type(graph.type(result));
    if (!type.empty()) box.line += (box.line.empty() ? "" : ", ") + type;
  }
  return box;
}

Picture dataflow_picture(const Graph& graph, bool weights) {
  return DataflowMaker(graph, weights).make();
}

}  // namespace fettle
