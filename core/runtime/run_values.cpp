#include "runtime/run_values.hpp"

#include "runtime/tensor_impl.hpp"

namespace fettle {
namespace {

struct Boxed {
  c10::IValue operator()(std::monostate) const { return {}; }
  c10::IValue operator()(const Tensor& tensor) const { return unwrap(tensor); }
  template <class T>
  c10::IValue operator()(const T& value) const {
    return value;
  }
};

}  // namespace

c10::IValue to_ivalue(const RunValue& value) { return std::visit(Boxed{}, value); }

RunValue to_run_value(const c10::IValue& value) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    if (!tensor.defined()) return std::monostate{};
    return wrap(tensor);
  }
  if (value.isInt()) return value.toInt();
  if (value.isDouble()) return value.toDouble();
  if (value.isBool()) return value.toBool();
  if (value.isString()) return value.toStringRef();
  return std::monostate{};
}

}  // namespace fettle
