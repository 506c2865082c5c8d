// Numbers that depend on the data: read out of a tensor, or different in each iteration of a loop.
//
// Such a number stays a tensor of no dimensions (int64, float64 or bool) in the graph, and where
// TorchScript has an int, a float or a bool the evaluator has this tensor. Arithmetic and
// comparisons of numbers become calls on it; what needs the number itself, a size for example, is
// refused by name.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "torchscript/recorder.hpp"

namespace fettle {

class DataNumbers {
 public:
  using Metadata = std::vector<MetadataEntry>;
  explicit DataNumbers(Recorder& recorder) : recorder_(recorder) {}

  bool is(const c10::IValue& value) const;
  // Where such a number, or one in a tuple or list, comes from: "that 'aten::Int' reads out of a tensor".
  // Null where there is none.
  const std::string* origin(const c10::IValue& value) const;

  // `number`: an identity of its own, that nobody writes.
  c10::IValue add(const at::Tensor& number, const std::string& origin);

  // The number in a tensor of one element. `kept`: nobody writes to the tensor later.
  c10::IValue read(const at::Tensor& source, c10::ScalarType type, bool kept,
                   const std::string& origin, const Metadata& metadata);

  // A number as a tensor, be it known or not.
  at::Tensor tensor_of(const c10::IValue& number, const Metadata& metadata);

  // TorchScript's operator on numbers, some of which depend on the data; nullopt where a call on
  // tensors would not give the same.
  std::optional<c10::IValue> compute(std::string_view op, const std::vector<c10::IValue>& arguments,
                                     c10::ScalarType result, const Metadata& metadata);

 private:
  struct Number {
    c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> tensor;
    std::string origin;
  };
  at::Tensor convert(const at::Tensor& number, c10::ScalarType type, const Metadata& metadata);

  Recorder& recorder_;
  std::unordered_map<const c10::TensorImpl*, Number> numbers_;
};

// The dtype that stands for a number of this type; nullopt where it is none.
std::optional<c10::ScalarType> number_dtype(const c10::Type& type);
std::optional<c10::ScalarType> number_dtype(const c10::IValue& number);

}  // namespace fettle
