#include "runtime/backward.hpp"

#include <torch/csrc/autograd/autograd.h>

#include "base/error.hpp"
#include "ops/torch_errors.hpp"
#include "runtime/run_values.hpp"
#include "runtime/tensor_impl.hpp"

namespace fettle {
namespace {

at::Tensor cotangent_of(const RunValue& given, const at::Tensor& output, std::size_t index) {
  const at::Tensor cotangent = unwrap(std::get<Tensor>(given));
  if (cotangent.sizes() != output.sizes()) {
    throw Error({.code = Code::input_shape,
                 .what = "the cotangent of output " + std::to_string(index) +
                         " has another shape than the output"});
  }
  return cotangent.to(output.device(), output.scalar_type());
}

}  // namespace

std::vector<at::Tensor> place_leaves(const std::vector<LeafSlots>& leaves,
                                     Interpreter& interpreter) {
  std::vector<at::Tensor> placed;
  for (const LeafSlots& leaf : leaves) {
    const at::Tensor tensor =
        interpreter.slot(leaf.slots.front()).toTensor().detach().requires_grad_(true);
    const at::Tensor used = leaf.written ? tensor.clone() : tensor;
    for (const Slot slot : leaf.slots) interpreter.slot(slot) = used;
    placed.push_back(tensor);
  }
  return placed;
}

RunValue without_history(const c10::IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined()) return to_run_value(value);
  return wrap(value.toTensor().detach());
}

std::vector<RunValue> gradients_of(const std::vector<at::Tensor>& outputs,
                                   std::span<const RunValue> cotangents,
                                   const std::vector<at::Tensor>& leaves,
                                   MissingDerivatives& missing) {
  if (cotangents.size() != outputs.size()) {
    throw Error({.code = Code::input_count,
                 .what = std::to_string(cotangents.size()) + " cotangents for " +
                         std::to_string(outputs.size()) + " outputs"});
  }
  torch::autograd::variable_list roots, seeds;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k].defined() || !outputs[k].requires_grad()) continue;
    if (!std::holds_alternative<Tensor>(cotangents[k])) continue;
    roots.push_back(outputs[k]);
    seeds.push_back(cotangent_of(cotangents[k], outputs[k], k));
  }
  std::vector<RunValue> gradients(leaves.size());
  if (roots.empty() || leaves.empty()) return gradients;
  try {
    const auto found = torch::autograd::grad(roots, leaves, seeds, false, false, true);
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      if (found[k].defined()) gradients[k] = wrap(found[k].detach());
    }
  } catch (const std::exception& error) {
    if (missing.add_from(first_line(error))) return std::vector<RunValue>(leaves.size());
    throw Error({.code = Code::operator_failed,
                 .what = "libtorch cannot run the program backwards",
                 .why = first_line(error)});
  }
  return gradients;
}

}  // namespace fettle
