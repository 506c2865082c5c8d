#include "host/abi_constants.hpp"

#include <fmt/format.h>

#include "runtime/tensor.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse_edit(std::string_view edit, std::string why, std::string hint = {}) {
  throw Error({.code = Code::graph_bad_edit,
               .what = fmt::format("the edit '{}' was refused", edit),
               .why = std::move(why),
               .hint = std::move(hint)});
}

bool is_user_input(const Node& node) {
  return node.opcode == Opcode::placeholder && node.input_spec &&
         (node.input_spec->kind == InputKind::user_input ||
          node.input_spec->kind == InputKind::constant_input);
}

// Where the placeholder of a new constant goes: before the first user input, or else before the
// first node that is no placeholder. Kept in the handle, as many constants may be added: user
// inputs are never erased, and other nodes are looked for again when something changed around them.
NodeId place_for_constants(fettle_graph& handle) {
  const Graph& graph = handle.graph;
  const auto fits = [&](NodeId id) {
    if (!graph.alive(id)) return false;
    const Node& node = graph.node(id);
    if (is_user_input(node)) return true;
    return node.opcode != Opcode::placeholder && node.block == kRootBlock &&
           (!node.prev || graph.node(node.prev).opcode == Opcode::placeholder);
  };
  if (fits(handle.constants_go_before)) return handle.constants_go_before;
  NodeId at = graph.block(kRootBlock).first;
  while (at && !fits(at)) at = graph.node(at).next;
  return handle.constants_go_before = at;
}

std::string fresh_target(const Graph& graph, std::string_view name) {
  // Free in the constant table; every target of a constant is there.
  std::string target(name);
  for (std::uint32_t i = 1; graph.constants().contains(target); ++i) {
    target = fmt::format("{}_{}", name, i);
  }
  return target;
}

std::string identifier(std::string_view name) {
  std::string out;
  for (char c : name) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out;
}

}  // namespace

ValueId add_constant_input(Journal& journal, fettle_graph& handle, std::string_view name,
                           const DLTensor& tensor) {
  if (!journal.in_rewrite()) refuse_edit("add_constant", "no rewrite is open");
  const Graph& graph = journal.graph();
  TensorData data = Tensor::from_dlpack(tensor).to_constant();
  const TypeId type = graph.intern(data.type);
  // The placeholder's fresh name serves for both, so that a thousand constants of one name are
  // cheap.
  const StringId placeholder_name =
      journal.fresh_name("c_" + identifier(name.empty() ? "folded" : name));
  const std::string target = fresh_target(graph, graph.text(placeholder_name).substr(2));
  journal.add_constant(target, std::move(data));

  NodeSpec spec;
  spec.opcode = Opcode::placeholder;
  spec.name = placeholder_name;
  spec.result_forms = {{ArgKind::tensor, 1}};
  spec.result_types = {type};
  const NodeId placeholder =
      journal.create_node(std::move(spec), {kRootBlock, place_for_constants(handle)});
  InputSpec input;
  input.kind = InputKind::tensor_constant;
  input.target = target;
  journal.set_input_spec(placeholder, std::move(input));
  return graph.result(placeholder);
}

void erase_constant_input(Journal& journal, NodeId placeholder) {
  const Graph& graph = journal.graph();
  const Node& node = graph.node(placeholder);
  if (!node.input_spec) {
    refuse_edit("erase_node",
                "a nested graph keeps its placeholders: its call passes them operands");
  }
  const InputSpec spec = *node.input_spec;  // a copy: erasing may drop it
  if (spec.kind != InputKind::parameter && spec.kind != InputKind::buffer &&
      spec.kind != InputKind::tensor_constant) {
    refuse_edit(
        "erase_node",
        fmt::format("'{}' is an input that the program's caller gives", graph.text(node.name)),
        "the signature keeps its inputs; leave it alone");
  }
  for (const OutputSpec& output : graph.node(graph.output_node()).output_specs) {
    if (!spec.target.empty() && output.target == spec.target) {
      refuse_edit("erase_node", fmt::format("an output of the program updates '{}'", spec.target));
    }
  }
  journal.erase_node(placeholder);
  if (graph.constants().contains(spec.target)) journal.remove_constant(spec.target);
}

}  // namespace fettle
