#include "bisect/resize.hpp"

#include <algorithm>
#include <unordered_set>

#include "analysis/type_propagation.hpp"
#include "bisect/held_tensors.hpp"
#include "graph/nested_blocks.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

// As deep as lists nest.
template <class Fn>
void for_each_integer(Argument& argument, const Fn& fn) {
  switch (argument.kind) {
    case ArgKind::integer:
    case ArgKind::sym_int:
      if (auto* value = std::get_if<std::int64_t>(&argument.payload)) fn(*value);
      return;
    case ArgKind::integers:
      if (auto* values = std::get_if<std::vector<std::int64_t>>(&argument.payload)) {
        for (auto& value : *values) fn(value);
      }
      return;
    case ArgKind::sym_ints:
    case ArgKind::integer_lists:
      if (auto* elements = std::get_if<std::vector<Argument>>(&argument.payload)) {
        for (auto& element : *elements) for_each_integer(element, fn);
      }
      return;
    default:
      return;
  }
}

// Whether the operator takes sizes there: by its schema, which tells them from dimensions and
// steps. Operators without one pass values on.
bool takes_sizes(const OperatorSchema* schema, std::size_t argument) {
  if (!schema || argument >= schema->arguments.size()) return true;
  const std::string& type = schema->arguments[argument].type;
  return type.find("SymInt") != type.npos ||
         (type == "Scalar" && schema->name.starts_with("aten.arange"));
}

// Calls fn(number) for each of the call's that could be a size.
template <class Fn>
void for_each_size(const Graph& graph, NodeId call, std::vector<NamedArgument>& arguments,
                   const Fn& fn) {
  const OperatorSchema* schema = find_operator(graph.text(graph.node(call).op));
  if (schema && schema->source != SchemaSource::dispatcher) schema = nullptr;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    if (arguments[k].form == ArgForm::defaulted || !takes_sizes(schema, k)) continue;
    for_each_integer(arguments[k].value, fn);
  }
}

// Of all blocks.
template <class Fn>
void for_each_call(const Graph& graph, const Fn& fn) {
  for (std::uint32_t k = 0; k < graph.node_bound(); ++k) {
    const NodeId id(k);
    if (graph.alive(id) && graph.node(id).opcode == Opcode::call_function) fn(id);
  }
}

class Resizer {
 public:
  Resizer(const FrozenProgram& program, const Resizing& how)
      : how_(how),
        out_{program.graph->clone(), program.inputs},
        journal_(*out_.graph, Journal::Recording::off) {}

  std::optional<FrozenProgram> run() {
    for (const HeldTensor& held : held_tensors(out_)) cut(held);
    if (how_.arguments) {
      for_each_call(graph(), [&](NodeId id) { replace_integers(id); });
    }
    if ((values_.empty() && calls_.empty()) || !set_types()) return std::nullopt;
    return std::move(out_);
  }

 private:
  const Graph& graph() const { return *out_.graph; }

  std::int64_t now(std::int64_t size) const {
    const auto found = how_.sizes.find(size);
    return found == how_.sizes.end() ? size : found->second;
  }

  void cut(const HeldTensor& held) {
    if (how_.place && how_.place->value != held.value) return;
    const Type& type = type_of(out_, held);
    std::vector<std::int64_t> sizes;
    bool changes = false;
    const Tensor tensor = tensor_of(out_, held);
    const std::vector<SymInt> real = tensor.type().sizes;
    for (std::size_t d = 0; d < real.size(); ++d) {
      const bool asked = !type.sizes.at(d).symbolic() && (!how_.place || how_.place->dim == d);
      sizes.push_back(asked ? now(real[d].value) : real[d].value);
      changes |= sizes.back() != real[d].value;
    }
    if (!changes) return;
    put_tensor(out_, journal_, held, part_of(tensor, sizes, how_.end));
    values_.insert(held.value);
  }

  void replace_integers(NodeId id) {
    std::vector<NamedArgument> arguments = graph().node(id).arguments;
    bool changes = false;
    for_each_size(graph(), id, arguments, [&](std::int64_t& value) {
      changes |= now(value) != value;
      value = now(value);
    });
    if (!changes) return;
    const OperandList& operands = graph().node(id).operands;
    journal_.set_arguments(id, std::move(arguments), {operands.begin(), operands.end()});
    calls_.insert(id);
  }

  bool set_types() {
    const InferredTypes types(graph());
    for (const TypeMismatch& mismatch : types.mismatches()) {
      if (!mismatch.value) return false;
      values_.insert(mismatch.value);
    }
    const auto touched = [&](const Unruled& unruled) {
      const Node& node = graph().node(unruled.node);
      bool nested = false;
      for_each_block(node.arguments, [&](BlockId) { nested = true; });
      return nested || calls_.contains(unruled.node) ||
             std::ranges::any_of(node.operands, [&](ValueId v) { return values_.contains(v); });
    };
    if (std::ranges::any_of(types.unruled(), touched)) return false;
    for (const TypeMismatch& mismatch : types.mismatches()) {
      journal_.set_type(mismatch.value, mismatch.computed);
    }
    return true;
  }

  const Resizing& how_;
  FrozenProgram out_;
  Journal journal_;
  std::unordered_set<ValueId> values_;  // that have another type
  std::unordered_set<NodeId> calls_;    // that have other arguments
};

}  // namespace

std::optional<FrozenProgram> resized(const FrozenProgram& program, const Resizing& how) {
  return Resizer(program, how).run();
}

std::map<std::int64_t, std::size_t> given_integers(const Graph& graph) {
  std::map<std::int64_t, std::size_t> integers;
  for_each_call(graph, [&](NodeId id) {
    std::vector<NamedArgument> arguments = graph.node(id).arguments;
    for_each_size(graph, id, arguments, [&](std::int64_t value) { ++integers[value]; });
  });
  return integers;
}

}  // namespace fettle
