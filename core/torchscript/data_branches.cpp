// Branches that the data decide: both sides are run and recorded, each into a nested graph, and
// become one call of cond. What the sides return alike is left as it is; tensors and numbers that
// differ are results of the call.
//
// No fmt here: libtorch's headers bring another version of it.
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>

#include "torchscript/evaluator.hpp"
#include "torchscript/side_results.hpp"
#include "torchscript/written_values.hpp"

namespace fettle {

namespace jit = torch::jit;
namespace prim = c10::prim;

namespace {

const jit::Node* exception_in(const jit::Block& block) {
  for (const jit::Node* node : block.nodes()) {
    if (node->kind() == prim::RaiseException) return node;
  }
  return nullptr;
}

bool is_tensor(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined();
}

}  // namespace

// `assert`, and `if …: raise`: one side raises, so what follows holds the other.
bool Evaluator::run_assertion(Node& node, Frame& frame) {
  const jit::Node* raises[] = {exception_in(*node.blocks()[0]), exception_in(*node.blocks()[1])};
  if (!raises[0] == !raises[1]) return false;
  const std::size_t other = raises[0] ? 1 : 0;
  const auto metadata = source_metadata(node, frame.source, recorder_.graph());
  at::Tensor holds = frame.values.at(node.input(0)).toTensor();
  if (other == 1) holds = recorder_.call("aten.logical_not.default", {holds}, metadata);
  const auto text = jit::toIValue(raises[1 - other]->input(0));
  const std::string message =
      text && text->isString() && !text->toStringRef().empty()
          ? text->toStringRef()
          : "the model raises an exception: " + source_line(*raises[1 - other], frame.source);
  recorder_.record(*find_operator("aten._assert_async.msg"), {holds, message}, {}, metadata);
  ++assertions_;
  store(node, run_block(*node.blocks()[other], {}, frame), frame);
  return true;
}

// Tensors that nobody sees after this node: a side may write to a copy of its own instead.
std::vector<const jit::Value*> Evaluator::dying_at(const Node& node, const Frame& frame) {
  std::vector<const jit::Value*> dying;
  for (const jit::Value* value : last_uses_.after(node)) {
    const auto found = frame.values.find(value);
    if (found == frame.values.end() || !is_tensor(found->second)) continue;
    const at::Tensor& tensor = found->second.toTensor();
    if (tensor.use_count() == 1 && tensor.storage().use_count() == 1) dying.push_back(value);
  }
  return dying;
}

Evaluator::Side Evaluator::run_side(const Block& block, Frame& frame, const std::string& name,
                                    const std::vector<const jit::Value*>& dying,
                                    const std::vector<MetadataEntry>& metadata) {
  recorder_.open(name, false);
  made_.emplace_back();
  std::vector<std::pair<const jit::Value*, c10::IValue>> originals;
  for (const jit::Value* value : dying) {
    if (!writes_to(block, *value)) continue;
    c10::IValue& tensor = frame.values.at(value);
    originals.emplace_back(value, tensor);
    tensor = recorder_.call("aten.clone.default", {tensor}, metadata);
  }
  Side side;
  side.results = run_block(block, {}, frame);
  for (auto& [value, tensor] : originals) frame.values.insert_or_assign(value, std::move(tensor));
  made_.pop_back();
  side.graph = recorder_.close();
  return side;
}

// Refuses what cannot be the result of a cond.
bool Evaluator::differs(const Node& node, const Frame& frame, const c10::IValue& first,
                        const c10::IValue& second) const {
  if (same_plain(first, second)) return false;
  const auto outside = [&](const c10::IValue& value) {
    return is_uninitialized(value) || !is_tensor(value) ||
           recorder_.known_outside(value.toTensor());
  };
  if (first.isTensor() && second.isTensor() && first.is(second) && outside(first)) return false;
  if (is_uninitialized(first) || is_uninitialized(second)) {  // nobody reads it
    return !outside(is_uninitialized(first) ? second : first);
  }
  const auto dtype = [&](const c10::IValue& value) {
    return numbers_.is(value) ? value.toTensor().scalar_type() : number_dtype(value);
  };
  const auto a = dtype(first), b = dtype(second);
  if (a && a == b) return true;
  const bool alike = !a && !b && is_tensor(first) && is_tensor(second) &&
                     first.toTensor().sizes() == second.toTensor().sizes() &&
                     first.toTensor().scalar_type() == second.toTensor().scalar_type();
  if (alike) return true;
  unsupported(
      node, frame,
      "a branch that the data decide gives " + describe(first) + ", and its other side " +
          describe(second),
      "what a branch of a graph returns has one dtype and shape, or is the same on both sides",
      "let both sides give tensors of the same shape and dtype");
}

at::Tensor Evaluator::returnable(const at::Tensor& tensor, bool contiguous,
                                 const std::vector<at::Tensor>& returned,
                                 const std::vector<MetadataEntry>& metadata) {
  const bool outside = recorder_.is_outside(tensor);
  const bool repeated = std::ranges::any_of(returned, [&](const at::Tensor& other) {
    return other.storage().is_alias_of(tensor.storage());
  });
  const bool strided = contiguous && !tensor.is_contiguous();
  if (!outside && !repeated && !strided) return tensor;
  c10::IValue format;
  if (contiguous) format = static_cast<std::int64_t>(at::MemoryFormat::Contiguous);
  return recorder_.call("aten.clone.default", {tensor, format}, metadata);
}

std::vector<at::Tensor> Evaluator::finish_side(Side& side, const std::vector<Choice>& choices,
                                               std::size_t which,
                                               const std::vector<MetadataEntry>& metadata) {
  recorder_.reopen(std::move(side.graph));
  std::vector<at::Tensor> outputs;
  for (const Choice& choice : choices) {
    const c10::IValue &own = choice.sides[which], &other = choice.sides[1 - which];
    if (is_uninitialized(own)) {
      const at::Tensor& like = other.toTensor();
      outputs.push_back(recorder_.call(
          "aten.zeros.default", {like.sizes().vec(), static_cast<std::int64_t>(like.scalar_type())},
          metadata));
    } else if (!own.isTensor()) {
      outputs.push_back(numbers_.tensor_of(own, metadata));
    } else {
      const at::Tensor& tensor = own.toTensor();
      const bool contiguous = !other.isTensor() || !tensor.is_non_overlapping_and_dense() ||
                              other.toTensor().strides() != tensor.strides();
      outputs.push_back(returnable(tensor, contiguous, outputs, metadata));
    }
  }
  recorder_.finish_nested(outputs);
  side.graph = recorder_.close();
  return outputs;
}

// Where a result stands for a tensor from outside, or two results for one tensor, the model has one
// tensor by two names.
void Evaluator::note_copies(const std::vector<Choice>& choices, std::size_t side,
                            const std::vector<at::Tensor>& outputs,
                            const std::vector<at::Tensor>& results) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const c10::IValue& own = choices[i].sides[side];
    if (!is_tensor(own) || own.toTensor().is_same(outputs[i])) continue;
    recorder_.note_copy(results[i], own.toTensor());
    for (std::size_t k = 0; k < i; ++k) {
      const c10::IValue& other = choices[k].sides[side];
      if (is_tensor(other) && other.toTensor().is_alias_of(own.toTensor())) {
        recorder_.note_copy(results[i], results[k]);
      }
    }
  }
}

std::vector<at::Tensor> Evaluator::record_branches(const at::Tensor& predicate, Side (&sides)[2],
                                                   const std::vector<Choice>& choices,
                                                   const std::vector<MetadataEntry>& metadata) {
  if (choices.empty()) {
    for (Side& side : sides) recorder_.discard(std::move(side.graph));
    return {};
  }
  const std::vector<at::Tensor> outputs[] = {finish_side(sides[0], choices, 0, metadata),
                                             finish_side(sides[1], choices, 1, metadata)};
  const std::vector<at::Tensor>& results = outputs[predicate.item<bool>() ? 0 : 1];
  for (std::size_t side : {0, 1}) note_copies(choices, side, outputs[side], results);
  recorder_.record_cond(predicate, std::move(sides[0].graph), std::move(sides[1].graph), results,
                        metadata);
  return results;
}

void Evaluator::run_data_branch(Node& node, Frame& frame) {
  if (run_assertion(node, frame)) return;
  const at::Tensor predicate = frame.values.at(node.input(0)).toTensor();
  const auto metadata = source_metadata(node, frame.source, recorder_.graph());
  const std::string number = std::to_string(branches_++);
  const std::uint64_t assertions = assertions_;
  const std::vector<const jit::Value*> dying = dying_at(node, frame);
  Side sides[] = {run_side(*node.blocks()[0], frame, "true_graph_" + number, dying, metadata),
                  run_side(*node.blocks()[1], frame, "false_graph_" + number, dying, metadata)};
  const auto zip = [&](const LeafPair& fn) {
    Values values;
    for (std::size_t k = 0; k < node.outputs().size(); ++k) {
      values.push_back(zip_leaves(sides[0].results[k], sides[1].results[k], fn));
    }
    return values;
  };

  std::vector<Choice> choices;
  std::vector<bool> chosen;  // by leaf
  zip([&](const c10::IValue& a, const c10::IValue& b) {
    chosen.push_back(!(a.isBool() && b.isBool()) && differs(node, frame, a, b));
    const c10::IValue& known = is_uninitialized(a) ? b : a;
    if (chosen.back()) choices.push_back({{a, b}, !known.isTensor() || numbers_.is(known)});
    return a;
  });
  if (choices.empty() && assertions_ != assertions) {
    unsupported(node, frame,
                "an assertion in a branch that the data decide and that returns nothing",
                "a branch of a graph is there for its results",
                "assert in front of the branch: not condition or assertion");
  }
  const std::vector<at::Tensor> results = record_branches(predicate, sides, choices, metadata);

  const std::string origin = "that a branch decides (" + source_line(node, frame.source) + ")";
  // The predicate, or its opposite: what "True on this side, False on that" is.
  const auto condition = [&](bool itself) {
    const c10::IValue value = frame.values.at(node.input(0));
    if (itself) return value;
    return numbers_.add(recorder_.call("aten.logical_not.default", {value}, metadata), origin);
  };
  std::size_t leaf = 0, choice = 0;
  store(node, zip([&](const c10::IValue& a, const c10::IValue& b) -> c10::IValue {
          if (!chosen[leaf++]) {
            if (a.isBool() && b.isBool() && a.toBool() != b.toBool()) return condition(a.toBool());
            return is_uninitialized(a) ? b : a;
          }
          const at::Tensor& result = results[choice];
          return choices[choice++].number ? numbers_.add(result, origin) : c10::IValue(result);
        }),
        frame);
}

}  // namespace fettle
