// A call's arguments into an instruction: constants boxed, values as fills of the slots they lie in.
// What an argument becomes is ops/boxed_arguments.hpp's; here devices and dtypes go where the program
// is placed.
#pragma once

#include "ops/boxed_arguments.hpp"
#include "runtime/devices.hpp"
#include "runtime/plan.hpp"

namespace fettle {

// Boxes argument `position` of an instruction: into its constants, its fills or its lists.
// `slot_use(operand)` says which slot an operand lies in and whether this is its last use.
// Throws operator_unsupported for kinds of arguments that have no boxed form here.
class ArgumentBoxer {
 public:
  ArgumentBoxer(const Graph& graph, const Placement& placement)
      : graph_(graph), placement_(placement) {}

  template <class SlotUseOf>
  void box(const Argument& argument, const c10::Argument& wanted, Instruction& into,
           SlotUseOf&& slot_use) const {
    const auto position = static_cast<std::uint32_t>(into.constants.size());
    if (const auto* operand = std::get_if<Operand>(&argument.payload)) {
      into.constants.emplace_back();
      into.fills.push_back({position, slot_use(*operand), adapt_for(wanted)});
    } else if (names_operands(argument)) {
      into.constants.emplace_back();
      BoxedList list = boxed_list(graph_, argument, wanted);
      into.lists.push_back({position, list.kind, std::move(list.elements), {}});
      std::uint32_t element = 0;
      for_each_element(argument, [&](const Operand* operand) {
        if (operand) into.lists.back().fills.push_back({element, slot_use(*operand), Adapt::none});
        ++element;
      });
    } else {
      into.constants.push_back(constant(argument, wanted));
    }
  }

  // What does not depend on a run, as IValue of the schema's type.
  c10::IValue constant(const Argument& argument, const c10::Argument& wanted) const {
    if (argument.kind == ArgKind::device) {
      return placement_.device(*std::get<DeviceArgument>(argument.payload));
    }
    c10::IValue boxed = boxed_constant(graph_, argument, wanted);
    if (argument.kind != ArgKind::dtype) return boxed;
    const auto dtype = static_cast<c10::ScalarType>(boxed.toInt());
    return static_cast<std::int64_t>(placement_.dtype(dtype));
  }

 private:
  template <class Fn>
  static void for_each_element(const Argument& argument, Fn&& fn) {
    for (const Argument& element : std::get<std::vector<Argument>>(argument.payload)) {
      fn(std::get_if<Operand>(&element.payload));
    }
  }

  const Graph& graph_;
  const Placement& placement_;
};

}  // namespace fettle
