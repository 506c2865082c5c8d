// Calls with nested graphs: branches, loops with a counter, and regions without gradients. What is in a
// nested graph is proposed like anything else, but writes nothing that it was given.
#include <algorithm>

#include "fuzz/calls.hpp"

namespace fettle {
namespace {

using Known = ProgramBuilder::Known;

constexpr std::uint32_t kDeepest = 3;

std::optional<std::vector<Known>> captured(ProgramBuilder& p) {
  const auto first = p.floating();
  if (!first || p.depth() >= kDeepest) return std::nullopt;
  std::vector<Known> inputs = {*first};
  for (std::uint32_t k = p.below(3); k > 0; --k) {
    const auto more = p.any();
    const auto same = [&](const Known& have) { return have.value == more->value; };
    if (more && std::ranges::none_of(inputs, same)) inputs.push_back(*more);
  }
  return inputs;
}

// In storage of its own, and in the usual strides: as the other branch's, or the last iteration's.
std::optional<Known> dense_copy(ProgramBuilder& p, const Known& x) {
  return p.call("aten.repeat.default", {x.value, std::vector<std::int64_t>(p.rank(x), 1)}, x.magnitude);
}

// A few calls, and a result that is like the first input and shares no storage with it.
Known body(ProgramBuilder& p, std::uint32_t calls) {
  const Known first = p.known().front();
  const std::uint32_t until = p.calls() + calls;
  for (int tries = 0; p.calls() < until && tries < 20; ++tries) propose(p);
  Known result = p.like(first);
  for (std::size_t k = p.known().size(); k-- > 0;) {  // the last one that fits
    const Known& known = p.known()[k];
    if (p.type(known).dtype != p.type(first).dtype || p.type(known).sizes != p.type(first).sizes) continue;
    result = known;
    break;
  }
  return dense_copy(p, result).value_or(result);
}

Argument block_argument(ProgramBuilder& p, BlockId block) {
  return {ArgKind::block, BlockRef{block, p.graph().block(block).name}};
}

void add(ProgramBuilder& p, NodeSpec& spec, Argument argument) {
  spec.arguments.push_back({p.graph().intern(""), ArgForm::positional, std::move(argument)});
}
Argument tensors(NodeSpec& spec, const std::vector<Known>& values) {
  std::vector<Argument> list;
  for (const Known& value : values) list.push_back({ArgKind::tensor, spec.add_operand(value.value)});
  return {ArgKind::tensors, std::move(list)};
}

void branches(ProgramBuilder& p) {
  const auto inputs = captured(p);
  if (!inputs) return;
  const auto sum = p.call("aten.sum.default", {inputs->front().value}, 32 * inputs->front().magnitude);
  auto decides = sum ? p.call("aten.gt.Scalar", {sum->value, p.one_in(2) ? 0.0 : 1.0}, 1) : std::nullopt;
  if (decides && p.one_in(3)) decides = p.call("aten.logical_not.default", {decides->value}, 1);
  if (!decides) return;
  NodeSpec spec;
  add(p, spec, {ArgKind::tensor, spec.add_operand(decides->value)});
  std::vector<Known> results;
  std::vector<TypeId> types;
  for (const char* name : {"true_graph", "false_graph"}) {
    const BlockId block = p.open(name, *inputs);
    const Known result = body(p, 1 + p.below(4));
    results = {result};
    types.push_back(p.graph().value(result.value).type);
    p.close(results);
    add(p, spec, block_argument(p, block));
  }
  if (types[0] != types[1]) throw ProgramBuilder::DeadEnd{};
  add(p, spec, tensors(spec, *inputs));
  p.nested("higher_order.cond", std::move(spec), results);
}

void without_gradient(ProgramBuilder& p) {
  const auto inputs = captured(p);
  if (!inputs) return;
  const BlockId block = p.open("submod", *inputs);
  const std::vector<Known> results = {body(p, 1 + p.below(3))};
  p.close(results);
  NodeSpec spec;
  add(p, spec, {ArgKind::boolean, p.one_in(3)});
  add(p, spec, block_argument(p, block));
  for (const Known& input : *inputs) add(p, spec, {ArgKind::tensor, spec.add_operand(input.value)});
  const auto result = p.nested("higher_order.wrap_with_set_grad_enabled", std::move(spec), results);
  if (result) p.call("aten.mul.Tensor", {inputs->front().value, result->value}, inputs->front().magnitude * result->magnitude);
}

// while (i < n) { i += 1; x = … }
void loop(ProgramBuilder& p) {
  const auto inputs = captured(p);
  const auto counter = inputs ? p.call("aten.full.default", {std::vector<std::int64_t>{}, 0, named("dtype", DType::int64)}, 4) : std::nullopt;
  const auto first = counter ? dense_copy(p, inputs->front()) : std::nullopt;
  if (!first) return;
  std::vector<Known> carried = {*first, *counter};
  NodeSpec spec;
  const BlockId condition = p.open("while_loop_cond_graph", carried, true);
  const auto goes_on = p.call("aten.lt.Scalar", {p.known()[1].value, static_cast<std::int64_t>(1 + p.below(3))}, 1);
  p.close({*goes_on});
  const BlockId block = p.open("while_loop_body_graph", carried);
  const Known count = p.known()[1];
  const Known result = body(p, 1 + p.below(3));
  const auto bounded = p.call("aten.tanh.default", {result.value}, 1);
  const auto next = p.call("aten.add.Tensor", {count.value, 1}, 4);
  const std::vector<Known> results = {bounded.value_or(result), *next};
  p.close(results);
  if (p.graph().value(results[0].value).type != p.graph().value(carried[0].value).type) {
    throw ProgramBuilder::DeadEnd{};
  }
  add(p, spec, block_argument(p, condition));
  add(p, spec, block_argument(p, block));
  add(p, spec, tensors(spec, carried));
  add(p, spec, tensors(spec, {}));
  p.nested("higher_order.while_loop", std::move(spec), results);
}

}  // namespace

std::span<const Proposal> nested_calls() {
  static constexpr Proposal kCalls[] = {branches, branches, without_gradient, loop};
  return kCalls;
}

}  // namespace fettle
