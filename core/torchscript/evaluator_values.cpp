// What TorchScript builds without an operator: constants, containers, attributes of modules.
//
// No fmt here: libtorch's headers bring another version of it.
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>

#include "torchscript/evaluator.hpp"

namespace fettle {

namespace jit = torch::jit;
namespace prim = c10::prim;

// What a run leaves in a module's buffer is a write to it, made when the run ends: until then, who
// read the buffer before keeps what was in it.
void Evaluator::set_attribute(Node& node, Frame& frame) {
  c10::ivalue::Object& object =
      const_cast<c10::ivalue::Object&>(frame.values.at(node.input(0)).toObjectRef());
  const std::size_t slot = object.type()->getAttributeSlot(node.s(c10::attr::name));
  const c10::IValue before = object.getSlot(slot), &value = frame.values.at(node.input(1));
  if (recorder_.nested()) {
    unsupported(node, frame,
                "an assignment to the attribute '" + node.s(c10::attr::name) +
                    "' in a branch or a loop that the data decide",
                "a nested graph computes new tensors and leaves everything else as it is",
                "assign behind the branch, what the branch computes");
  }
  if (object.type()->is_module() && !(before.isTensor() && value.is(before))) {
    const bool buffer = before.isTensor() && value.isTensor() && before.toTensor().defined() &&
                        value.toTensor().defined() && recorder_.tracked(before.toTensor()) &&
                        before.toTensor().sizes() == value.toTensor().sizes() &&
                        before.toTensor().scalar_type() == value.toTensor().scalar_type();
    if (!buffer) {
      unsupported(node, frame, "an assignment to the attribute '" + node.s(c10::attr::name) + "'",
                  "what a run leaves in a module is represented for buffers that keep their dtype "
                  "and shape",
                  "keep such state outside of the model, or write to a buffer in place");
    }
    const bool known = std::ranges::any_of(assigned_, [&](const Assigned& other) {
      return other.object == &object && other.slot == slot;
    });
    if (!known) {
      assigned_.push_back({&object, slot, before.toTensor(),
                           source_metadata(node, frame.source, recorder_.graph())});
    }
  }
  object.setSlot(slot, value);
}

void Evaluator::write_assigned() {
  const OperatorSchema& copy = *find_operator("aten.copy_.default");
  for (const Assigned& each : assigned_) {
    const c10::IValue value = each.object->getSlot(each.slot);
    recorder_.record(copy, {each.buffer, value, false}, {each.buffer}, each.metadata);
  }
}

bool Evaluator::run_container(Node& node, Frame& frame) {
  switch (node.kind()) {
    case prim::Constant: {
      c10::IValue constant = jit::toIValue(node.output()).value_or(c10::IValue());
      if (constant.isTensor() && constant.toTensor().defined() && constant.toTensor().dim() == 0 &&
          !recorder_.tracked(constant.toTensor())) {
        recorder_.mark_number(constant.toTensor());
      }
      store(node, {std::move(constant)}, frame);
      return true;
    }
    case prim::GetAttr: {
      const c10::ivalue::Object& object = frame.values.at(node.input()).toObjectRef();
      store(node, {object.getAttr(node.s(c10::attr::name))}, frame);
      return true;
    }
    case prim::SetAttr:
      set_attribute(node, frame);
      return true;
    case prim::ListConstruct: {
      c10::impl::GenericList list(
          node.output()->type()->expectRef<c10::ListType>().getElementType());
      for (c10::IValue& value : inputs_of(node, frame)) list.push_back(std::move(value));
      if (!made_.empty()) made_.back().emplace_back(list);
      store(node, {std::move(list)}, frame);
      return true;
    }
    case prim::DictConstruct: {
      const auto& type = node.output()->type()->expectRef<c10::DictType>();
      c10::impl::GenericDict dict(type.getKeyType(), type.getValueType());
      Values values = inputs_of(node, frame);
      for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
        dict.insert_or_assign(std::move(values[i]), std::move(values[i + 1]));
      }
      if (!made_.empty()) made_.back().emplace_back(dict);
      store(node, {std::move(dict)}, frame);
      return true;
    }
    case prim::TupleConstruct:
      store(node, {c10::ivalue::Tuple::create(inputs_of(node, frame))}, frame);
      return true;
    case prim::TupleUnpack:
      store(node, frame.values.at(node.input()).toTupleRef().elements().vec(), frame);
      return true;
    case prim::ListUnpack:
      store(node, frame.values.at(node.input()).toListRef().vec(), frame);
      return true;
    case prim::TupleSlice: {
      const auto& elements = frame.values.at(node.input()).toTupleRef().elements();
      Values part;
      for (auto i = node.i(c10::attr::beg); i < node.i(c10::attr::end); ++i) {
        part.push_back(elements[static_cast<std::size_t>(i)]);
      }
      store(node, {c10::ivalue::Tuple::create(std::move(part))}, frame);
      return true;
    }
    case prim::isinstance: {
      const c10::TypePtr type = frame.values.at(node.input()).type();
      bool is = false;
      for (const c10::TypePtr& candidate : node.tys(c10::attr::types)) {
        is = is || type->isSubtypeOf(*candidate);
      }
      store(node, {is}, frame);
      return true;
    }
    case prim::unchecked_cast:
      store(node, inputs_of(node, frame), frame);
      return true;
    case prim::Uninitialized:
      store(node, {c10::IValue::uninitialized()}, frame);
      return true;
    default:
      return false;
  }
}

}  // namespace fettle
