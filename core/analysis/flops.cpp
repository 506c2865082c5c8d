#include "analysis/flops.hpp"

#include <span>

#include "analysis/einsum_flops.hpp"

namespace fettle {
namespace {

using Sizes = std::span<const std::int64_t>;

// What a call's arguments and results are, for a formula; everything may be missing.
class Call {
 public:
  Call(const Graph& graph, NodeId id, EvaluatedSizes& sizes)
      : graph_(graph), id_(id), node_(graph.node(id)), sizes_(sizes) {}

  const Argument* argument(std::size_t k) const {
    return k < node_.arguments.size() ? &node_.arguments[k].value : nullptr;
  }
  // The tensor that is argument k; null if it is none, or of unknown sizes.
  const EvaluatedSizes::Tensor* tensor(std::size_t k) const {
    const Argument* given = argument(k);
    return given ? tensor(*given) : nullptr;
  }
  const EvaluatedSizes::Tensor* tensor(const Argument& given) const {
    const auto* operand = std::get_if<Operand>(&given.payload);
    return operand ? known(node_.operands[operand->index]) : nullptr;
  }
  const EvaluatedSizes::Tensor* result() const {
    return node_.result_count > 0 ? known(graph_.result(id_)) : nullptr;
  }
  // The elements of the last argument that is a list of tensors.
  const std::vector<Argument>* last_list() const {
    for (auto at = node_.arguments.rbegin(); at != node_.arguments.rend(); ++at) {
      if (at->value.kind == ArgKind::tensors)
        return std::get_if<std::vector<Argument>>(&at->value.payload);
    }
    return nullptr;
  }

 private:
  const EvaluatedSizes::Tensor* known(ValueId value) const {
    const EvaluatedSizes::Tensor& tensor = sizes_.of(value);
    return tensor.tensor && tensor.known ? &tensor : nullptr;
  }

  const Graph& graph_;
  NodeId id_;
  const Node& node_;
  EvaluatedSizes& sizes_;
};

Count product(Sizes sizes) {
  Count all = 1;
  for (const std::int64_t size : sizes) all = all * size;
  return all;
}

bool flag(const Argument* argument) {
  const bool* value = argument ? std::get_if<bool>(&argument->payload) : nullptr;
  return value && *value;
}

Count contraction(const Call& call, std::uint32_t operand) {
  const auto* out = call.result();
  const auto* a = call.tensor(operand);
  if (!out || !a || a->sizes.empty()) return Count::unknown();
  return Count(2) * out->elements * a->sizes.back();
}

// conv_flop_count there: 2 * batch * points * elements of the weight. `x` may lack the batch.
Count convolution(const EvaluatedSizes::Tensor* x, const EvaluatedSizes::Tensor* weight,
                  const EvaluatedSizes::Tensor* points) {
  if (!x || !weight || !points || weight->sizes.size() < 2) return Count::unknown();
  const std::size_t spatial = weight->sizes.size() - 2;
  if (points->sizes.size() < spatial || x->sizes.size() < spatial + 1) return Count::unknown();
  const std::int64_t batch = x->sizes.size() == spatial + 2 ? x->sizes[0] : 1;
  return Count(2) * batch * weight->elements * product(Sizes(points->sizes).last(spatial));
}

Count convolution_backward(const Call& call) {
  const auto *grad = call.tensor(0), *x = call.tensor(1), *weight = call.tensor(2);
  const Argument* mask = call.argument(10);
  const auto* wanted = mask ? std::get_if<std::vector<Argument>>(&mask->payload) : nullptr;
  if (!grad || !x || !weight || !wanted || wanted->size() != 3) return Count::unknown();
  if (weight->sizes.size() < 2 || x->sizes.size() != weight->sizes.size() ||
      grad->sizes.size() != weight->sizes.size())
    return Count::unknown();
  const bool transposed = flag(call.argument(7));
  Count all = 0;
  if (flag(&(*wanted)[0])) all = all + convolution(grad, weight, transposed ? x : grad);
  if (flag(&(*wanted)[1])) {
    const Count filter = product(Sizes(weight->sizes).subspan(2));
    all = all + Count(2) * filter *
                    (transposed ? Count(grad->sizes[1]) * x->elements
                                : Count(x->sizes[1]) * grad->elements);
  }
  return all;
}

// Of `rows` queries: of all batches and heads. Keys and values may have fewer heads.
Count attention(const Call& call, std::uint32_t query, const EvaluatedSizes::Tensor* out,
                std::int64_t times_query, std::int64_t times_value) {
  const auto *q = call.tensor(query), *k = call.tensor(query + 1);
  if (!q || !k || !out || q->sizes.size() < 2 || k->sizes.size() < 2 || out->sizes.size() < 2)
    return Count::unknown();
  const Count rows = product(Sizes(out->sizes).first(out->sizes.size() - 1));
  const std::int64_t keys = k->sizes[k->sizes.size() - 2];
  return Count(2) * rows * keys *
         (Count(times_query) * q->sizes.back() + Count(times_value) * out->sizes.back());
}

// Each step multiplies each matrix of weights once.
Count recurrent(const Call& call) {
  const auto* input = call.tensor(0);
  const auto* weights = call.last_list();
  if (!input || !weights || input->sizes.empty()) return Count::unknown();
  const Count steps = product(Sizes(input->sizes).first(input->sizes.size() - 1));
  Count all = 0;
  for (const Argument& weight : *weights) {
    const auto* matrix = call.tensor(weight);
    if (!matrix) return Count::unknown();
    if (matrix->sizes.size() == 2) all = all + Count(2) * steps * matrix->elements;
  }
  return all;
}

Count tensordot(const Call& call) {
  const auto *out = call.result(), *a = call.tensor(0);
  const Argument* dims = call.argument(2);
  const auto* summed = dims ? std::get_if<std::vector<std::int64_t>>(&dims->payload) : nullptr;
  if (!out || !a || !summed) return Count::unknown();
  const auto rank = static_cast<std::int64_t>(a->sizes.size());
  Count all = Count(2) * out->elements;
  for (std::int64_t d : *summed) {
    if (d < 0) d += rank;
    if (d < 0 || d >= rank) return Count::unknown();
    all = all * a->sizes[static_cast<std::size_t>(d)];
  }
  return all;
}

Count einsum(const Graph& graph, const Call& call) {
  const Argument* given = call.argument(0);
  const auto* equation = given ? std::get_if<StringId>(&given->payload) : nullptr;
  const auto* list = call.last_list();
  if (!equation || !list) return Count::unknown();
  std::vector<std::vector<std::int64_t>> operands;
  for (const Argument& element : *list) {
    const auto* tensor = call.tensor(element);
    if (!tensor) return Count::unknown();
    operands.push_back(tensor->sizes);
  }
  return einsum_flops(graph.text(*equation), operands);
}

}  // namespace

Count flops_of(const Graph& graph, NodeId node, const CostRule& rule, EvaluatedSizes& sizes) {
  const Call call(graph, node, sizes);
  switch (rule.formula) {
    case FlopFormula::none:
      return 0;
    case FlopFormula::contraction:
      return contraction(call, rule.argument);
    case FlopFormula::convolution:
      return convolution(call.tensor(0), call.tensor(1), call.result());
    case FlopFormula::transposed:
      return convolution(call.tensor(0), call.tensor(1), call.tensor(0));
    case FlopFormula::maybe_transposed: {
      const bool transposed = flag(call.argument(rule.argument));
      return convolution(call.tensor(0), call.tensor(1),
                         transposed ? call.tensor(0) : call.result());
    }
    case FlopFormula::convolution_backward:
      return convolution_backward(call);
    case FlopFormula::attention:
      return attention(call, 0, call.result(), 1, 1);
    case FlopFormula::attention_backward:
      return attention(call, 1, call.tensor(0), 3, 2);
    case FlopFormula::recurrent:
      return recurrent(call);
    case FlopFormula::tensordot:
      return tensordot(call);
    case FlopFormula::einsum:
      return einsum(graph, call);
  }
  return Count::unknown();
}

}  // namespace fettle
