// Arguments as graphs hold them, into the IValues that libtorch's boxed calls take. What an argument
// becomes depends on the schema's type: the integer 1 may be an int, a Scalar, a float, N ints or a
// wrapped tensor, just as Python's binding of the operator would have it.
#pragma once

#include <ATen/core/function_schema.h>

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
      into.lists.push_back(list(argument, wanted));
      into.lists.back().position = position;
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
  c10::IValue constant(const Argument& argument, const c10::Argument& wanted) const;

 private:
  static Adapt adapt_for(const c10::Argument& wanted);
  static bool names_operands(const Argument& argument);
  ListFill list(const Argument& argument, const c10::Argument& wanted) const;

  template <class Fn>
  static void for_each_element(const Argument& argument, Fn&& fn) {
    for (const Argument& element : std::get<std::vector<Argument>>(argument.payload)) {
      fn(std::get_if<Operand>(&element.payload));
    }
  }

  const Graph& graph_;
  const Placement& placement_;
};

// The list of that kind; `elements` may be moved from.
c10::IValue make_list(ListKind kind, std::vector<c10::IValue>& elements);

// A value where a schema wants another form of it.
c10::IValue adapted(c10::IValue value, Adapt adapt);

}  // namespace fettle
