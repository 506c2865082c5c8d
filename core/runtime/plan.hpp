// A graph made ready to run: one instruction for each call, with the operator resolved, constant
// arguments boxed, and values numbered into slots of one frame. Built once by plan_builder, executed
// by the interpreter; neither the graph nor its strings are needed any more.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "ops/boxed_arguments.hpp"
#include "ops/scalar.hpp"
#include "runtime/random_draws.hpp"

namespace fettle {

using Slot = std::uint32_t;

struct SlotUse {
  Slot slot = 0;
  bool last = false;  // nobody needs the value afterwards: it moves, and is freed with the arguments
};

// An argument, or an element of a list argument, that is known only in a run.
struct Fill {
  std::uint32_t position = 0;
  SlotUse use;
  Adapt adapt = Adapt::none;
};

struct ListFill {
  std::uint32_t position = 0;
  ListKind kind = ListKind::tensors;
  std::vector<c10::IValue> constants;  // one for each element
  std::vector<Fill> fills;             // elements that replace their constant
};

// Where what a call returns goes: a value to a slot, a list's elements to consecutive ones.
struct ResultTarget {
  ArgKind kind = ArgKind::tensor;
  Slot first = 0;
  std::uint32_t count = 1;
};

struct Origin {  // for messages
  std::string node, op, source;
};

struct NestedCall;      // runtime/nested_call.hpp
struct OffloadedPlan;  // runtime/offloaded_plan.hpp

struct Instruction {
  enum class Kind : std::uint8_t { call, scalar, nested, offloaded };
  Kind kind = Kind::call;
  NodeId node;
  std::vector<Slot> operands;  // for hooks: the node's operands
  std::vector<Slot> results;   // for hooks: the node's flat results
  std::vector<Fill> fills;
  std::vector<c10::IValue> constants;  // the stack as far as it is known
  std::vector<Slot> frees;             // what nobody uses afterwards and no fill moves

  std::optional<c10::OperatorHandle> op;  // call
  bool uninitialized = false;             // its results hold whatever memory held
  std::optional<RecordedDtypes> drawn_in;  // in float64: a random draw, made in these
  std::vector<ListFill> lists;
  std::vector<ResultTarget> targets;

  const ScalarOperator* scalar = nullptr;  // scalar

  std::shared_ptr<const NestedCall> nested;
  std::shared_ptr<const OffloadedPlan> offloaded;  // what it takes are its fills, in order
};

// An output: the value in a slot, or a constant.
struct OutputSource {
  std::optional<Slot> slot;
  c10::IValue constant;
};

// The instructions of one block. Slots of nested blocks are numbered in the same frame.
struct Plan {
  std::vector<Slot> inputs;
  std::vector<Instruction> instructions;
  std::vector<Origin> origins;  // by instruction, apart from what the loop reads
  std::vector<OutputSource> outputs;
  std::vector<Slot> frees;      // at the end: outputs and what was never used
};

}  // namespace fettle
