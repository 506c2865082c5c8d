// Operators: run by libtorch, and recorded if they compute tensors.
//
// No fmt here: libtorch's headers bring another version of it.
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "ops/torch_errors.hpp"
#include "torchscript/evaluator.hpp"
#include "torchscript/operator_kinds.hpp"

namespace fettle {

namespace jit = torch::jit;

namespace {

// Tensors among the arguments, in lists too.
void for_each_tensor(const std::vector<c10::IValue>& values,
                     const std::function<void(const at::Tensor&)>& fn) {
  for (const c10::IValue& value : values) {
    if (value.isTensor()) {
      if (value.toTensor().defined()) fn(value.toTensor());
    } else if (value.isList()) {
      for (const c10::IValue& e : value.toListRef()) {
        if (e.isTensor() && e.toTensor().defined()) fn(e.toTensor());
      }
    }
  }
}

bool holds_numbers(const c10::IValue& value) {
  return value.isScalar() || value.isString() || value.isIntList() || value.isDoubleList() ||
         value.isBoolList();
}

}  // namespace

void Evaluator::run_operator(Node& node, Frame& frame) {
  const jit::Operator* op = node.maybeOperator();
  if (!op) {
    unsupported(node, frame, std::string("'") + node.kind().toQualString() + "'",
                "TorchScript has no operator that fettle could run for it",
                "export the model with torch.export.export, or change this line");
  }
  const c10::FunctionSchema& schema = op->schema();
  if (is_dropped(schema.name())) {
    dropped_.push_back({.code = Code::torchscript_dropped,
                        .what = "'" + schema.name() + "' was left out",
                        .where = source_line(node, frame.source),
                        .why = "it does not change what the model computes",
                        .severity = Severity::note});
    return store(node, {}, frame);
  }
  const Values arguments = inputs_of(node, frame);
  if (recorder_.nested()) check_container_writes(*op, node, arguments, frame);
  Values results = call_torch(*op, node, arguments, frame);
  const OperatorSchema* registered = find_operator(graph_operator_name(schema));
  if (registered && computes_tensors(*registered)) {
    keep(*registered, node, arguments, results, frame);
  } else {
    check_unrecorded(node, arguments, results, frame);
  }
  const auto& returns = schema.returns();
  for (std::size_t i = 0; !made_.empty() && i < results.size() && i < returns.size(); ++i) {
    const bool container = results[i].isList() || results[i].isGenericDict();
    if (container && !returns[i].alias_info()) made_.back().push_back(results[i]);
  }
  store(node, std::move(results), frame);
}

// What a branch writes to a container of TorchScript's would be there whichever branch is taken.
void Evaluator::check_container_writes(const jit::Operator& op, Node& node, const Values& arguments,
                                       const Frame& frame) const {
  const auto& schema = op.schema().arguments();
  for (std::size_t i = 0; i < arguments.size() && i < schema.size(); ++i) {
    const c10::IValue& container = arguments[i];
    if (!schema[i].alias_info() || !schema[i].alias_info()->isWrite() || container.isTensor())
      continue;
    const bool own = std::ranges::any_of(
        made_.back(), [&](const c10::IValue& made) { return made.is(container); });
    if (own) continue;
    unsupported(
        node, frame,
        "'" + op.schema().name() +
            "' writes to a list or dictionary from outside "
            "of a branch or a loop that the data decide",
        "a nested graph computes new tensors and leaves everything else as it is",
        "let the branch return the tensor, and write behind it; for values of each iteration "
        "write into a tensor of a fixed size");
  }
}

Evaluator::Values Evaluator::call_torch(const jit::Operator& op, Node& node,
                                        const Values& arguments, const Frame& frame) {
  jit::Stack stack = arguments;
  // Variadic operators (format, einsum) take their number of arguments last.
  if (op.schema().is_vararg()) stack.emplace_back(static_cast<std::int64_t>(arguments.size()));
  try {
    op.getOperation (&node)(stack);
  } catch (const std::exception& error) {
    failed(node, frame, "'" + op.schema().name() + "' fails on the example inputs",
           first_line(error));
  }
  return stack;
}

void Evaluator::keep(const OperatorSchema& schema, Node& node, const Values& arguments,
                     const Values& results, const Frame& frame) {
  bool numbers = false, others = false, scalars = true;
  for_each_tensor(arguments, [&](const at::Tensor& tensor) {
    (recorder_.is_number(tensor) ? numbers : others) = true;
  });
  for_each_tensor(results,
                  [&](const at::Tensor& tensor) { scalars = scalars && tensor.dim() == 0; });
  if (numbers && !others && scalars) {  // arithmetic on sizes
    const bool writes = std::ranges::any_of(schema.arguments, &SchemaArgument::written);
    if (writes && recorder_.nested()) {
      unsupported(node, frame,
                  "'" + schema.name +
                      "' writes to a number in a branch or a loop that the "
                      "data decide",
                  "it would be written whichever branch is taken",
                  "compute a new one instead, for example n = n + 1 for n += 1");
    }
    return for_each_tensor(results,
                           [&](const at::Tensor& tensor) { recorder_.mark_number(tensor); });
  }
  try {
    recorder_.record(schema, arguments, results,
                     source_metadata(node, frame.source, recorder_.graph()));
  } catch (const Error& error) {
    if (error.code() != Code::torchscript_unsupported) throw;
    unsupported(node, frame, error.diagnostic().what + ", in a call of '" + schema.name + "'",
                error.diagnostic().why,
                error.diagnostic().hint.empty() ? "export the model with torch.export.export"
                                                : error.diagnostic().hint);
  }
}

// A call that leaves no node must not compute anything from tensors' data.
void Evaluator::check_unrecorded(Node& node, const Values& arguments, Values& results,
                                 const Frame& frame) {
  const std::string& name = node.schema().name();
  const bool tracked = std::ranges::any_of(arguments, [&](const c10::IValue& value) {
    return value.isTensor() && recorder_.tracked(value.toTensor());
  });
  for (const c10::IValue& result : results) {
    if (!result.isTensor() || recorder_.tracked(result.toTensor())) continue;
    if (tracked) {
      unsupported(node, frame, "'" + name + "', an operator of TorchScript alone",
                  "libtorch registers no operator that a graph could call for it",
                  "write it with operators of torch, or export the model with torch.export.export");
    }
    if (result.toTensor().dim() == 0) recorder_.mark_number(result.toTensor());
  }
  if (!tracked || reads_metadata_alone(name) || std::ranges::none_of(results, holds_numbers))
    return;
  if (read_number(node, arguments, results, frame)) return;
  unsupported(node, frame, "'" + name + "' reads numbers out of a tensor",
              "what follows would depend on the values of the inputs, not on their sizes",
              "compute with the tensor itself");
}

}  // namespace fettle
