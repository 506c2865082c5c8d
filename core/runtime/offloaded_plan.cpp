#include "runtime/offloaded_plan.hpp"

#include <ATen/ops/empty_strided.h>

#include <sstream>

#include "base/error.hpp"
#include "ops/torch_numbers.hpp"
#include "runtime/tensor_impl.hpp"

namespace fettle {
namespace {

ExpectedOutput expected_of(const Graph& graph, ValueId value, const Placement& placement) {
  const Type& type = graph.type(value);
  ExpectedOutput expected;
  expected.name = graph.text(graph.value(value).name);
  if (const auto dtype = scalar_type_of(type.dtype)) expected.dtype = placement.dtype(*dtype);
  expected.device = placement.device(type.device);
  expected.rank = type.sizes.size();
  bool known = type.strides.size() == type.sizes.size();
  for (const SymInt& size : type.sizes) {
    known = known && !size.symbolic();
    expected.sizes.push_back(size.symbolic() ? std::nullopt : std::optional(size.value));
  }
  for (std::size_t d = 0; known && d < type.strides.size(); ++d) {  // expanded: no memory of its own
    known = !type.strides[d].symbolic() && (type.strides[d].value != 0 || type.sizes[d].value <= 1);
  }
  for (std::size_t d = 0; known && d < type.strides.size(); ++d) {
    expected.strides.push_back(type.strides[d].value);
  }
  return expected;
}

template <class T>
std::string text_of(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string fault_of(const ExpectedOutput& expected, const at::Tensor& tensor) {
  if (!tensor.defined()) return "it is no tensor";
  if (expected.dtype && tensor.scalar_type() != *expected.dtype) {
    return "it is " + text_of(tensor.scalar_type()) + " and should be " + text_of(*expected.dtype);
  }
  if (tensor.device().type() != expected.device.type()) {
    return "it lies on " + text_of(tensor.device()) + " and should on " + text_of(expected.device);
  }
  bool agree = static_cast<std::size_t>(tensor.dim()) == expected.rank;
  for (std::size_t d = 0; agree && d < expected.rank; ++d) {
    agree = !expected.sizes[d] || tensor.size(static_cast<std::int64_t>(d)) == *expected.sizes[d];
  }
  return agree ? "" : "its sizes are " + text_of(tensor.sizes());
}

// libtorch's next call may rest on the strides (a view does).
at::Tensor laid_out(const ExpectedOutput& expected, const at::Tensor& tensor) {
  if (expected.strides.size() != expected.rank || tensor.numel() == 0) return tensor;
  for (std::size_t d = 0; d < expected.rank; ++d) {
    const auto dim = static_cast<std::int64_t>(d);
    if (tensor.size(dim) == 1 || tensor.stride(dim) == expected.strides[d]) continue;
    return at::empty_strided(tensor.sizes(), expected.strides, tensor.options()).copy_(tensor);
  }
  return tensor;
}

}  // namespace

std::shared_ptr<const OffloadedPlan> plan_of(const OffloadedPart& part, const Graph& graph,
                                             const Placement& placement) {
  auto plan = std::make_shared<OffloadedPlan>();
  plan->call = part.call;
  plan->backend = part.backend;
  for (const ValueId output : part.outputs) {
    plan->outputs.push_back(expected_of(graph, output, placement));
  }
  return plan;
}

std::vector<at::Tensor> launch(const OffloadedPlan& plan, std::span<const RunValue> inputs,
                               const std::atomic<bool>* cancel) {
  const std::vector<Tensor> answered = plan.call->launch(inputs, cancel);
  std::vector<at::Tensor> outputs;
  for (std::size_t k = 0; k < plan.outputs.size(); ++k) {
    const at::Tensor tensor = k < answered.size() ? unwrap(answered[k]) : at::Tensor();
    if (std::string fault = fault_of(plan.outputs[k], tensor); !fault.empty()) {
      throw Error({.code = Code::plugin_bad_answer,
                   .what = "backend '" + plan.backend + "' gave a wrong tensor for '" +
                           plan.outputs[k].name + "'",
                   .why = std::move(fault)});
    }
    outputs.push_back(laid_out(plan.outputs[k], tensor));
  }
  return outputs;
}

}  // namespace fettle
