#include "runtime/missing_derivatives.hpp"

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function.h>

#include <algorithm>

namespace fettle {
namespace {

template <class Test>
bool any_tensor(const c10::IValue& value, Test test) {
  if (value.isTensor()) return value.toTensor().defined() && test(value.toTensor());
  if (!value.isList()) return false;
  const auto elements = value.toListRef();
  return std::ranges::any_of(elements, [&](const c10::IValue& v) { return any_tensor(v, test); });
}

template <class Test>
bool any_tensor(const torch::jit::Stack& stack, Test test) {
  return std::ranges::any_of(stack, [&](const c10::IValue& v) { return any_tensor(v, test); });
}

// A formula of its own, or made of operators that have one.
bool has_derivative(const c10::OperatorHandle& op) {
  for (const c10::DispatchKey key :
       {c10::DispatchKey::Autograd, c10::DispatchKey::AutogradCPU, c10::DispatchKey::AutogradCUDA,
        c10::DispatchKey::CompositeImplicitAutograd}) {
    if (op.hasKernelForDispatchKey(key)) return true;
  }
  return false;
}

}  // namespace

bool MissingDerivatives::wanted(const torch::jit::Stack& operands) {
  return c10::GradMode::is_enabled() &&
         any_tensor(operands, [](const at::Tensor& t) { return t.requires_grad(); });
}

void MissingDerivatives::add_unless_recorded(const c10::OperatorHandle& op,
                                             const torch::jit::Stack& results) {
  const auto floating = [](const at::Tensor& t) {
    return at::isFloatingType(t.scalar_type()) || at::isComplexType(t.scalar_type());
  };
  const auto recorded = [](const at::Tensor& t) { return t.requires_grad(); };
  // What libtorch records where it would have to refuse, or to warn, on the way back.
  const auto stands_in = [](const at::Tensor& t) {
    return t.requires_grad() && t.grad_fn() &&
           t.grad_fn()->name().find("NotImplemented") != std::string::npos;
  };
  if (!any_tensor(results, floating)) return;
  const bool none = !any_tensor(results, recorded) && !has_derivative(op);
  if (none || any_tensor(results, stands_in)) names_.insert(c10::toString(op.operator_name()));
}

bool MissingDerivatives::add_from(std::string_view message) {
  constexpr std::string_view kBefore = "derivative for ", kAfter = " is not implemented";
  const std::size_t begin = message.find(kBefore), end = message.find(kAfter);
  if (begin == message.npos || end == message.npos || end < begin + kBefore.size()) return false;
  names_.emplace(message.substr(begin + kBefore.size(), end - begin - kBefore.size()));
  return true;
}

std::string MissingDerivatives::text() const {
  std::string all;
  for (const std::string& name : names_) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace fettle
