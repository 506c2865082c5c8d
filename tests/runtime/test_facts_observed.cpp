// Facts against what operators do: each call below runs on small tensors, and no result may share
// storage, no operand change and no result differ between two runs, unless the facts say that it may.
// A row of core/ops/facts_table.cpp has its call here.
#include "catch.hpp"

#include <map>
#include <numeric>

#include "ops/facts.hpp"
#include "run_graph.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

using Ints = std::vector<std::int64_t>;

// Inputs to choose from, each with its numbers.
struct Sample {
  GraphBuilder b;
  std::map<ValueId, TensorData> data;

  ValueId add(const char* name, TensorData value) {
    const ValueId input = b.input(name, value.type);
    data.emplace(input, std::move(value));
    return input;
  }
  ValueId add(const char* name, Ints sizes) {
    std::vector<float> values(static_cast<std::size_t>(
        std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>())));
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = 0.25f + 0.125f * static_cast<float>(k);
    return add(name, floats(std::move(sizes), std::move(values)));
  }

  ValueId x = add("x", {2, 3}), y = add("y", {2, 3}), m = add("m", {3, 3}), v = add("v", {2}),
          w = add("w", {2}), img = add("img", {1, 2, 4, 4}), q = add("q", {1, 2, 3, 4}),
          one = add("one", Ints{}),
          seq = add("seq", {2, 1, 3}), rows = add("rows", {1, 2, 3}), h = add("h", {1, 1, 2}),
          c = add("c", {1, 1, 2}),
          w8 = add("w8", {8, 3}), u8 = add("u8", {8, 2}), w6 = add("w6", {6, 3}),
          u6 = add("u6", {6, 2}), w2 = add("w2", {2, 3}), u2 = add("u2", {2, 2}),
          kernel = add("kernel", {1, 2, 1}),
          i = add("i", tensor_data<std::int64_t>({2}, {1, 0}, DType::int64)),
          yes = add("yes", tensor_data<std::uint8_t>({2, 1}, {1, 0}, DType::boolean));
};

struct Case {
  const char* op;
  std::vector<Given> (*arguments)(Sample&);
  std::uint32_t results = 1;
  bool list = false;  // the results are one list of tensors
};

std::vector<Given> batch_norm(const Sample& s, bool training) {
  return {arg("input", s.img), arg("weight", s.v), arg("bias", s.w), arg("running_mean", s.v),
          arg("running_var", s.w), arg("training", training), arg("momentum", 0.1), arg("eps", 1e-5)};
}
Given no(const char* name) { return arg(name, Argument{}); }

// A layer of a recurrent network without biases.
std::vector<Given> recurrent(ValueId input, std::vector<ValueId> hidden,
                             std::vector<ValueId> weights, bool batch_first) {
  Given hx = hidden.size() == 1 ? arg("hx", hidden[0]) : arg("hx", hidden);
  return {arg("input", input), std::move(hx), arg("params", std::move(weights)),
          arg("has_biases", false), arg("num_layers", 1), arg("dropout", 0.0), arg("train", true),
          arg("bidirectional", false), arg("batch_first", batch_first)};
}

#define CALL(...) [](Sample& s) -> std::vector<Given> { (void)s; return __VA_ARGS__; }
#define UNARY(op) Case{op, CALL({arg("self", s.x)})}
#define BINARY(op) Case{op, CALL({arg("self", s.x), arg("other", s.y)})}

const Case kCases[] = {
    UNARY("aten.relu.default"), UNARY("aten.relu6.default"), UNARY("aten.selu.default"),
    UNARY("aten.square.default"), UNARY("aten.absolute.default"), UNARY("aten.negative.default"),
    UNARY("aten.fix.default"), UNARY("aten.isfinite.default"), UNARY("aten.isreal.default"),
    UNARY("aten.log_sigmoid.default"), UNARY("aten.fliplr.default"), UNARY("aten.flipud.default"),
    UNARY("aten.argwhere.default"), UNARY("aten.msort.default"), UNARY("aten.nanmean.default"),
    UNARY("aten.relu_.default"), UNARY("aten.t.default"), UNARY("aten.detach.default"),
    UNARY("aten.contiguous.default"), UNARY("aten.alias.default"), UNARY("aten.clone.default"),
    UNARY("aten.atleast_3d.default"), UNARY("aten.zeros_like.default"),
    UNARY("aten.conj_physical.default"), UNARY("aten.t_.default"), UNARY("aten.rrelu.default"),
    BINARY("aten.add.Tensor"), BINARY("aten.add_.Tensor"), BINARY("aten.subtract.Tensor"),
    BINARY("aten.multiply.Tensor"), BINARY("aten.divide.Tensor"), BINARY("aten.true_divide.Tensor"),
    BINARY("aten.greater.Tensor"), BINARY("aten.greater_equal.Tensor"), BINARY("aten.less.Tensor"),
    BINARY("aten.less_equal.Tensor"), BINARY("aten.not_equal.Tensor"), BINARY("aten.isclose.default"),
    BINARY("aten.max.other"), BINARY("aten.min.other"), BINARY("aten.type_as.default"),
    BINARY("aten.kron.default"), BINARY("aten.expand_as.default"),
    {"aten.linear.default", CALL({arg("input", s.x), arg("weight", s.m), no("bias")})},
    {"aten.matmul.default", CALL({arg("self", s.x), arg("other", s.m)})},
    {"aten.matmul.default", CALL({arg("self", s.v), arg("other", s.w)})},
    {"aten.linalg_matmul.default", CALL({arg("self", s.x), arg("other", s.m)})},
    {"aten.inner.default", CALL({arg("self", s.x), arg("other", s.m)})},
    {"aten.outer.default", CALL({arg("self", s.v), arg("vec2", s.w)})},
    {"aten.ger.default", CALL({arg("self", s.v), arg("vec2", s.w)})},
    {"aten.tensordot.default", CALL({arg("self", s.x), arg("other", s.m), arg("dims_self", Ints{1}),
                                     arg("dims_other", Ints{0})})},
    {"aten.cdist.default", CALL({arg("x1", s.x), arg("x2", s.y)})},
    {"aten.cosine_similarity.default", CALL({arg("x1", s.x), arg("x2", s.y)})},
    {"aten.pairwise_distance.default", CALL({arg("x1", s.x), arg("x2", s.y)})},
    {"aten.l1_loss.default", CALL({arg("self", s.x), arg("target", s.y), arg("reduction", 0)})},
    {"aten.kl_div.default", CALL({arg("self", s.x), arg("target", s.y)})},
    {"aten.cross_entropy_loss.default", CALL({arg("self", s.x), arg("target", s.i)})},
    {"aten.nll_loss.default", CALL({arg("self", s.x), arg("target", s.i)})},
    {"aten.nll_loss_nd.default", CALL({arg("self", s.x), arg("target", s.i)})},
    {"aten.softmax.int", CALL({arg("self", s.x), arg("dim", 1)})},
    {"aten.log_softmax.int", CALL({arg("self", s.x), arg("dim", 1)})},
    {"aten.clip.default", CALL({arg("self", s.x), arg("min", 0)})},
    {"aten.prelu.default", CALL({arg("self", s.x), arg("weight", s.one)})},
    {"aten.std.default", CALL({arg("self", s.x), arg("unbiased", true)})},
    {"aten.var.dim", CALL({arg("self", s.x), arg("dim", Ints{1})})},
    {"aten.var_mean.default", CALL({arg("self", s.x), arg("unbiased", true)}), 2},
    {"aten.std_mean.default", CALL({arg("self", s.x), arg("unbiased", true)}), 2},
    {"aten.frobenius_norm.dim", CALL({arg("self", s.x), arg("dim", Ints{0, 1})})},
    {"aten.argsort.default", CALL({arg("self", s.x), arg("dim", 1)})},
    {"aten.take_along_dim.default", CALL({arg("self", s.v), arg("indices", s.i), arg("dim", 0)})},
    {"aten.where.ScalarOther", CALL({arg("condition", s.yes), arg("self", s.x), arg("other", 1.0)})},
    {"aten.where.default", CALL({arg("condition", s.x)}), 2, true},
    {"aten.float_power.Tensor_Scalar", CALL({arg("self", s.x), arg("exponent", 1)})},
    {"aten.one_hot.default", CALL({arg("self", s.i), arg("num_classes", 3)})},
    {"aten.diff.default", CALL({arg("self", s.x), arg("n", 0)})},
    {"aten.diff.default", CALL({arg("self", s.x)})},
    {"aten.tile.default", CALL({arg("self", s.x), arg("dims", Ints{1, 1})})},
    {"aten.repeat_interleave.self_int", CALL({arg("self", s.x), arg("repeats", 1), arg("dim", 0)})},
    {"aten.concat.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.concatenate.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.cat.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.hstack.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.vstack.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.dstack.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.row_stack.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.column_stack.default", CALL({arg("tensors", std::vector{s.x})})},
    {"aten.pad.default", CALL({arg("self", s.x), arg("pad", Ints{0, 0})})},
    {"aten.conv2d.default", CALL({arg("input", s.img), arg("weight", s.img)})},
    {"aten.conv1d.default", CALL({arg("input", s.x), arg("weight", s.kernel)})},
    {"aten.max_pool2d.default", CALL({arg("self", s.img), arg("kernel_size", 1)})},
    {"aten.max_pool1d.default", CALL({arg("self", s.x), arg("kernel_size", Ints{1})})},
    {"aten.avg_pool1d.default", CALL({arg("self", s.x), arg("kernel_size", Ints{1})})},
    {"aten.adaptive_avg_pool1d.default", CALL({arg("self", s.x), arg("output_size", Ints{3})})},
    {"aten.adaptive_avg_pool2d.default", CALL({arg("self", s.img), arg("output_size", Ints{4, 4})})},
    {"aten.adaptive_avg_pool2d.default", CALL({arg("self", s.img), arg("output_size", Ints{1, 1})})},
    {"aten.upsample_nearest2d.vec",
     CALL({arg("input", s.img), arg("output_size", Ints{4, 4}), no("scale_factors")})},
    {"aten.upsample_bilinear2d.vec", CALL({arg("input", s.img), arg("output_size", Ints{4, 4}),
                                           arg("align_corners", true), no("scale_factors")})},
    {"aten.layer_norm.default", CALL({arg("input", s.x), arg("normalized_shape", Ints{3})})},
    {"aten.rms_norm.default", CALL({arg("input", s.x), arg("normalized_shape", Ints{3})})},
    {"aten.group_norm.default", CALL({arg("input", s.img), arg("num_groups", 1)})},
    {"aten.batch_norm.default", [](Sample& s) {
       auto given = batch_norm(s, false);
       given.push_back(arg("cudnn_enabled", true));
       return given;
     }},
    {"aten.batch_norm.default", [](Sample& s) {
       auto given = batch_norm(s, true);
       given.push_back(arg("cudnn_enabled", true));
       return given;
     }},
    {"aten.native_batch_norm.default", [](Sample& s) { return batch_norm(s, true); }, 3},
    {"aten.native_batch_norm.default", [](Sample& s) { return batch_norm(s, false); }, 3},
    {"aten.instance_norm.default",
     CALL({arg("input", s.img), no("weight"), no("bias"), arg("running_mean", s.v),
           arg("running_var", s.w), arg("use_input_stats", true), arg("momentum", 0.1),
           arg("eps", 1e-5), arg("cudnn_enabled", true)})},
    {"aten.embedding.default", CALL({arg("weight", s.x), arg("indices", s.i)})},
    {"aten.scaled_dot_product_attention.default",
     CALL({arg("query", s.q), arg("key", s.q), arg("value", s.q)})},
    {"aten.dropout.default", CALL({arg("input", s.x), arg("p", 0.5), arg("train", true)})},
    {"aten.dropout.default", CALL({arg("input", s.x), arg("p", 0.5), arg("train", false)})},
    {"aten.dropout.default", CALL({arg("input", s.x), arg("p", 0.0), arg("train", true)})},
    {"aten.dropout_.default", CALL({arg("self", s.x), arg("p", 0.5), arg("train", false)})},
    {"aten.dropout_.default", CALL({arg("self", s.x), arg("p", 0.5), arg("train", true)})},
    {"aten.alpha_dropout.default", CALL({arg("input", s.x), arg("p", 0.5), arg("train", false)})},
    {"aten.feature_dropout.default", CALL({arg("input", s.x), arg("p", 0.5), arg("train", false)})},
    {"aten.native_dropout.default", CALL({arg("input", s.x), arg("p", 0.5), arg("train", false)}), 2},
    {"aten.view.default", CALL({arg("self", s.x), arg("size", Ints{6})})},
    {"aten._unsafe_view.default", CALL({arg("self", s.x), arg("size", Ints{6})})},
    {"aten.reshape.default", CALL({arg("self", s.x), arg("shape", Ints{6})})},
    {"aten.flatten.using_ints", CALL({arg("self", s.x)})},
    {"aten.expand.default", CALL({arg("self", s.one), arg("size", Ints{2})})},
    {"aten.select.int", CALL({arg("self", s.x), arg("dim", 0), arg("index", 1)})},
    {"aten.slice.Tensor", CALL({arg("self", s.x), arg("dim", 0), arg("start", 0), arg("end", 1)})},
    {"aten.to.dtype", CALL({arg("self", s.x), arg_dtype("dtype", DType::float32)})},
    {"aten.to.dtype", CALL({arg("self", s.x), arg_dtype("dtype", DType::float64)})},
    {"aten.dequantize.self", CALL({arg("self", s.x)})},
    {"aten.channel_shuffle.default", CALL({arg("self", s.img), arg("groups", 2)})},
    {"aten.index.Tensor", CALL({arg("self", s.x), arg("indices", std::vector{s.i})})},
    {"aten.index_put_.default",
     CALL({arg("self", s.v), arg("indices", std::vector{s.i}), arg("values", s.w)})},
    {"aten.set_.source_Tensor", CALL({arg("self", s.x), arg("source", s.y)})},
    {"aten.einsum.default",
     CALL({arg("equation", Argument{ArgKind::string, s.b.graph().intern("ij->ji")}),
           arg("tensors", std::vector{s.x})})},
    {"aten.arange.default", CALL({arg("end", 4)})},
    {"aten.full_like.default", CALL({arg("self", s.x), arg("fill_value", 2)})},
    {"aten.rand_like.default", CALL({arg("self", s.x)})},
    {"aten.split.Tensor", CALL({arg("self", s.x), arg("split_size", 1)}), 2, true},
    {"aten.chunk.default", CALL({arg("self", s.x), arg("chunks", 2)}), 2, true},
    {"aten.unsafe_split.Tensor", CALL({arg("self", s.x), arg("split_size", 1)}), 2, true},
    {"aten.unsafe_chunk.default", CALL({arg("self", s.x), arg("chunks", 2)}), 2, true},
    {"aten.meshgrid.default", CALL({arg("tensors", std::vector{s.v, s.w})}), 2, true},
    // Writes in place, views among them.
    BINARY("aten.mul_.Tensor"), BINARY("aten.sub_.Tensor"), BINARY("aten.div_.Tensor"),
    UNARY("aten.sigmoid_.default"), UNARY("aten.zero_.default"), UNARY("aten.silu_.default"),
    UNARY("aten.hardtanh_.default"), UNARY("aten.leaky_relu_.default"), UNARY("aten.abs_.default"),
    UNARY("aten.squeeze_.default"), UNARY("aten.detach_.default"), UNARY("aten.triu_.default"),
    UNARY("aten.uniform_.default"), UNARY("aten.normal_.default"), UNARY("aten.random_.default"),
    UNARY("aten.bernoulli_.float"), UNARY("aten.exponential_.default"), UNARY("aten.rrelu_.default"),
    UNARY("aten.cos_.default"),
    {"aten.clamp_.default", CALL({arg("self", s.x), arg("min", 0.5)})},
    {"aten.fill_.Scalar", CALL({arg("self", s.x), arg("value", 2)})},
    {"aten.fill_.Tensor", CALL({arg("self", s.x), arg("value", s.one)})},
    {"aten.copy_.default", CALL({arg("self", s.x), arg("src", s.y)})},
    {"aten.lerp_.Scalar", CALL({arg("self", s.x), arg("end", s.y), arg("weight", 0.5)})},
    {"aten.masked_fill_.Scalar", CALL({arg("self", s.x), arg("mask", s.yes), arg("value", 1.0)})},
    {"aten.index_fill_.int_Scalar",
     CALL({arg("self", s.v), arg("dim", 0), arg("index", s.i), arg("value", 1.0)})},
    {"aten.index_add_.default",
     CALL({arg("self", s.v), arg("dim", 0), arg("index", s.i), arg("source", s.w)})},
    {"aten.index_copy_.default",
     CALL({arg("self", s.v), arg("dim", 0), arg("index", s.i), arg("source", s.w)})},
    {"aten.scatter_.src",
     CALL({arg("self", s.v), arg("dim", 0), arg("index", s.i), arg("src", s.w)})},
    {"aten.scatter_add_.default",
     CALL({arg("self", s.v), arg("dim", 0), arg("index", s.i), arg("src", s.w)})},
    {"aten.addmm_.default", CALL({arg("self", s.x), arg("mat1", s.y), arg("mat2", s.m)})},
    {"aten.cumsum_.default", CALL({arg("self", s.x), arg("dim", 1)})},
    {"aten.fill_diagonal_.default", CALL({arg("self", s.x), arg("fill_value", 1.0)})},
    {"aten.unsqueeze_.default", CALL({arg("self", s.x), arg("dim", 0)})},
    {"aten.transpose_.default", CALL({arg("self", s.x), arg("dim0", 0), arg("dim1", 1)})},
    {"aten.swapaxes_.default", CALL({arg("self", s.x), arg("axis0", 0), arg("axis1", 1)})},
    {"aten.as_strided_.default",
     CALL({arg("self", s.x), arg("size", Ints{2}), arg("stride", Ints{1})})},
    {"aten.resize_.default", CALL({arg("self", s.x), arg("size", Ints{4, 4})})},
    {"aten.resize_.default", CALL({arg("self", s.x), arg("size", Ints{2})})},
    {"aten.resize_as_.default", CALL({arg("self", s.v), arg("the_template", s.x)})},
    {"aten.set_.default", CALL({arg("self", s.x)})},
    {"aten.index_put.default",
     CALL({arg("self", s.v), arg("indices", std::vector{s.i}), arg("values", s.w)})},
    // Results written into what is given for them.
    {"aten.add.out", CALL({arg("self", s.x), arg("other", s.y), arg("out", s.w2)})},
    {"aten.mm.out", CALL({arg("self", s.x), arg("mat2", s.m), arg("out", s.w2)})},
    {"aten.cat.out", CALL({arg("tensors", std::vector{s.x, s.y}), arg("dim", 0), arg("out", s.w8)})},
    {"aten.max.dim_max",
     CALL({arg("self", s.x), arg("dim", 1), arg("max", s.v), arg("max_values", s.i)}), 2},
    {"aten.empty.out", CALL({arg("size", Ints{2, 3}), arg("out", s.x)})},
    // Views.
    UNARY("aten.squeeze.default"), UNARY("aten.lift.default"),
    UNARY("aten.lift_fresh.default"), UNARY("aten.numpy_T.default"), UNARY("aten.adjoint.default"),
    UNARY("aten.diagonal.default"), UNARY("aten.ravel.default"), UNARY("aten.data.default"),
    BINARY("aten.view_as.default"), BINARY("aten.reshape_as.default"),
    {"aten.unsqueeze.default", CALL({arg("self", s.x), arg("dim", 0)})},
    {"aten.permute.default", CALL({arg("self", s.x), arg("dims", Ints{1, 0})})},
    {"aten.transpose.int", CALL({arg("self", s.x), arg("dim0", 0), arg("dim1", 1)})},
    {"aten.swapaxes.default", CALL({arg("self", s.x), arg("axis0", 0), arg("axis1", 1)})},
    {"aten.movedim.int", CALL({arg("self", s.x), arg("source", 0), arg("destination", 1)})},
    {"aten.narrow.default", CALL({arg("self", s.x), arg("dim", 0), arg("start", 0), arg("length", 1)})},
    {"aten.as_strided.default", CALL({arg("self", s.x), arg("size", Ints{2}), arg("stride", Ints{1})})},
    {"aten.unfold.default", CALL({arg("self", s.x), arg("dimension", 1), arg("size", 2), arg("step", 1)})},
    {"aten.unflatten.int", CALL({arg("self", s.x), arg("dim", 1), arg("sizes", Ints{1, 3})})},
    {"aten.view.dtype", CALL({arg("self", s.x), arg_dtype("dtype", DType::int32)})},
    {"aten.unbind.int", CALL({arg("self", s.x), arg("dim", 0)}), 2, true},
    {"aten.split_with_sizes.default",
     CALL({arg("self", s.x), arg("split_sizes", Ints{1, 1}), arg("dim", 0)}), 2, true},
    {"aten.tensor_split.sections", CALL({arg("self", s.x), arg("sections", 2)}), 2, true},
    {"aten.broadcast_tensors.default", CALL({arg("tensors", std::vector{s.x, s.y})}), 2, true},
    {"aten.view_copy.default", CALL({arg("self", s.x), arg("size", Ints{6})})},
    {"aten.transpose_copy.int", CALL({arg("self", s.x), arg("dim0", 0), arg("dim1", 1)})},
    // Statistics that no annotation tells of.
    {"aten.batch_norm_update_stats.default",
     CALL({arg("input", s.img), arg("running_mean", s.v), arg("running_var", s.w),
           arg("momentum", 0.1)}), 2},
    {"aten._native_batch_norm_legit.default", [](Sample& s) { return batch_norm(s, true); }, 3},
    // Recurrent networks.
    {"aten.lstm.input", CALL(recurrent(s.seq, {s.h, s.c}, {s.w8, s.u8}, false)), 3},
    {"aten.lstm.input", CALL(recurrent(s.rows, {s.h, s.c}, {s.w8, s.u8}, true)), 3},
    {"aten.gru.input", CALL(recurrent(s.seq, {s.h}, {s.w6, s.u6}, false)), 2},
    {"aten.rnn_tanh.input", CALL(recurrent(s.seq, {s.h}, {s.w2, s.u2}, false)), 2},
    {"aten.rnn_relu.input", CALL(recurrent(s.rows, {s.h}, {s.w2, s.u2}, true)), 2},
    {"aten._foreach_add_.List",
     CALL({arg("self", std::vector{s.x, s.v}), arg("other", std::vector{s.y, s.w})}), 0},
    {"aten._foreach_mul_.Scalar", CALL({arg("self", std::vector{s.x, s.y}), arg("scalar", 2)}), 0},
    {"aten._foreach_add.List",
     CALL({arg("self", std::vector{s.x, s.v}), arg("other", std::vector{s.y, s.w})}), 2, true},
    {"aten._foreach_copy_.default",
     CALL({arg("self", std::vector{s.x}), arg("src", std::vector{s.y})}), 0},
    {"aten._foreach_add_.Scalar", CALL({arg("self", std::vector{s.x, s.y}), arg("scalar", 1)}), 0},
};

std::vector<std::byte> bytes_of(const RunValue& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  if (!tensor) return {};
  const TensorData data = tensor->to_constant();
  return {data.storage->data, data.storage->data + data.storage->size};
}

bool names(const std::vector<std::uint32_t>& list, std::uint32_t k) {
  return std::find(list.begin(), list.end(), k) != list.end();
}

}  // namespace

TEST_CASE("no call does more than its facts say") {
  for (const Case& c : kCases) {
    INFO(c.op);
    Sample s;
    ResultForms forms;
    if (c.list) forms = {{ArgKind::tensors, c.results}};
    const NodeId call = s.b.call_node(c.op, c.arguments(s),
                                      std::vector<Type>(c.results, GraphBuilder::any_tensor()), forms);
    const CallFacts facts = call_facts(s.b.graph(), call);
    REQUIRE(facts.known);

    // One tensor for each input: operands that are the same input are the same tensor.
    std::map<ValueId, RunValue> tensors;
    for (const auto& [input, data] : s.data) tensors[input] = Tensor::from_constant(data, true);
    std::vector<RunValue> operands;
    for (ValueId operand : s.b.graph().node(call).operands) operands.push_back(tensors.at(operand));
    std::vector<std::vector<std::byte>> before;
    std::vector<Type> forms_before;
    for (const RunValue& operand : operands) {
      before.push_back(bytes_of(operand));
      forms_before.push_back(std::get<Tensor>(operand).type());
    }

    const auto results = evaluate_call(s.b.graph(), call, operands);
    REQUIRE(results.size() == c.results);
    for (std::uint32_t k = 0; k < operands.size(); ++k) {
      INFO("operand " << k);
      // evaluate_call copies what is said to be written.
      CHECK(bytes_of(operands[k]) == before[k]);
      CHECK(std::get<Tensor>(operands[k]).type() == forms_before[k]);
      for (std::uint32_t r = 0; r < results.size(); ++r) {
        const auto* result = std::get_if<Tensor>(&results[r]);
        if (result && result->shares_storage(std::get<Tensor>(operands[k]))) {
          CHECK(names(facts.results_alias[r], k));
        }
      }
    }
    for (std::uint32_t r = 0; r < results.size(); ++r) {
      for (std::uint32_t other = 0; other < r; ++other) {
        const auto *a = std::get_if<Tensor>(&results[r]), *b = std::get_if<Tensor>(&results[other]);
        if (a && b && a->shares_storage(*b)) {
          CHECK((facts.results_share || !facts.results_alias[r].empty()));
        }
      }
    }
    const auto again = evaluate_call(s.b.graph(), call, operands);
    for (std::size_t r = 0; r < results.size() && !facts.random; ++r) {
      CHECK(bytes_of(results[r]) == bytes_of(again[r]));
    }
  }
}

TEST_CASE("the observation would notice: without its row, _unsafe_view shares unannounced") {
  Sample s;
  const NodeId call =
      s.b.call_node("aten._unsafe_view.default", {arg("self", s.x), arg("size", Ints{6})});
  const std::vector<RunValue> operands = {Tensor::from_constant(s.data.at(s.x), true)};
  const auto results = evaluate_call(s.b.graph(), call, operands);
  CHECK(std::get<Tensor>(results[0]).shares_storage(std::get<Tensor>(operands[0])));
  CHECK(find_operator("aten._unsafe_view.default")->returns[0].alias_sets.empty());
}
