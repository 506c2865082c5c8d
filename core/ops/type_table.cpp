// Rules for operators that libtorch's C++ has no meta kernel for, or has one that answers
// differently for meta tensors than a real device does. Each is what torch's own kernel
// (aten/src/ATen/native) or its Python meta function (torch/_meta_registrations.py) computes; the
// tests hold them against running the operators and against recorded programs.
//
// To add a row: the rule in plain words, its place by name, a call of it in the test.
#include <algorithm>
#include <array>

#include "ops/type_rules_nn.hpp"

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
TensorShapes promoting(const RuleCall& call) {
  constexpr std::array<std::string_view, 2> kNames = {"self", "other"};
  return {pointwise(call, tensor_operands(call), promoted(call, kNames))};
}

// One dimension's places are picked by a list of indices.
TensorShapes index_select(const RuleCall& call) {
  const TensorShape self = call.tensor("self"), index = call.tensor("index");
  Sizes sizes = self.sizes;
  const std::size_t d = call.dim("dim", self.rank());
  if (!sizes.empty()) sizes[d] = index.rank() == 0 ? Size(1) : index.sizes[0];
  return {call.dense(std::move(sizes), self.dtype, self)};
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

// Whole numbers are multiplied as int64, unless a dtype is given.
TensorShapes prod(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  const bool whole = !is_floating(self.dtype) && self.dtype != DType::complex64 &&
                     self.dtype != DType::complex128 && self.dtype != DType::complex32;
  const DType dtype = call.dtype("dtype").value_or(whole ? DType::int64 : self.dtype);
  return {call.dense(reduced(call, self), dtype, self)};
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

// What is kept of a dimension from start to end, negative ones counted from the end, and no further
// than the dimension goes.
TensorShapes slice(const RuleCall& call) {
  TensorShape self = call.tensor("self");
  if (self.rank() == 0) throw NoRule{"the tensor has no dimensions"};
  const std::size_t d = call.dim("dim", self.rank());
  SizeAlgebra& s = call.sizes;
  const Size size = self.sizes[d];
  const auto place = [&](std::string_view name, const Size& otherwise) {
    if (!call.given(name)) return otherwise;
    Size at = call.size(name);
    const auto negative = s.less(at, 0);
    if (!negative) throw NoRule{"whether a symbolic bound counts from the end is not known"};
    if (*negative) at = s.max(s.add(at, size), 0);
    return s.min(at, size);
  };
  const Size start = place("start", 0), end = s.max(place("end", size), start);
  const Size step = call.size("step");
  if (step.symbolic() || step.value < 1) throw NoRule{"the step is not known"};
  self.sizes[d] = s.floordiv(s.add(s.sub(end, start), s.sub(step, 1)), step);
  self.offset = s.add(self.offset, s.mul(start, self.strides[d]));
  self.strides[d] = s.mul(self.strides[d], step);
  return {self};
}

// A tensor of its own, of the sizes given.
TensorShapes expand(const RuleCall& call) {
  TensorShape self = call.tensor("self");
  const Sizes wanted = call.ints("size");
  if (wanted.size() < self.rank()) throw NoRule{"there are fewer sizes than dimensions"};
  const std::size_t ahead = wanted.size() - self.rank();
  Sizes sizes, strides;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    const bool fresh = d < ahead;
    const Size old = fresh ? Size(1) : self.sizes[d - ahead];
    const Size size = wanted[d].is(-1) ? old : wanted[d];
    if (fresh && wanted[d].is(-1)) throw NoRule{"a new dimension has no size"};
    const bool kept = !fresh && (size == old || !old.is(1));
    if (kept && size != old && call.sizes.same(size, old) != true) {
      throw NoRule{"two sizes are not known to be equal"};
    }
    sizes.push_back(size);
    // A new dimension of one element has the stride that a dense one would.
    if (kept)
      strides.push_back(self.strides[d - ahead]);
    else if (fresh && size.is(1))
      throw NoRule{"the stride of a new dimension of one is the kernel's"};
    else
      strides.emplace_back(0);
  }
  self.sizes = std::move(sizes);
  self.strides = std::move(strides);
  return {self};
}

// Along one dimension sizes add up; the layout is the operands' where they share one.
TensorShapes cat(const RuleCall& call) {
  TensorShapes all = call.tensors("tensors");
  std::erase_if(all, [](const TensorShape& t) { return t.rank() == 1 && t.sizes[0].is(0); });
  if (all.empty()) throw NoRule{"there is nothing to join"};
  const std::size_t d = call.dim("dim", all[0].rank());
  Sizes sizes = all[0].sizes;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].rank() != sizes.size() || all[i].dtype != all[0].dtype) {
      throw NoRule{"the operands differ in rank or dtype"};
    }
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      if (k == d)
        sizes[k] = call.sizes.add(sizes[k], all[i].sizes[k]);
      else if (sizes[k] != all[i].sizes[k])
        throw NoRule{"two sizes are not known to be equal"};
    }
  }
  for (const TensorShape& one : all) {
    if (one.strides != call.sizes.contiguous(one.sizes)) throw NoRule{"an operand is not dense"};
  }
  return {call.dense(std::move(sizes), all[0].dtype, all[0])};
}

// Sizes and numbers that are given as values: aten.ones, aten.full and theirs.
TensorShapes factory(const RuleCall& call) {
  TensorShape place;
  const auto& arguments = call.call().arguments;
  for (const NamedArgument& argument : arguments) {
    if (const auto* device = std::get_if<DeviceArgument>(&argument.value.payload))
      place.device = **device;
  }
  if (call.memory_format("memory_format").value_or(kContiguousFormat) != kContiguousFormat) {
    throw NoRule{"a memory format is asked for"};
  }
  if (call.given("names")) throw NoRule{"dimensions are named"};
  const auto dtype = call.dtype("dtype");
  if (!dtype && call.schema().name.starts_with("aten.full."))
    throw NoRule{"the fill decides the dtype"};
  return {call.dense(call.ints("size"), dtype.value_or(default_float()), place)};
}

// From start to end by step, of whole numbers.
TensorShapes arange(const RuleCall& call) {
  SizeAlgebra& s = call.sizes;
  const bool starts = call.schema().name != "aten.arange.default";
  const bool steps = call.schema().name == "aten.arange.start_step";
  const Size start = starts ? call.size("start") : Size(0), end = call.size("end");
  const Size step = steps ? call.size("step") : Size(1);
  if (step.symbolic() || step.value < 1) throw NoRule{"the step is not known"};
  TensorShape place;
  for (const NamedArgument& argument : call.call().arguments) {
    if (const auto* device = std::get_if<DeviceArgument>(&argument.value.payload))
      place.device = **device;
  }
  const Size count = s.max(s.floordiv(s.add(s.sub(end, start), step.value - 1), step), 0);
  return {call.dense({count}, call.dtype("dtype").value_or(DType::int64), place)};
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
    {"aten.adaptive_avg_pool2d", nn::adaptive_pool},
    {"aten.addmm", nn::addmm},
    {"aten.angle", float_like_self},
    {"aten.arange", arange},
    {"aten.batch_norm", nn::batch_norm},
    {"aten.bmm", nn::bmm},
    {"aten.cat", cat},
    {"aten.conv1d", nn::convolution, true},
    {"aten.conv2d", nn::convolution, true},
    {"aten.conv3d", nn::convolution, true},
    {"aten.convolution", nn::convolution, true},
    {"aten.embedding", nn::embedding},
    {"aten.embedding_dense_backward", nn::embedding_backward},
    {"aten.empty", factory},
    {"aten.expand", expand},
    {"aten.flip", like_self},
    {"aten.floor_divide", promoting},
    {"aten.full", factory},
    {"aten.hardtanh", like_self},
    {"aten.index_select", index_select},
    {"aten.isfinite", bool_like_self},
    {"aten.isinf", bool_like_self},
    {"aten.isnan", bool_like_self},
    {"aten.layer_norm", nn::layer_norm, true},
    {"aten.linear", nn::linear},
    {"aten.logit", float_like_self},
    {"aten.mm", nn::mm},
    {"aten.native_batch_norm", nn::native_batch_norm},
    {"aten.native_dropout", nn::native_dropout},
    {"aten.native_layer_norm", nn::native_layer_norm, true},
    {"aten.native_layer_norm_backward", nn::native_layer_norm_backward},
    {"aten.ones", factory},
    {"aten.prod", prod},
    {"aten.relu", like_self},
    {"aten.roll", nn::roll},
    {"aten.scaled_dot_product_attention", nn::attention, true},
    {"aten.slice", slice},
    {"aten.std", variance},
    {"aten.std_mean", variance_and_mean},
    {"aten.var", variance},
    {"aten.var_mean", variance_and_mean},
    {"aten.where", where},
    {"aten.zeros", factory},
};
static_assert(std::ranges::is_sorted(kRows, {}, &TypeRow::op));

}  // namespace

const TypeRow* find_type_row(std::string_view op) {
  const std::string_view name = op.substr(0, op.rfind('.'));
  const auto found = std::ranges::lower_bound(kRows, name, {}, &TypeRow::op);
  return found != std::end(kRows) && found->op == name ? &*found : nullptr;
}

}  // namespace fettle
