#include "analysis/cost_rules.hpp"

#include <algorithm>
#include <array>

#include "ops/higher_order.hpp"
#include "ops/registry.hpp"

namespace fettle {
namespace {

using Formula = FlopFormula;
using Reads = CostReads;
constexpr CostKind kProduct = CostKind::product, kMovement = CostKind::movement;

constexpr CostRule kRules[] = {
    {"aten._addmm_activation", kProduct, Formula::contraction, 1},
    {"aten._convolution", kProduct, Formula::maybe_transposed, 6},
    {"aten._scaled_dot_product_attention_math", kProduct, Formula::attention},
    {"aten._scaled_dot_product_cudnn_attention", kProduct, Formula::attention},
    {"aten._scaled_dot_product_cudnn_attention_backward", kProduct, Formula::attention_backward},
    {"aten._scaled_dot_product_efficient_attention", kProduct, Formula::attention},
    {"aten._scaled_dot_product_efficient_attention_backward", kProduct,
     Formula::attention_backward},
    {"aten._scaled_dot_product_flash_attention", kProduct, Formula::attention},
    {"aten._scaled_dot_product_flash_attention_backward", kProduct, Formula::attention_backward},
    {"aten._scaled_dot_product_flash_attention_for_cpu", kProduct, Formula::attention},
    {"aten._scaled_dot_product_flash_attention_for_cpu_backward", kProduct,
     Formula::attention_backward},
    {"aten._scaled_mm", kProduct, Formula::contraction, 0},
    {"aten._slow_conv2d_forward", kProduct, Formula::convolution},
    {"aten._unsafe_index", kMovement, Formula::none, 0, Reads::rows},
    {"aten._unsafe_index_put", kMovement},
    {"aten.addmm", kProduct, Formula::contraction, 1},
    {"aten.addmv", kProduct, Formula::contraction, 1},
    {"aten.baddbmm", kProduct, Formula::contraction, 1},
    {"aten.bmm", kProduct, Formula::contraction, 0},
    {"aten.conv1d", kProduct, Formula::convolution},
    {"aten.conv2d", kProduct, Formula::convolution},
    {"aten.conv3d", kProduct, Formula::convolution},
    {"aten.conv_transpose1d", kProduct, Formula::transposed},
    {"aten.conv_transpose2d", kProduct, Formula::transposed},
    {"aten.conv_transpose3d", kProduct, Formula::transposed},
    {"aten.convolution", kProduct, Formula::maybe_transposed, 6},
    {"aten.convolution_backward", kProduct, Formula::convolution_backward},
    {"aten.copy", kMovement, Formula::none, 0, Reads::not_written},
    {"aten.cudnn_convolution", kProduct, Formula::convolution},
    {"aten.dot", kProduct, Formula::contraction, 0},
    {"aten.einsum", kProduct, Formula::einsum},
    {"aten.embedding", kMovement, Formula::none, 0, Reads::rows},
    {"aten.empty_like", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.fill", kMovement, Formula::none, 0, Reads::not_written},
    {"aten.full_like", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.gather", kMovement, Formula::none, 0, Reads::rows},
    {"aten.gru", kProduct, Formula::recurrent},
    {"aten.index", kMovement, Formula::none, 0, Reads::rows},
    {"aten.index_copy", kMovement, Formula::none, 0, Reads::part},
    {"aten.index_fill", kMovement, Formula::none, 0, Reads::part},
    {"aten.index_put", kMovement, Formula::none, 0, Reads::part},
    {"aten.index_select", kMovement, Formula::none, 0, Reads::rows},
    {"aten.inner", kProduct, Formula::contraction, 0},
    {"aten.linalg_matmul", kProduct, Formula::contraction, 0},
    {"aten.linear", kProduct, Formula::contraction, 0},
    {"aten.lstm", kProduct, Formula::recurrent},
    {"aten.matmul", kProduct, Formula::contraction, 0},
    {"aten.mm", kProduct, Formula::contraction, 0},
    {"aten.mv", kProduct, Formula::contraction, 0},
    {"aten.new_empty", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.new_full", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.new_ones", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.new_zeros", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.ones_like", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.rand_like", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.randn_like", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.rnn_relu", kProduct, Formula::recurrent},
    {"aten.rnn_tanh", kProduct, Formula::recurrent},
    {"aten.scaled_dot_product_attention", kProduct, Formula::attention},
    {"aten.scatter", kMovement, Formula::none, 0, Reads::part},
    {"aten.scatter_add", kMovement, Formula::none, 0, Reads::part},
    {"aten.take", kMovement, Formula::none, 0, Reads::rows},
    {"aten.take_along_dim", kMovement, Formula::none, 0, Reads::rows},
    {"aten.tensordot", kProduct, Formula::tensordot},
    {"aten.vdot", kProduct, Formula::contraction, 0},
    {"aten.zero", kMovement, Formula::none, 0, Reads::nothing},
    {"aten.zeros_like", kMovement, Formula::none, 0, Reads::nothing},
};
static_assert(std::ranges::is_sorted(kRules, {}, &CostRule::op), "rules are found by bisection");

// Lists of names stay folded.
// clang-format off
// Moves, or makes, and computes nothing; views, where they are one, are known from storages.
constexpr std::string_view kMoves[] = {
    "_copy_from", "_lazy_clone", "_pad_circular", "_pad_enum", "_reshape_alias", "_reshape_copy",
    "_stack", "_to_copy", "_unsafe_view", "adjoint", "alias", "alias_copy", "arange", "argwhere",
    "as_strided", "as_strided_copy", "as_strided_scatter", "atleast_1d", "atleast_2d", "atleast_3d",
    "block_diag", "broadcast_tensors", "broadcast_to", "cartesian_prod", "cat", "channel_shuffle",
    "chunk", "clone", "col2im", "column_stack", "complex", "concat", "concatenate", "conj",
    "constant_pad_nd", "contiguous", "detach", "detach_copy", "diag", "diag_embed", "diagflat",
    "diagonal", "diagonal_copy", "diagonal_scatter", "dsplit", "dstack", "embedding_dense_backward",
    "empty", "empty_permuted", "empty_strided", "expand", "expand_as", "expand_copy", "eye",
    "flatten", "flip", "fliplr", "flipud", "full", "hsplit", "hstack", "im2col", "imag", "isin",
    "lift", "lift_fresh", "lift_fresh_copy", "linspace", "mH", "mT", "masked_scatter",
    "masked_select", "matrix_H", "meshgrid", "moveaxis", "movedim", "narrow", "narrow_copy",
    "native_channel_shuffle", "nonzero", "nonzero_static", "numpy_T", "one_hot", "ones", "pad",
    "permute", "permute_copy", "pixel_shuffle", "pixel_unshuffle", "rand", "randint", "randn",
    "randperm", "ravel", "real", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d",
    "repeat", "repeat_interleave", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    "reshape", "reshape_as", "resolve_conj", "resolve_neg", "roll", "rot90", "row_stack",
    "scalar_tensor", "select", "select_backward", "select_copy", "select_scatter", "slice",
    "slice_backward", "slice_copy", "slice_scatter", "split", "split_copy", "split_with_sizes",
    "split_with_sizes_copy", "squeeze", "squeeze_copy", "stack", "swapaxes", "swapdims", "t",
    "t_copy", "tensor_split", "tile", "to", "transpose", "transpose_copy", "tril", "tril_indices",
    "triu", "triu_indices", "type_as", "unbind", "unbind_copy", "unflatten", "unfold",
    "unfold_backward", "unfold_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes",
    "unsqueeze", "unsqueeze_copy", "view", "view_as", "view_as_complex", "view_as_complex_copy",
    "view_as_real", "view_as_real_copy", "view_copy", "vsplit", "vstack", "zeros",
};
static_assert(std::ranges::is_sorted(kMoves), "names are found by bisection");

// Compute something for each element, and are not tagged pointwise.
constexpr std::string_view kElements[] = {
    "__and__", "__or__", "_adaptive_avg_pool2d", "_adaptive_avg_pool2d_backward",
    "_adaptive_avg_pool3d", "_adaptive_avg_pool3d_backward", "_batch_norm_no_update",
    "_batch_norm_with_update", "_batch_norm_with_update_functional", "_embedding_bag",
    "_embedding_bag_forward_only", "_fused_dropout", "_fused_rms_norm", "_fused_rms_norm_backward",
    "_log_softmax", "_log_softmax_backward_data", "_masked_softmax", "_native_batch_norm_legit",
    "_native_batch_norm_legit_functional", "_native_batch_norm_legit_no_training", "_prelu_kernel",
    "_prelu_kernel_backward", "_safe_softmax", "_softmax", "_softmax_backward_data",
    "_upsample_bicubic2d_aa", "_upsample_bilinear2d_aa", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d", "_weight_norm",
    "_weight_norm_interface", "absolute", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "all", "alpha_dropout", "amax", "amin", "aminmax", "any", "arccos", "arccosh", "arcsin",
    "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin", "avg_pool1d", "avg_pool2d",
    "avg_pool2d_backward", "avg_pool3d", "avg_pool3d_backward", "batch_norm", "batch_norm_backward",
    "bernoulli", "binary_cross_entropy", "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits", "clip", "copysign", "cosine_similarity", "count_nonzero",
    "cross_entropy_loss", "cummax", "cummin", "cumprod", "cumsum", "diff", "dist", "divide",
    "dropout", "elu_backward", "embedding_bag", "exponential", "fake_quantize_per_channel_affine",
    "fake_quantize_per_tensor_affine", "feature_dropout", "fix", "floor_divide", "gelu_backward",
    "ger", "glu", "glu_backward", "greater", "greater_equal", "grid_sampler", "grid_sampler_2d",
    "grid_sampler_3d", "group_norm", "hardsigmoid_backward", "hardswish", "hardswish_backward",
    "hardtanh_backward", "huber_loss", "instance_norm", "isclose", "isfinite", "isinf", "isreal",
    "kl_div", "kron", "l1_loss", "layer_norm", "leaky_relu_backward", "less", "less_equal",
    "linalg_norm", "linalg_vecdot", "linalg_vector_norm", "log_sigmoid", "log_sigmoid_backward",
    "log_sigmoid_forward", "log_softmax", "logcumsumexp", "logsumexp", "max", "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices",
    "max_pool2d_with_indices_backward", "max_pool3d", "max_pool3d_with_indices", "mean", "median",
    "min", "mse_loss", "mse_loss_backward", "multiply", "nanmean", "nansum", "native_batch_norm",
    "native_batch_norm_backward", "native_dropout", "native_group_norm",
    "native_group_norm_backward", "native_layer_norm", "native_layer_norm_backward", "negative",
    "nll_loss", "nll_loss2d_forward", "nll_loss_backward", "nll_loss_forward", "nll_loss_nd",
    "norm", "normal", "normal_functional", "not_equal", "outer", "pairwise_distance", "polar",
    "prelu", "prod", "quantize_per_channel", "quantize_per_tensor", "relu6", "rms_norm", "rsub",
    "selu", "smooth_l1_loss", "smooth_l1_loss_backward", "softmax", "softplus_backward",
    "special_expit", "special_log_softmax", "special_softmax", "square", "std", "std_mean",
    "subtract", "sum", "threshold_backward", "trace", "true_divide", "uniform",
    "upsample_bicubic2d", "upsample_bicubic2d_backward", "upsample_bilinear2d",
    "upsample_bilinear2d_backward", "upsample_linear1d", "upsample_linear1d_backward",
    "upsample_nearest1d", "upsample_nearest1d_backward", "upsample_nearest2d",
    "upsample_nearest2d_backward", "upsample_nearest3d", "upsample_nearest3d_backward",
    "upsample_trilinear3d", "upsample_trilinear3d_backward", "var", "var_mean",
};
static_assert(std::ranges::is_sorted(kElements), "names are found by bisection");
// clang-format on

constexpr std::string_view kAten = "aten.";

// "aten.add_" → "aten.add"; "aten.__and__" stays.
std::string_view out_of_place(std::string_view name) {
  if (name.ends_with('_') && !name.ends_with("__")) name.remove_suffix(1);
  return name;
}

}  // namespace

CostRule cost_rule(std::string_view op) {
  CostRule rule{.op = op};
  const OperatorSchema* schema = find_operator(op);
  if (is_higher_order(op)) rule.kind = CostKind::nested;
  if (schema && schema->source == SchemaSource::scalar) rule.kind = CostKind::scalar;
  if (!schema || schema->source != SchemaSource::dispatcher) return rule;
  if (schema->pointwise) rule.kind = CostKind::elements;
  if (!op.starts_with(kAten)) return rule;

  const std::string_view name = out_of_place(op.substr(0, op.rfind('.')));
  const auto found = std::ranges::lower_bound(kRules, name, {}, &CostRule::op);
  if (found != std::end(kRules) && found->op == name) return *found;
  const std::string_view plain = name.substr(kAten.size());
  if (std::ranges::binary_search(kMoves, plain)) {
    rule.kind = CostKind::movement;
  } else if (std::ranges::binary_search(kElements, plain)) {
    rule.kind = CostKind::elements;
  }
  return rule;
}

}  // namespace fettle
