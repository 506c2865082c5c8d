#include "archive/standalone_program.hpp"

#include <torch/version.h>

#include "archive/new_program.hpp"
#include "archive/pytree.hpp"
#include "archive/sample_pickle.hpp"
#include "runtime/run_values.hpp"

namespace fettle {
namespace {

c10::IValue call_of(std::span<const RunValue> inputs) {
  std::vector<c10::IValue> arguments;
  for (const RunValue& input : inputs) arguments.push_back(to_ivalue(input));
  return c10::ivalue::Tuple::create(
      {c10::ivalue::Tuple::create(std::move(arguments)),
       c10::impl::GenericDict(c10::StringType::get(), c10::TensorType::get())});
}

std::vector<std::string> input_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.opcode != Opcode::placeholder) break;
    if (node.input_spec && node.input_spec->kind != InputKind::user_input) continue;
    names.emplace_back(graph.text(node.name));
  }
  return names;
}

std::vector<ExpectedOutput> expected(std::span<const RunValue> outputs) {
  std::vector<ExpectedOutput> all;
  for (const RunValue& output : outputs) {
    ExpectedOutput& one = all.emplace_back();
    if (const auto* tensor = std::get_if<Tensor>(&output)) one.tensor = tensor->to_constant();
    if (const auto* number = std::get_if<std::int64_t>(&output)) one.value = *number;
    if (const auto* number = std::get_if<double>(&output)) one.value = *number;
    if (const auto* flag = std::get_if<bool>(&output)) one.value = *flag;
  }
  return all;
}

}  // namespace

Program standalone_program(std::unique_ptr<Graph> graph, std::span<const RunValue> inputs,
                           std::span<const RunValue> outputs) {
  Program program;
  const std::size_t n_outputs = graph->node(graph->output_node()).arguments.size();
  const c10::IValue call = call_of(inputs);
  CallingConvention convention;
  convention.argument_names = input_names(*graph);
  convention.in_spec = tree_spec(call);
  convention.out_spec = tree_spec(c10::ivalue::Tuple::create(std::vector<c10::IValue>(n_outputs)));
  program.graph = std::move(graph);
  complete_program(program, convention, TORCH_VERSION);
  const std::vector<char> pickle = sample_pickle(call);
  add_sample(program, make_storage(pickle.data(), pickle.size()), expected(outputs),
             "eager", TORCH_VERSION, {});
  return program;
}

}  // namespace fettle
