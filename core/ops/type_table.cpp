// Rules for operators that libtorch's C++ has no meta kernel for, or has one that answers
// differently for meta tensors than a real device does. Each is what torch's own kernel
// (aten/src/ATen/native) or its Python meta function (torch/_meta_registrations.py) computes; the
// tests hold them against running the operators and against recorded programs.
//
// To add a row: the rule in plain words, its place by name, a call of it in the test.
#include <algorithm>
#include <array>

#include "ops/type_rules_nn.hpp"
#include "ops/type_rules_views.hpp"

namespace fettle {
namespace {

// Element by element, in the layout of the operand.
TensorShape like(const RuleCall& call, const TensorShape& operand, DType dtype) {
  return pointwise(call, std::span(&operand, 1), dtype);
}
TensorShapes like_self(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {like(call, self, self.dtype)};
}
TensorShapes bool_like_self(const RuleCall& call) {
  return {like(call, call.tensor("self"), DType::boolean)};
}
TensorShapes float_like_self(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {like(call, self, is_floating(self.dtype) ? self.dtype : default_float())};
}

// All tensors broadcast; the named arguments decide the dtype.
TensorShapes where(const RuleCall& call) {
  constexpr std::array<std::string_view, 2> kNames = {"self", "other"};
  if (call.schema().arguments.size() != 3) throw NoRule{"it depends on data"};
  return {pointwise(call, tensor_operands(call), promoted(call, kNames))};
}
TensorShapes dense_like_self(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(self.sizes, self.dtype, self)};
}
// A dense copy of what the two make, filled in place.
TensorShapes masked(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(broadcast(call.sizes, self.sizes, call.tensor("mask").sizes), self.dtype, self)};
}
TensorShapes truths(const RuleCall& call) {
  return {pointwise(call, tensor_operands(call), DType::boolean)};
}
TensorShapes complex_of(const RuleCall& call) {
  const TensorShapes parts = tensor_operands(call);
  switch (parts.at(0).dtype) {
    case DType::float16:
      return {pointwise(call, parts, DType::complex32)};
    case DType::float32:
      return {pointwise(call, parts, DType::complex64)};
    case DType::float64:
      return {pointwise(call, parts, DType::complex128)};
    default:
      throw NoRule{"its parts are no floats"};
  }
}
TensorShapes promoting(const RuleCall& call) {
  constexpr std::array<std::string_view, 2> kNames = {"self", "other"};
  return {pointwise(call, tensor_operands(call), promoted(call, kNames))};
}

// Computed as other - self, so that layouts that tie are those of `other`.
TensorShapes reversed_difference(const RuleCall& call) {
  constexpr std::array<std::string_view, 2> kNames = {"other", "self"};
  TensorShapes operands = tensor_operands(call);
  std::ranges::reverse(operands);
  return {pointwise(call, operands, promoted(call, kNames))};
}

// The sizes that a reduction leaves; every dimension goes where none is named.
Sizes reduced(const RuleCall& call, const TensorShape& self) {
  std::vector<bool> goes(self.rank(), !call.given("dim"));
  if (call.given("dim")) {
    const Sizes dims = call.ints("dim");
    if (dims.empty()) goes.assign(self.rank(), true);
    for (const Size& d : dims) {
      if (self.rank() > 0) goes[call.dim(d.value, self.rank())] = true;
    }
  }
  const bool keep = call.given("keepdim") && call.flag("keepdim");
  Sizes left;
  for (std::size_t d = 0; d < self.rank(); ++d) {
    if (!goes[d])
      left.push_back(self.sizes[d]);
    else if (keep)
      left.emplace_back(1);
  }
  return left;
}

bool is_whole(DType dtype) {
  return !is_floating(dtype) && dtype != DType::complex32 && dtype != DType::complex64 &&
         dtype != DType::complex128;
}

// Whole numbers are summed and multiplied as int64, unless a dtype is given.
DType summed_dtype(const RuleCall& call, const TensorShape& self) {
  return call.dtype("dtype").value_or(is_whole(self.dtype) ? DType::int64 : self.dtype);
}

// A number in a tensor.
TensorShapes number(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense({}, self.dtype, self)};
}
// Over a dimension, or of two tensors, there is a meta kernel.
TensorShapes extreme_of_all(const RuleCall& call) {
  if (call.schema().arguments.size() != 1) throw NoRule{};
  return number(call);
}
TensorShapes trace(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense({}, summed_dtype(call, self), self)};
}

TensorShapes count(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(reduced(call, self), DType::int64, self)};
}
TensorShapes float_reduction(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  const DType dtype = is_whole(self.dtype) ? default_float() : self.dtype;
  return {call.dense(reduced(call, self), call.dtype("dtype").value_or(dtype), self)};
}

// For each value its place among the boundaries.
TensorShapes places(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(self.sizes, call.flag("out_int32") ? DType::int32 : DType::int64, self)};
}

// What the meta kernel cannot do: vectors, whose product is a number.
TensorShapes matmul(const RuleCall& call) {
  const TensorShape self = call.tensor("self"), other = call.tensor("other");
  if (self.rank() != 1 || other.rank() != 1) throw NoRule{};
  return {call.dense({}, self.dtype, self)};
}

TensorShapes reduction(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(reduced(call, self), summed_dtype(call, self), self)};
}

// Magnitude and variance of complex numbers are real.
DType real_dtype(DType dtype) {
  switch (dtype) {
    case DType::complex32:
      return DType::float16;
    case DType::complex64:
      return DType::float32;
    case DType::complex128:
      return DType::float64;
    default:
      return dtype;
  }
}
TensorShapes absolute(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {like(call, self, real_dtype(self.dtype))};
}
TensorShapes variance(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {call.dense(reduced(call, self), real_dtype(self.dtype), self)};
}
TensorShapes variance_and_mean(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  const Sizes left = reduced(call, self);
  return {call.dense(left, real_dtype(self.dtype), self), call.dense(left, self.dtype, self)};
}

// Sorted by name.
constexpr TypeRow kRows[] = {
    {"aten.__and__", promoting},
    {"aten.__lshift__", promoting},
    {"aten.__or__", promoting},
    {"aten.__rshift__", promoting},
    {"aten.__xor__", promoting},
    {"aten._adaptive_avg_pool2d", nn::adaptive_pool},
    {"aten._adaptive_avg_pool3d", nn::adaptive_pool},
    {"aten.abs", absolute},
    {"aten.adaptive_avg_pool1d", nn::adaptive_pool},
    {"aten.adaptive_avg_pool2d", nn::adaptive_pool},
    {"aten.adaptive_avg_pool3d", nn::adaptive_pool},
    {"aten.addmm", nn::addmm},
    {"aten.angle", float_like_self},
    {"aten.arange", views::arange},
    {"aten.batch_norm", nn::batch_norm},
    {"aten.binary_cross_entropy", nn::loss},
    {"aten.binary_cross_entropy_with_logits", nn::loss},
    {"aten.bmm", nn::bmm},
    {"aten.bucketize", places},
    {"aten.cat", views::cat},
    {"aten.complex", complex_of},
    {"aten.conv1d", nn::convolution, true},
    {"aten.conv2d", nn::convolution, true},
    {"aten.conv3d", nn::convolution, true},
    {"aten.conv_transpose1d", nn::convolution, true},
    {"aten.conv_transpose2d", nn::convolution, true},
    {"aten.conv_transpose3d", nn::convolution, true},
    {"aten.convolution", nn::convolution, true},
    {"aten.count_nonzero", count},
    {"aten.dot", number},
    {"aten.embedding", nn::embedding},
    {"aten.embedding_dense_backward", nn::embedding_backward},
    {"aten.empty", views::factory},
    {"aten.expand", views::expand},
    {"aten.flip", like_self},
    {"aten.floor_divide", promoting},
    {"aten.full", views::factory},
    {"aten.grid_sampler", nn::grid_sampler},
    {"aten.grid_sampler_2d", nn::grid_sampler},
    {"aten.grid_sampler_3d", nn::grid_sampler},
    {"aten.group_norm", nn::group_norm},
    {"aten.hardswish", like_self},
    {"aten.hardtanh", like_self},
    {"aten.huber_loss", nn::loss},
    {"aten.index_select", views::index_select},
    {"aten.instance_norm", nn::layer_norm},
    {"aten.isclose", truths},
    {"aten.isfinite", bool_like_self},
    {"aten.isinf", bool_like_self},
    {"aten.isnan", bool_like_self},
    {"aten.l1_loss", nn::loss},
    {"aten.layer_norm", nn::layer_norm, true},
    {"aten.linear", nn::linear},
    {"aten.log_sigmoid", dense_like_self, true},
    {"aten.logical_and", truths},
    {"aten.logical_not", truths},
    {"aten.logical_or", truths},
    {"aten.logical_xor", truths},
    {"aten.logit", float_like_self},
    {"aten.logsumexp", float_reduction},
    {"aten.masked_fill", masked, true},
    {"aten.matmul", matmul},
    {"aten.max", extreme_of_all},
    {"aten.min", extreme_of_all},
    {"aten.mm", nn::mm},
    {"aten.nan_to_num", like_self},
    {"aten.nanmean", float_reduction},
    {"aten.nansum", reduction},
    {"aten.native_batch_norm", nn::native_batch_norm},
    {"aten.native_dropout", nn::native_dropout},
    {"aten.native_group_norm", nn::native_group_norm},
    {"aten.native_layer_norm", nn::native_layer_norm, true},
    {"aten.native_layer_norm_backward", nn::native_layer_norm_backward},
    {"aten.ones", views::factory},
    {"aten.polar", complex_of},
    {"aten.prelu", like_self},
    {"aten.prod", reduction},
    {"aten.relu", like_self},
    {"aten.relu6", like_self},
    {"aten.roll", nn::roll},
    {"aten.rsub", reversed_difference},
    {"aten.scaled_dot_product_attention", nn::attention, true},
    {"aten.searchsorted", places},
    {"aten.slice", views::slice},
    {"aten.std", variance},
    {"aten.std_mean", variance_and_mean},
    {"aten.trace", trace},
    {"aten.var", variance},
    {"aten.var_mean", variance_and_mean},
    {"aten.vdot", number},
    {"aten.where", where},
    {"aten.zeros", views::factory},
};
static_assert(std::ranges::is_sorted(kRows, {}, &TypeRow::op));

}  // namespace

const TypeRow* find_type_row(std::string_view op) {
  const std::string_view name = op.substr(0, op.rfind('.'));
  const auto found = std::ranges::lower_bound(kRows, name, {}, &TypeRow::op);
  return found != std::end(kRows) && found->op == name ? &*found : nullptr;
}

}  // namespace fettle
