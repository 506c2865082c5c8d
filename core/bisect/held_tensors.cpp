#include "bisect/held_tensors.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "graph/size_algebra.hpp"

namespace fettle {
namespace {

bool is_input(const Node& placeholder) {
  const InputKind kind =
      placeholder.input_spec ? placeholder.input_spec->kind : InputKind::user_input;
  return kind == InputKind::user_input || kind == InputKind::constant_input;
}

// Dense, in the order of dimensions that the old strides have: a pass may ask for that. What was
// expanded stays so.
std::vector<SymInt> strides_like(const Type& old, const std::vector<SymInt>& sizes) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return old.strides[a].value > old.strides[b].value;
  });
  std::vector<SymInt> strides(sizes.size(), 0);
  std::int64_t stride = 1;
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    if (old.strides[*d].value == 0 && old.sizes[*d].value > 1) continue;
    strides[*d] = stride;
    stride *= std::max<std::int64_t>(sizes[*d].value, 1);
  }
  return strides;
}

std::vector<SymInt> symbolic_strides(const Graph& graph, const Type& old,
                                     const std::vector<SymInt>& sizes) {
  SizeAlgebra algebra(graph);
  if (algebra.sizes(old.strides) != algebra.contiguous(algebra.sizes(old.sizes))) {
    throw Error({.code = Code::graph_bad_edit,
                 .what = "an input of dynamic sizes that is not dense gets no other sizes"});
  }
  return algebra.sym_ints(algebra.contiguous(algebra.sizes(sizes)));
}

// The type for a tensor of these sizes; dynamic ones stay as they are.
Type resized(const Graph& graph, const Type& old, std::vector<SymInt> sizes) {
  bool symbolic = false;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    if (!old.sizes.at(d).symbolic()) continue;
    sizes[d] = old.sizes[d];
    symbolic = true;
  }
  Type type = old;
  if (sizes == old.sizes || old.strides.size() != sizes.size()) return type;
  type.strides = symbolic ? symbolic_strides(graph, old, sizes) : strides_like(old, sizes);
  type.sizes = std::move(sizes);
  type.storage_offset = 0;
  return type;
}

}  // namespace

std::vector<HeldTensor> held_tensors(const FrozenProgram& program) {
  const Graph& graph = *program.graph;
  std::vector<HeldTensor> held;
  std::size_t input = 0;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    HeldTensor tensor{id, graph.result(id), std::nullopt};
    if (is_input(node)) {
      tensor.input = input++;
      if (!std::holds_alternative<Tensor>(program.inputs.at(*tensor.input))) continue;
    } else if (!graph.constants().contains(node.input_spec->target)) {
      continue;
    }
    if (graph.type(tensor.value).kind == TypeKind::tensor) held.push_back(tensor);
  }
  return held;
}

const Type& type_of(const FrozenProgram& program, const HeldTensor& held) {
  return program.graph->type(held.value);
}

Tensor tensor_of(const FrozenProgram& program, const HeldTensor& held) {
  if (held.input) return std::get<Tensor>(program.inputs[*held.input]);
  const std::string& name = program.graph->node(held.placeholder).input_spec->target;
  return Tensor::from_constant(program.graph->constants().find(name)->second, false);
}

void put_tensor(FrozenProgram& program, Journal& journal, const HeldTensor& held,
                const Tensor& tensor) {
  Type type = resized(*program.graph, type_of(program, held), tensor.type().sizes);
  journal.set_type(held.value, program.graph->intern(std::move(type)));
  if (held.input) {
    program.inputs[*held.input] = tensor;
    return;
  }
  const std::string name = program.graph->node(held.placeholder).input_spec->target;
  TensorData data = tensor.to_constant();
  data.type.requires_grad = program.graph->constants().find(name)->second.type.requires_grad;
  journal.remove_constant(name);
  journal.add_constant(name, std::move(data));
}

}  // namespace fettle
