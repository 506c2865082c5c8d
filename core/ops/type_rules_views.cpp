#include "ops/type_rules_views.hpp"

#include <algorithm>

namespace fettle::views {

// One dimension's places are picked by a list of indices.
TensorShapes index_select(const RuleCall& call) {
  const TensorShape self = call.tensor("self"), index = call.tensor("index");
  Sizes sizes = self.sizes;
  const std::size_t d = call.dim("dim", self.rank());
  if (!sizes.empty()) sizes[d] = index.rank() == 0 ? Size(1) : index.sizes[0];
  return {call.dense(std::move(sizes), self.dtype, self)};
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

}  // namespace fettle::views
