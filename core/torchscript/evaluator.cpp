// No fmt here: libtorch's headers bring another version of it.
#include "torchscript/evaluator.hpp"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "ops/torch_errors.hpp"
#include "torchscript/operator_kinds.hpp"

namespace fettle {

namespace jit = torch::jit;
namespace prim = c10::prim;

namespace {

constexpr std::uint64_t kMostSteps = 20'000'000;  // a module that never ends must not hang the host
constexpr int kDeepestCall = 200;

SourceFrames frames_of(const jit::Function& function, const std::vector<c10::IValue>& arguments,
                       const ModulePaths& paths) {
  SourceFrames frames;
  frames.function = function.name();
  if (arguments.empty() || !arguments[0].isObject()) return frames;
  const auto path = paths.find(arguments[0].toObject().get());
  if (path == paths.end()) return frames;
  frames.module = path->second;
  frames.class_name = python_class_name(arguments[0].toObjectRef().name());
  return frames;
}

}  // namespace

void Evaluator::unsupported(const Node& node, const Frame& frame, std::string what, std::string why,
                            std::string hint) const {
  const std::string line = source_line(node, frame.source);
  throw Error({.code = Code::torchscript_unsupported,
               .what = std::move(what),
               .where = file_ + (line.empty() ? "" : ", " + line),
               .why = std::move(why),
               .hint = std::move(hint)});
}

void Evaluator::failed(const Node& node, const Frame& frame, std::string what,
                       std::string why) const {
  const std::string line = source_line(node, frame.source);
  throw Error({.code = Code::torchscript_failed,
               .what = std::move(what),
               .where = file_ + (line.empty() ? "" : ", " + line),
               .why = std::move(why),
               .hint = "give inputs that the model can take: --input-shape, --input-dtype, "
                       "--input-value"});
}

c10::IValue Evaluator::call(jit::Function& function, Values arguments) {
  c10::IValue result = call(function, std::move(arguments), nullptr, nullptr);
  write_assigned();
  if (const std::string* origin = numbers_.origin(result)) {
    throw Error({.code = Code::torchscript_unsupported,
                 .what = "the model returns a number " + *origin,
                 .where = file_,
                 .why = "a program of torch.export returns numbers that are the same in each run",
                 .hint = "return the tensor itself"});
  }
  return result;
}

c10::IValue Evaluator::call(jit::Function& function, Values arguments, const Frame* caller,
                            const Node* site) {
  jit::GraphFunction* code = jit::tryToGraphFunction(function);
  if (!code) {
    unsupported(*site, *caller, "the function '" + function.qualname().qualifiedName() + "'",
                "it is not written in TorchScript", "leave the custom class out of the model");
  }
  if (depth_ == kDeepestCall) {
    unsupported(*site, *caller, "calls nested deeper than " + std::to_string(kDeepestCall), {}, {});
  }
  ++depth_;
  Frame frame;
  frame.source = frames_of(function, arguments, paths_);
  frame.source.caller = caller ? &caller->source : nullptr;
  frame.source.site = site;
  const std::shared_ptr<jit::Graph> graph = code->graph();
  const auto& defaults = function.getSchema().arguments();
  while (arguments.size() < graph->inputs().size() && defaults[arguments.size()].default_value()) {
    arguments.push_back(*defaults[arguments.size()].default_value());
  }
  Values results = run_block(*graph->block(), std::move(arguments), frame);
  --depth_;
  if (results.size() == 1) return std::move(results[0]);
  return c10::ivalue::Tuple::create(std::move(results));
}

Evaluator::Values Evaluator::run_block(const Block& block, Values inputs, Frame& frame) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    frame.values.insert_or_assign(block.inputs()[i], std::move(inputs[i]));
  }
  for (Node* node : const_cast<Block&>(block).nodes()) {
    run_node(*node, frame);
    for (const jit::Value* value : last_uses_.after(*node)) frame.values.erase(value);
  }
  Values results = inputs_of(*block.return_node(), frame);
  for (const jit::Value* output : block.outputs()) {
    if (output->node()->owningBlock() == &block) frame.values.erase(output);
  }
  return results;
}

// What fails deeper down does not know where it is.
void Evaluator::run_node(Node& node, Frame& frame) {
  try {
    step(node, frame);
  } catch (const Error& error) {
    if (!error.diagnostic().where.empty()) throw;
    Diagnostic located = error.diagnostic();
    const std::string line = source_line(node, frame.source);
    located.where = file_ + (line.empty() ? "" : ", " + line);
    throw Error(std::move(located));
  }
}

void Evaluator::step(Node& node, Frame& frame) {
  if (++steps_ > kMostSteps) {
    unsupported(node, frame,
                "the model runs more than " + std::to_string(kMostSteps) + " operators",
                "loops are unrolled", "give smaller inputs, or export the model with torch.export");
  }
  if (run_control(node, frame)) return;
  if (takes_data_number(node, frame)) return run_on_numbers(node, frame);
  if (run_container(node, frame)) return;
  run_operator(node, frame);
}

bool Evaluator::run_control(Node& node, Frame& frame) {
  switch (node.kind()) {
    case prim::If: {
      if (numbers_.is(frame.values.at(node.input(0)))) {
        run_data_branch(node, frame);
        return true;
      }
      const bool taken = frame.values.at(node.input(0)).toBool();
      store(node, run_block(*node.blocks()[taken ? 0 : 1], {}, frame), frame);
      return true;
    }
    case prim::Loop:
      run_loop(node, frame);
      return true;
    case prim::CallFunction: {
      Values arguments = inputs_of(node, frame);
      arguments.erase(arguments.begin());
      auto& function = *node.input(0)->type()->expectRef<c10::FunctionType>().function();
      store(node, {call(function, std::move(arguments), &frame, &node)}, frame);
      return true;
    }
    case prim::CallMethod: {
      Values arguments = inputs_of(node, frame);
      auto& function = arguments[0].toObjectRef().type()->getMethod(node.s(c10::attr::name));
      store(node, {call(function, std::move(arguments), &frame, &node)}, frame);
      return true;
    }
    case prim::tolist:
      unsupported(node, frame, "'prim::tolist' reads numbers out of a tensor",
                  "what follows would depend on the values of the inputs, not on their sizes",
                  "compute with the tensor itself");
    case prim::RaiseException: {
      const c10::IValue& message = frame.values.at(node.input(0));
      if (recorder_.nested()) {
        unsupported(
            node, frame, "an exception in a branch or a loop that the data decide",
            "a nested graph computes tensors and has no exceptions, other than an assertion "
            "at the head of a branch",
            "check the inputs before the model is called");
      }
      failed(node, frame, "the model raises an exception on the example inputs",
             message.isString() ? message.toStringRef() : std::string());
    }
    default:
      return false;
  }
}

// Carried values behind the trip count and the condition; the body answers the next condition
// first. Iterations before the first whose condition depends on the data are unrolled, too.
void Evaluator::run_loop(Node& node, Frame& frame) {
  Values carried = inputs_of(node, frame);
  for (std::int64_t trip = 0;; ++trip) {
    if (numbers_.is(carried[0]) || numbers_.is(carried[1])) {
      return run_data_loop(node, frame, trip, std::move(carried));
    }
    if (!carried[1].toBool() || trip >= carried[0].toInt()) break;
    const c10::IValue trips = carried[0];
    carried.erase(carried.begin(), carried.begin() + 2);
    carried.insert(carried.begin(), trip);
    carried = run_block(*node.blocks()[0], std::move(carried), frame);
    carried.insert(carried.begin(), trips);
    ++steps_;
  }
  carried.erase(carried.begin(), carried.begin() + 2);
  store(node, std::move(carried), frame);
}

Evaluator::Values Evaluator::inputs_of(const Node& node, const Frame& frame) const {
  Values values;
  values.reserve(node.inputs().size());
  for (const jit::Value* input : node.inputs()) values.push_back(frame.values.at(input));
  return values;
}

void Evaluator::store(const Node& node, Values results, Frame& frame) {
  for (std::size_t i = 0; i < results.size() && i < node.outputs().size(); ++i) {
    frame.values.insert_or_assign(node.outputs()[i], std::move(results[i]));
  }
}

}  // namespace fettle
