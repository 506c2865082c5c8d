// Inputs, outputs and constants of the program agree (invariants 12 to 14 of graph/checks.hpp).
#include <unordered_set>

#include "graph/checks_parts.hpp"

namespace fettle::checks {
namespace {

class Signature {
 public:
  Signature(const Graph& graph, Problems& problems) : graph_(graph), problems_(problems) {}

  void run() {
    for (std::uint32_t i = 0; i < graph_.node_bound(); ++i) {
      const NodeId id(i);
      if (graph_.alive(id)) check_carrier(id);
    }
    for (NodeId id : graph_.nodes()) {
      if (graph_.node(id).opcode != Opcode::placeholder) break;
      if (graph_.node(id).input_spec) check_input(id, *graph_.node(id).input_spec);
    }
    for (const auto& [name, data] : graph_.constants()) {
      if (!constants_.contains(name))
        bad({}, fmt::format("no input names the constant '{}'", name));
      check_bytes(name, data);
    }
    check_outputs(graph_.output_node());
  }

 private:
  void bad(NodeId node, std::string what) {
    problems_.add(Code::graph_bad_signature, node, std::move(what));
  }

  // Only the program's placeholders carry input specs, only its output node output specs.
  void check_carrier(NodeId id) {
    const Node& node = graph_.node(id);
    const bool root = node.block == kRootBlock;
    if (root && node.opcode == Opcode::placeholder && !node.input_spec) {
      bad(id, "an input of the program has no spec");
    }
    if (node.input_spec && !(root && node.opcode == Opcode::placeholder)) {
      bad(id, "a node that is no input of the program has an input spec");
    }
    if (!node.output_specs.empty() && !(root && node.opcode == Opcode::output)) {
      bad(id, "a node that is not the program's output has output specs");
    }
  }

  void check_input(NodeId id, const InputSpec& spec) {
    for_each_operand(spec.constant, [&](const Operand&) {
      bad(id, "an input's constant names a value");
    });
    switch (spec.kind) {
      case InputKind::user_input:
      case InputKind::constant_input:
        users_.insert(graph_.text(graph_.value(graph_.result(id)).name));
        return;
      case InputKind::token: return;
      case InputKind::custom_obj:
        claim(id, objects_, spec.target);
        return;
      case InputKind::parameter: parameters_.insert(spec.target); break;
      case InputKind::buffer: buffers_.insert(spec.target); break;
      case InputKind::tensor_constant: break;
    }
    claim(id, constants_, spec.target);
    check_constant(id, spec.target);
  }

  void claim(NodeId id, std::unordered_set<std::string_view>& taken, std::string_view target) {
    if (!taken.insert(target).second) bad(id, fmt::format("two inputs name '{}'", target));
  }

  void check_constant(NodeId id, const std::string& target) {
    const auto found = graph_.constants().find(target);
    if (found == graph_.constants().end()) {
      return bad(id, fmt::format("there is no constant '{}'", target));
    }
    const Type& declared = graph_.type(graph_.result(id));
    const Type& stored = found->second.type;
    if (declared.kind == TypeKind::unknown) return;
    if (declared.kind != TypeKind::tensor || declared.dtype != stored.dtype) {
      return bad(id, fmt::format("the constant '{}' is of {}, its input of {}", target,
                                 dtype_name(stored.dtype), dtype_name(declared.dtype)));
    }
    if (declared.sizes != stored.sizes) {
      bad(id, fmt::format("the sizes of the constant '{}' are not those of its input", target));
    }
  }

  // The last element lies within the storage. Negative strides do not occur in torch.
  void check_bytes(const std::string& name, const TensorData& data) {
    const Type& type = data.type;
    std::int64_t end = type.storage_offset.value;
    bool sound = data.storage && type.sizes.size() == type.strides.size() && end >= 0 &&
                 !type.storage_offset.symbolic() && dtype_bytes(type.dtype) > 0;
    bool empty = false;
    for (std::size_t d = 0; sound && d < type.sizes.size(); ++d) {
      const SymInt& size = type.sizes[d];
      const SymInt& stride = type.strides[d];
      sound = !size.symbolic() && !stride.symbolic() && size.value >= 0 && stride.value >= 0;
      empty = empty || size.value == 0;
      std::int64_t reach = 0;
      sound = sound && !__builtin_mul_overflow(size.value - 1, stride.value, &reach) &&
              (size.value == 0 || !__builtin_add_overflow(end, reach, &end));
    }
    if (sound && !empty) {
      sound = static_cast<std::uint64_t>(end) < data.storage->size / dtype_bytes(type.dtype);
    }
    if (!sound) {
      bad({}, fmt::format("the constant '{}' does not fit into its storage", name));
    }
  }

  void check_outputs(NodeId output) {
    if (!output) return;
    const Node& node = graph_.node(output);
    if (node.output_specs.size() != node.arguments.size()) {
      return bad(output, fmt::format("the program returns {} values and has specs for {}",
                                     node.arguments.size(), node.output_specs.size()));
    }
    for (const OutputSpec& spec : node.output_specs) {
      if (!target_exists(spec)) {
        bad(output, fmt::format("an output's spec names '{}', which no input of that kind has",
                                spec.target));
      }
    }
  }

  bool target_exists(const OutputSpec& spec) const {
    switch (spec.kind) {
      case OutputKind::buffer_mutation: return buffers_.contains(spec.target);
      case OutputKind::parameter_mutation:
      case OutputKind::gradient_to_parameter: return parameters_.contains(spec.target);
      case OutputKind::user_input_mutation:
      case OutputKind::gradient_to_user_input: return users_.contains(spec.target);
      case OutputKind::user_output:
      case OutputKind::loss_output:
      case OutputKind::token: return true;
    }
    return false;
  }

  const Graph& graph_;
  Problems& problems_;
  std::unordered_set<std::string_view> parameters_, buffers_, constants_, objects_, users_;
};

}  // namespace

void check_signature(const Graph& graph, Problems& problems) { Signature(graph, problems).run(); }

}  // namespace fettle::checks
