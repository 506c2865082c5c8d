#include "runtime/random_draws.hpp"

#include <ATen/core/Tensor.h>

namespace fettle {

void lower_to(const RecordedDtypes& dtypes, torch::jit::Stack& stack) {
  for (std::size_t k = 0; k < dtypes.size(); ++k) {
    if (dtypes[k] && stack[k].isTensor()) stack[k] = stack[k].toTensor().to(*dtypes[k]);
  }
}

void lift_to_float64(torch::jit::Stack& stack) {
  for (c10::IValue& value : stack) {
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    const at::Tensor& tensor = value.toTensor();
    if (tensor.is_floating_point()) value = tensor.to(c10::ScalarType::Double);
    else if (tensor.is_complex()) value = tensor.to(c10::ScalarType::ComplexDouble);
  }
}

}  // namespace fettle
