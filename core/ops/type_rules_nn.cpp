#include "ops/type_rules_nn.hpp"

#include <algorithm>
#include <array>

namespace fettle::nn {
namespace {

// The innermost dimension first: channels, then space from the last on, then the batch.
Sizes channels_last(SizeAlgebra& algebra, const Sizes& sizes) {
  Sizes strides(sizes.size());
  Size next = 1;
  const auto lay = [&](std::size_t d) {
    strides[d] = next;
    next = algebra.mul(next, algebra.max(sizes[d], 1));
  };
  lay(1);
  for (std::size_t d = sizes.size(); d-- > 2;) lay(d);
  lay(0);
  return strides;
}

// c10::is_channels_last_strides on strides: what suggest_memory_format goes by. Strides of ones are
// compared too, and the tensor that is dense both ways counts as contiguous.
bool prefers_channels_last(const RuleCall& call, const TensorShape& tensor) {
  if (tensor.rank() != 4 && tensor.rank() != 5) return false;
  SizeAlgebra& s = call.sizes;
  Size least = 0;
  if (tensor.strides[1].is(0)) return false;
  std::vector<std::size_t> order = {1};
  for (std::size_t d = tensor.rank(); d-- > 2;) order.push_back(d);
  order.push_back(0);
  for (const std::size_t d : order) {
    if (tensor.sizes[d].is(0)) return false;
    const auto below = s.less(tensor.strides[d], least);
    if (!below) throw NoRule{"the order of symbolic strides cannot be told"};
    if (*below) return false;
    if (d == 0 && least == tensor.strides[1]) return false;
    least = tensor.sizes[d].is(1) ? tensor.strides[d] : s.mul(tensor.strides[d], tensor.sizes[d]);
  }
  return true;
}

TensorShape laid_out(const RuleCall& call, Sizes sizes, const TensorShape& like) {
  TensorShape result = call.dense(std::move(sizes), like.dtype, like);
  if (prefers_channels_last(call, like)) result.strides = channels_last(call.sizes, result.sizes);
  return result;
}

Size per_dimension(const Sizes& given, std::size_t d) {
  if (given.empty()) throw NoRule{"an argument has no values"};
  return given.size() == 1 ? given[0] : given.at(d);
}

TensorShape nothing() {
  return {};
}  // a result that is None

std::size_t rank_of_list(const RuleCall& call, std::string_view name) {
  return call.ints(name).size();
}

// A convolution of one dimension runs as one of two, of height 1, on dense operands: those that are dense
// already keep their strides, which may say channels last where a size is 1.
TensorShape in_two_dimensions(const RuleCall& call, TensorShape tensor) {
  if (tensor.rank() != 3) return tensor;
  const Sizes dense = call.sizes.contiguous(tensor.sizes);
  for (std::size_t d = 0; d < 3; ++d) {
    if (tensor.sizes[d].is(1) || tensor.strides[d] == dense[d]) continue;
    tensor.strides = dense;
    break;
  }
  const Size stride = call.sizes.mul(tensor.sizes[2], tensor.strides[2]);
  tensor.sizes.insert(tensor.sizes.begin() + 2, 1);
  tensor.strides.insert(tensor.strides.begin() + 2, stride);
  return tensor;
}

}  // namespace

// (size + 2*padding - dilation*(kernel - 1) - 1) // stride + 1; transposed, the other way round. An
// input without a batch has none in the result. Channels last where input or weight are.
TensorShapes convolution(const RuleCall& call) {
  SizeAlgebra& s = call.sizes;
  const TensorShape input = call.tensor("input"), weight = call.tensor("weight");
  const std::size_t space = weight.rank() - 2;
  if (weight.rank() < 3 || (input.rank() != weight.rank() && input.rank() != weight.rank() - 1)) {
    throw NoRule{"input and weight do not fit together"};
  }
  const bool batched = input.rank() == weight.rank();
  const bool transposed = call.schema().name.starts_with("aten.conv_transpose") ||
                          (call.given("transposed") && call.flag("transposed"));
  const Sizes stride = call.ints("stride"), dilation = call.ints("dilation");
  const bool same = !call.text("padding").empty();
  if (same && call.text("padding") != "same" && call.text("padding") != "valid") {
    throw NoRule{"the padding is not known"};
  }
  const Sizes padding = same ? Sizes{0} : call.ints("padding");
  Sizes sizes;
  if (batched) sizes.push_back(input.sizes[0]);
  sizes.push_back(transposed ? s.mul(weight.sizes[1], call.size("groups")) : weight.sizes[0]);
  for (std::size_t d = 0; d < space; ++d) {
    const Size& size = input.sizes[input.rank() - space + d];
    const Size kernel = s.mul(per_dimension(dilation, d), s.sub(weight.sizes[2 + d], 1));
    const Size around = s.mul(per_dimension(padding, d), 2);
    if (same && call.text("padding") == "same") {
      sizes.push_back(size);  // its stride is 1
    } else if (transposed) {
      const Size inner = s.mul(s.sub(size, 1), per_dimension(stride, d));
      const Size extra = per_dimension(call.ints("output_padding"), d);
      sizes.push_back(s.add(s.add(s.sub(inner, around), kernel), s.add(extra, 1)));
    } else {
      const Size left = s.sub(s.sub(s.add(size, around), kernel), 1);
      sizes.push_back(s.add(s.floordiv(left, per_dimension(stride, d)), 1));
    }
  }
  TensorShape result = call.dense(std::move(sizes), input.dtype, input);
  if (batched && (prefers_channels_last(call, in_two_dimensions(call, input)) ||
                  prefers_channels_last(call, in_two_dimensions(call, weight)))) {
    result.strides = channels_last(s, result.sizes);
  }
  return {result};
}

TensorShapes adaptive_pool(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  const Sizes wanted = call.ints("output_size");
  const std::string& op = call.schema().name;
  const std::size_t space = op.find("1d") != op.npos ? 1 : op.find("2d") != op.npos ? 2 : 3;
  if (self.rank() < space + 1) throw NoRule{"the input has too few dimensions"};
  Sizes sizes(self.sizes.begin(), self.sizes.end() - static_cast<std::ptrdiff_t>(space));
  for (std::size_t d = 0; d < space; ++d) sizes.push_back(per_dimension(wanted, d));
  return {laid_out(call, std::move(sizes), self)};
}

// The last dimension becomes the weight's first.
TensorShapes linear(const RuleCall& call) {
  const TensorShape input = call.tensor("input"), weight = call.tensor("weight");
  if (input.rank() == 0 || weight.rank() != 2) throw NoRule{"input and weight do not fit together"};
  if (input.sizes.back() != weight.sizes[1]) throw NoRule{"two sizes are not known to be equal"};
  Sizes sizes = input.sizes;
  sizes.back() = weight.sizes[0];
  return {call.dense(std::move(sizes), input.dtype, input)};
}

namespace {

TensorShapes product(const RuleCall& call, std::string_view left, std::string_view right) {
  const TensorShape a = call.tensor(left), b = call.tensor(right);
  if (a.rank() != b.rank() || a.rank() < 2) throw NoRule{"the matrices do not fit together"};
  const std::size_t rank = a.rank();
  if (a.sizes[rank - 1] != b.sizes[rank - 2] || (rank == 3 && a.sizes[0] != b.sizes[0])) {
    throw NoRule{"two sizes are not known to be equal"};
  }
  Sizes sizes = a.sizes;
  sizes.back() = b.sizes.back();
  return {call.dense(std::move(sizes), a.dtype, a)};
}

}  // namespace

TensorShapes mm(const RuleCall& call) {
  return product(call, "self", "mat2");
}
TensorShapes bmm(const RuleCall& call) {
  return product(call, "self", "mat2");
}
TensorShapes addmm(const RuleCall& call) {
  return product(call, "mat1", "mat2");
}

// Of the input's batch and channels, at the places that the grid names.
TensorShapes grid_sampler(const RuleCall& call) {
  const TensorShape input = call.tensor("input"), grid = call.tensor("grid");
  if (input.rank() < 4 || grid.rank() != input.rank())
    throw NoRule{"input and grid do not fit together"};
  Sizes sizes = {input.sizes[0], input.sizes[1]};
  sizes.insert(sizes.end(), grid.sizes.begin() + 1, grid.sizes.end() - 1);
  return {call.dense(std::move(sizes), input.dtype, input)};
}

// A number, or one for each element where nothing is reduced.
TensorShapes loss(const RuleCall& call) {
  constexpr std::array<std::string_view, 2> kNames = {"self", "target"};
  const TensorShape self = call.tensor("self"), target = call.tensor("target");
  const DType dtype = promoted(call, kNames);
  if (call.size("reduction").is(0)) {
    const TensorShapes both = {self, target};
    return {pointwise(call, both, dtype)};
  }
  return {call.dense({}, dtype, self)};
}

// A row of the weight for each index.
TensorShapes embedding(const RuleCall& call) {
  const TensorShape weight = call.tensor("weight"), indices = call.tensor("indices");
  Sizes sizes = indices.sizes;
  sizes.insert(sizes.end(), weight.sizes.begin() + 1, weight.sizes.end());
  return {call.dense(std::move(sizes), weight.dtype, weight)};
}

TensorShapes embedding_backward(const RuleCall& call) {
  const TensorShape grad = call.tensor("grad_output");
  if (grad.rank() == 0) throw NoRule{"the gradient has no dimensions"};
  return {call.dense({call.size("num_weights"), grad.sizes.back()}, grad.dtype, grad)};
}

// As dense as the input, however it lies.
TensorShapes layer_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  return {call.dense(input.sizes, input.dtype, input)};
}

// Mean and reciprocal deviation of each normalized slice, in the weight's precision or float.
TensorShapes native_layer_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  const std::size_t inner = rank_of_list(call, "normalized_shape");
  if (inner > input.rank()) throw NoRule{"more dimensions are normalized than there are"};
  Sizes sizes = input.sizes;
  std::fill(sizes.end() - static_cast<std::ptrdiff_t>(inner), sizes.end(), Size(1));
  const bool mixed = call.given("weight") && call.tensor("weight").dtype != input.dtype;
  const TensorShape statistics =
      call.dense(std::move(sizes), mixed ? DType::float32 : input.dtype, input);
  return {call.dense(input.sizes, input.dtype, input), statistics, statistics};
}

TensorShapes native_layer_norm_backward(const RuleCall& call) {
  const Sizes mask = call.ints("output_mask");
  if (mask.size() != 3) throw NoRule{"which gradients are wanted is not known"};
  const auto gradient = [&](std::size_t k, std::string_view of) {
    if (mask[k].is(0) || !call.given(of)) return nothing();
    const TensorShape operand = call.tensor(of);
    return call.dense(operand.sizes, operand.dtype, operand);
  };
  return {gradient(0, "input"), gradient(1, "weight"), gradient(2, "bias")};
}

TensorShapes group_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  return {laid_out(call, input.sizes, input)};
}

// And the statistics of each group.
TensorShapes native_group_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  const TensorShape statistics =
      call.dense({call.size("N"), call.size("group")}, input.dtype, input);
  return {laid_out(call, input.sizes, input), statistics, statistics};
}

TensorShapes batch_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  return {laid_out(call, input.sizes, input)};
}

TensorShapes native_batch_norm(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  if (input.rank() < 2) throw NoRule{"the input has too few dimensions"};
  const Sizes channels = {call.flag("training") ? input.sizes[1] : Size(0)};
  const TensorShape statistics = call.dense(channels, input.dtype, input);
  return {laid_out(call, input.sizes, input), statistics, statistics};
}

TensorShapes native_dropout(const RuleCall& call) {
  const TensorShape input = call.tensor("input");
  return {pointwise(call, std::span(&input, 1), input.dtype),
          pointwise(call, std::span(&input, 1), DType::boolean)};
}

// As it was rolled, and dense.
TensorShapes roll(const RuleCall& call) {
  const TensorShape self = call.tensor("self");
  return {laid_out(call, self.sizes, self)};
}

// On the CPU its own kernel runs where it can, and lays the result out as the query (which models mostly
// have as (batch, length, heads, width) in memory); elsewhere products of matrices are dense.
TensorShapes attention(const RuleCall& call) {
  const TensorShape query = call.tensor("query"), key = call.tensor("key"),
                    value = call.tensor("value");
  if (query.device.type != "cpu") throw NoRule{"the layout is the device's kernel's"};
  if (query.rank() < 2 || value.rank() != query.rank())
    throw NoRule{"the operands do not fit together"};
  Sizes sizes = query.sizes;
  sizes.back() = value.sizes.back();
  if (call.given("attn_mask") && call.requires_grad("attn_mask")) {
    throw NoRule{"which kernel runs depends on whether the mask is differentiated"};
  }
  const auto dense_last = [](const TensorShape& t) { return t.strides.back().is(1); };
  const bool fused = query.rank() == 4 && call.real("dropout_p") == 0 && dense_last(query) &&
                     dense_last(key) && dense_last(value) && query.sizes[3] == value.sizes[3] &&
                     query.sizes[3] == key.sizes[3] && query.sizes[1] == key.sizes[1] &&
                     query.sizes[1] == value.sizes[1] &&
                     !(call.flag("is_causal") && call.given("attn_mask"));
  if (fused) return {pointwise(call, {{query}}, query.dtype)};
  return {call.dense(sizes, query.dtype, query)};
}

}  // namespace fettle::nn
