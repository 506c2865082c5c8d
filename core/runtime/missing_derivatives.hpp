// Which operators a run met that have no derivative: they took something that a gradient would flow
// to, gave floating results, and libtorch recorded nothing. Fused inference kernels are such. An
// operator whose derivative is zero on purpose (argmax, detach, comparisons) is none of them: libtorch
// knows that it is.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <set>
#include <string>
#include <string_view>

namespace fettle {

class MissingDerivatives {
 public:
  // Whether a gradient would flow to any of these, under the thread's mode.
  static bool wanted(const torch::jit::Stack& operands);
  void add_unless_recorded(const c10::OperatorHandle& op, const torch::jit::Stack& results);
  // By libtorch's message that one is not implemented; false: it is another message.
  bool add_from(std::string_view message);
  std::string text() const;  // "mkldnn::_linear_pointwise, …"; empty: none

 private:
  std::set<std::string> names_;
};

}  // namespace fettle
