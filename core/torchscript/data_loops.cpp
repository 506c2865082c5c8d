// Loops that the data end: one iteration is run and recorded, as the body of a while_loop.
//
// TorchScript's loop has a number of trips and a condition, which the body computes for the next
// iteration; so the graph carries the counter (where it is used or bounded), the condition, and
// then the loop's own values. Numbers are carried as tensors; what is neither tensor nor number
// must be the same in each iteration. What is carried is contiguous, so that each iteration sees it
// alike.
//
// No fmt here: libtorch's headers bring another version of it.
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>
#include <limits>

#include "torchscript/evaluator.hpp"
#include "archive/pytree.hpp"
#include "torchscript/side_results.hpp"
#include "torchscript/written_values.hpp"

namespace fettle {

namespace jit = torch::jit;

struct Evaluator::DataLoop {
  Node& node;
  Frame& frame;
  std::vector<MetadataEntry> metadata;
  std::string number, origin;
  c10::IValue trips, go_on;
  Values carried = {};                  // the loop's own values before it
  bool counts = false, asks = false;    // whether there is a counter, and a condition
  Values originals = {};                // by slot: the leaves …
  std::vector<at::Tensor> starts = {};  // … as they are carried into the loop
  std::vector<bool> is_number = {};
  std::vector<bool> written = {};  // in place, in the body
  Recorder::Nested body = {};
  std::vector<at::Tensor> results = {};

  const Block& block() const { return *node.blocks()[0]; }
  // Values that the body hands on untouched are not carried.
  bool changes(std::size_t k) const { return block().outputs()[k + 1] != block().inputs()[k + 1]; }
};

namespace {

using Values = std::vector<c10::IValue>;

bool is_tensor(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined();
}

// Leaves that are carried: tensors and numbers.
bool is_carried(const c10::IValue& leaf) {
  return is_tensor(leaf) || number_dtype(leaf);
}

bool is_true(const jit::Value* value) {
  const auto constant = jit::toIValue(value);
  return constant && constant->isBool() && constant->toBool();
}

// The value with its carried leaves replaced by these, which are used up.
c10::IValue replaced(const c10::IValue& value, Values::const_iterator& next) {
  Values leaves = tree_leaves(value);
  for (c10::IValue& leaf : leaves) {
    if (is_carried(leaf)) leaf = *next++;
  }
  return with_leaves(value, leaves);
}

}  // namespace

void Evaluator::add_start(DataLoop& loop, const c10::IValue& leaf) {
  if (is_uninitialized(leaf)) {
    unsupported(loop.node, loop.frame,
                "a loop that the data end and that the function returns from",
                "what it returns has no value before the loop",
                "leave the loop by its condition, and return behind it");
  }
  if (!is_carried(leaf)) return;
  at::Tensor start = leaf.isTensor() ? leaf.toTensor() : numbers_.tensor_of(leaf, loop.metadata);
  if (!start.is_contiguous()) {
    const auto format = static_cast<std::int64_t>(at::MemoryFormat::Contiguous);
    start = recorder_.call("aten.clone.default", {start, format}, loop.metadata);
  }
  loop.originals.push_back(leaf);
  loop.is_number.push_back(!leaf.isTensor() || numbers_.is(leaf));
  loop.starts.push_back(std::move(start));
  loop.written.push_back(false);
}

// Whether the body writes in place to the value it is given, and nobody else will see that: the
// tensor is held by `loop` and, before the first iteration, by a value that nothing uses behind the
// loop.
bool Evaluator::writes_to_own(const DataLoop& loop, std::size_t k, std::int64_t trip) {
  if (!is_tensor(loop.carried[k]) || numbers_.is(loop.carried[k])) return false;
  const at::Tensor& tensor = loop.carried[k].toTensor();
  const std::size_t holders = trip == 0 ? 2 : 1;
  if (tensor.use_count() != holders || tensor.storage().use_count() != 1) return false;
  if (!writes_to(loop.block(), *loop.block().inputs()[k + 1])) return false;
  const auto& dying = last_uses_.after(loop.node);
  return trip > 0 || std::ranges::find(dying, loop.node.inputs()[k + 2]) != dying.end();
}

void Evaluator::start(DataLoop& loop, std::int64_t trip) {
  loop.counts = numbers_.is(loop.trips) || loop.block().inputs()[0]->hasUses() ||
                loop.trips.toInt() != std::numeric_limits<std::int64_t>::max();
  loop.asks = numbers_.is(loop.go_on) || !is_true(loop.block().outputs()[0]);
  if (loop.counts) add_start(loop, trip);
  if (loop.asks) add_start(loop, loop.go_on);
  for (std::size_t k = 0; k < loop.carried.size(); ++k) {
    if (!loop.changes(k)) continue;
    const bool written = writes_to_own(loop, k, trip);
    for (const c10::IValue& leaf : tree_leaves(loop.carried[k])) add_start(loop, leaf);
    if (written) loop.written.back() = true;
  }
}

// Placeholders of the open graph, which stand for what is carried.
void Evaluator::carry_starts(const DataLoop& loop, Values& inside) {
  for (std::size_t slot = 0; slot < loop.starts.size(); ++slot) {
    const at::Tensor tensor = loop.starts[slot].clone(at::MemoryFormat::Contiguous);
    recorder_.carry(tensor);
    inside.push_back(loop.is_number[slot] ? numbers_.add(tensor, loop.origin)
                                          : c10::IValue(tensor));
  }
}

// What the body gives to the next iteration.
at::Tensor Evaluator::next_of(const DataLoop& loop, std::size_t slot, const c10::IValue& value,
                              const std::vector<at::Tensor>& returned) {
  const at::Tensor& start = loop.starts[slot];
  const bool number = number_dtype(value) || numbers_.is(value);
  if (number == loop.is_number[slot] && (number || is_tensor(value))) {
    const at::Tensor next =
        numbers_.is(value) || !number ? value.toTensor() : numbers_.tensor_of(value, loop.metadata);
    if (next.scalar_type() == start.scalar_type() && next.sizes() == start.sizes()) {
      return returnable(next, true, returned, loop.metadata);
    }
  }
  unsupported(loop.node, loop.frame,
              "a loop that the data end carries " + describe(loop.originals[slot]) +
                  " into its first iteration, and " + describe(value) + " into the next",
              "what a loop of a graph carries keeps its dtype and shape",
              "let the value have its final shape and dtype before the loop");
}

// What the body answers for each slot.
Values Evaluator::body_results(DataLoop& loop, const Values& inside) {
  Values inputs = {loop.counts ? inside[0] : c10::IValue(0)}, outputs;
  auto next = inside.cbegin() + loop.counts + loop.asks;
  for (std::size_t k = 0; k < loop.carried.size(); ++k) {
    inputs.push_back(loop.changes(k) ? replaced(loop.carried[k], next) : loop.carried[k]);
  }
  const Values before = inputs;
  const Values results = run_block(loop.block(), std::move(inputs), loop.frame);
  if (loop.counts) {
    outputs.push_back(numbers_.add(recorder_.call("aten.add.Scalar", {inside[0], 1}, loop.metadata),
                                   loop.origin));
  }
  if (loop.asks) outputs.push_back(results[0]);
  for (std::size_t k = 0; k < loop.carried.size(); ++k) {
    if (!loop.changes(k)) continue;
    // The same containers, and the same where nothing is carried.
    zip_leaves(before[k + 1], results[k + 1], [&](const c10::IValue& a, const c10::IValue& b) {
      if (is_carried(a) || same_plain(a, b)) return a;
      unsupported(loop.node, loop.frame,
                  "a loop that the data end carries " + describe(a) +
                      " into its first iteration, and " + describe(b) + " into the next",
                  "a loop of a graph carries tensors, and numbers as tensors",
                  "write into a tensor of a fixed size instead of a growing list");
    });
    const Values given = tree_leaves(before[k + 1]), leaves = tree_leaves(results[k + 1]);
    for (std::size_t i = 0; i < leaves.size() && i < given.size(); ++i) {
      if (is_carried(given[i])) outputs.push_back(leaves[i]);
    }
  }
  return outputs;
}

void Evaluator::record_body(DataLoop& loop) {
  recorder_.open("while_loop_body_graph_" + loop.number, false);
  made_.emplace_back();
  Values inside;
  carry_starts(loop, inside);
  for (std::size_t slot = 0; slot < inside.size(); ++slot) {
    if (!loop.written[slot]) continue;
    inside[slot] = recorder_.call("aten.clone.default", {inside[slot]}, loop.metadata);
  }
  const Values outputs = body_results(loop, inside);
  for (std::size_t slot = 0; slot < outputs.size(); ++slot) {
    loop.results.push_back(next_of(loop, slot, outputs[slot], loop.results));
  }
  recorder_.finish_nested(loop.results);
  made_.pop_back();
  loop.body = recorder_.close();
  note_copies(loop, outputs);
}

// Where a copy is carried on, the model carries the tensor itself: no write may follow, behind the
// loop or in the next iteration.
void Evaluator::note_copies(const DataLoop& loop, const Values& outputs) {
  const bool writes = std::ranges::find(loop.written, true) != loop.written.end();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!is_tensor(outputs[i]) || outputs[i].toTensor().is_same(loop.results[i])) continue;
    if (writes) {
      unsupported(loop.node, loop.frame,
                  "a loop that the data end writes in place to a tensor it carries, "
                  "and carries one by two names",
                  "the graph has a copy where the model has the tensor itself",
                  "compute new tensors instead, for example x = x + 1 for x += 1");
    }
    recorder_.note_copy(loop.results[i], outputs[i].toTensor());
    for (std::size_t k = 0; k < i; ++k) {
      if (!is_tensor(outputs[k]) || !outputs[k].toTensor().is_alias_of(outputs[i].toTensor()))
        continue;
      recorder_.note_copy(loop.results[i], loop.results[k]);
    }
  }
}

Recorder::Nested Evaluator::record_condition(const DataLoop& loop) {
  recorder_.open("while_loop_cond_graph_" + loop.number, true);
  Values inside;
  carry_starts(loop, inside);
  at::Tensor answer;
  if (loop.counts) {
    const char* const less = loop.trips.isTensor() ? "aten.lt.Tensor" : "aten.lt.Scalar";
    answer = recorder_.call(less, {inside[0], loop.trips}, loop.metadata);
  }
  if (loop.asks) {
    const c10::IValue& asked = inside[loop.counts ? 1 : 0];
    answer = answer.defined()
                 ? recorder_.call("aten.logical_and.default", {answer, asked}, loop.metadata)
                 : recorder_.call("aten.clone.default", {asked}, loop.metadata);
  }
  recorder_.finish_nested({answer});
  return recorder_.close();
}

void Evaluator::run_data_loop(Node& node, Frame& frame, std::int64_t trip, Values carried) {
  DataLoop loop{.node = node,
                .frame = frame,
                .metadata = source_metadata(node, frame.source, recorder_.graph()),
                .number = std::to_string(loops_++),
                .origin = "that a loop carries (" + source_line(node, frame.source) + ")",
                .trips = carried[0],
                .go_on = carried[1]};
  loop.carried.assign(carried.begin() + 2, carried.end());
  carried.clear();
  start(loop, trip);
  record_body(loop);
  Recorder::Nested condition = record_condition(loop);
  recorder_.record_while(std::move(condition), std::move(loop.body), loop.starts, loop.results,
                         loop.metadata);
  Values results;
  for (std::size_t slot = 0; slot < loop.results.size(); ++slot) {
    const at::Tensor& result = loop.results[slot];
    if (is_tensor(loop.originals[slot])) {  // what the loop was given, if it does not run
      recorder_.note_copy(result, loop.originals[slot].toTensor());
    }
    results.push_back(loop.is_number[slot] ? numbers_.add(result, loop.origin)
                                           : c10::IValue(result));
  }
  auto next = results.cbegin() + loop.counts + loop.asks;
  Values values;
  for (std::size_t k = 0; k < loop.carried.size(); ++k) {
    values.push_back(loop.changes(k) ? replaced(loop.carried[k], next) : loop.carried[k]);
  }
  store(node, std::move(values), frame);
}

}  // namespace fettle
