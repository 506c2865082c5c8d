#include "ops/meta_call.hpp"

#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <unordered_map>

#include "base/error.hpp"
#include "ops/boxed_arguments.hpp"
#include "ops/operator_name.hpp"
#include "ops/quiet_warnings.hpp"
#include "ops/torch_errors.hpp"
#include "ops/torch_numbers.hpp"

namespace fettle {
namespace {

using c10::IValue;

// What a call cannot be tried on, or with.
struct Untried {
  std::string why;
};

std::vector<std::int64_t> numbers(const std::vector<SymInt>& sizes) {
  std::vector<std::int64_t> out;
  out.reserve(sizes.size());
  for (const SymInt& size : sizes) out.push_back(size.value);
  return out;
}

at::Tensor meta_tensor(const Type& type) {
  const auto dtype = scalar_type_of(type.dtype);
  if (!dtype) throw Untried{"the dtype of an operand is not known"};
  if (type.layout != Layout::strided) throw Untried{"an operand is not a strided tensor"};
  if (type.strides.size() != type.sizes.size()) {
    throw Untried{"the strides of an operand are not recorded"};
  }
  const auto sizes = numbers(type.sizes), strides = numbers(type.strides);
  at::Tensor tensor = at::detail::empty_strided_meta(sizes, strides, *dtype);
  if (type.storage_offset.value > 0) {
    auto* storage = tensor.storage().unsafeGetStorageImpl();
    storage->set_nbytes(storage->nbytes() + static_cast<std::size_t>(type.storage_offset.value) *
                                                tensor.dtype().itemsize());
    tensor.unsafeGetTensorImpl()->set_storage_offset(type.storage_offset.value);
  }
  return tensor;
}

std::optional<double> plain_float(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0) return std::nullopt;
  return number;
}

IValue operand_value(const Type& type) {
  switch (type.kind) {
    case TypeKind::tensor:
      return meta_tensor(type);
    case TypeKind::sym_int:
      return type.scalar.value;
    case TypeKind::sym_bool:
      return type.scalar.value != 0;
    case TypeKind::none:
      return {};
    case TypeKind::sym_float:
      if (const auto number = plain_float(type.text)) return *number;
      [[fallthrough]];
    default:
      throw Untried{"the value of an operand is not known"};
  }
}

Type tensor_type(const at::Tensor& tensor, const Device& device) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = dtype_of(tensor.scalar_type());
  if (type.dtype == DType::unknown || tensor.layout() != c10::kStrided) {
    throw Untried{"a result is of a kind that programs cannot record"};
  }
  type.sizes.assign(tensor.sizes().begin(), tensor.sizes().end());
  type.strides.assign(tensor.strides().begin(), tensor.strides().end());
  type.storage_offset = tensor.storage_offset();
  type.device = device;
  return type;
}

// Where results lie: where the call says, else where its operands do. Numbers kept in tensors on
// the CPU follow the others.
Device result_device(const TypedCall& call) {
  for (const NamedArgument& argument : call.arguments) {
    if (const auto* device = std::get_if<DeviceArgument>(&argument.value.payload)) return **device;
  }
  const Type* found = nullptr;
  for (const Type* type : call.operands) {
    if (type->kind != TypeKind::tensor) continue;
    if (!found || (found->sizes.empty() && !type->sizes.empty())) found = type;
  }
  return found ? found->device : Device{};
}

bool is_scalar_result(const IValue& value) {
  return value.isInt() || value.isBool() || value.isDouble();
}

Type scalar_result(const IValue& value) {
  Type type;
  if (value.isDouble()) throw Untried{"a result is a float whose value only a run tells"};
  type.kind = value.isInt() ? TypeKind::sym_int : TypeKind::sym_bool;
  type.scalar = value.isInt() ? value.toInt() : std::int64_t{value.toBool()};
  return type;
}

}  // namespace

struct MetaCalls::Operators {
  struct Known {
    std::optional<c10::OperatorHandle> handle;
    bool kernel = false;
  };
  // By graph's ids of names: one MetaCalls for a graph.
  std::unordered_map<StringId, Known> known;
  std::vector<IValue> stack;

  Known& of(const Graph& graph, StringId op) {
    const auto [at, added] = known.try_emplace(op);
    if (!added) return at->second;
    if (const auto parts = split_operator_name(graph.text(op))) {
      at->second.handle =
          c10::Dispatcher::singleton().findSchema({parts->qualified, parts->overload});
    }
    if (!at->second.handle) return at->second;
    using Key = c10::DispatchKey;
    for (const Key key : {Key::Meta, Key::CompositeImplicitAutograd, Key::CompositeExplicitAutograd,
                          Key::CompositeExplicitAutogradNonFunctional}) {
      at->second.kernel |= at->second.handle->hasKernelForDispatchKey(key);
    }
    return at->second;
  }

  // The argument as the schema wants it; devices become "meta".
  IValue boxed(const TypedCall& call, const Argument& argument, const c10::Argument& wanted) {
    if (argument.kind == ArgKind::device) return c10::Device(c10::kMeta);
    if (const auto* operand = std::get_if<Operand>(&argument.payload)) {
      return adapted(operand_value(*call.operands[operand->index]), adapt_for(wanted));
    }
    if (!names_operands(argument)) return boxed_constant(call.graph, argument, wanted);
    BoxedList list = boxed_list(call.graph, argument, wanted);
    const auto& elements = std::get<std::vector<Argument>>(argument.payload);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (const auto* operand = std::get_if<Operand>(&elements[i].payload)) {
        list.elements[i] = operand_value(*call.operands[operand->index]);
      }
    }
    return make_list(list.kind, list.elements);
  }

  void fill(const TypedCall& call, const c10::FunctionSchema& schema) {
    const bool on_tensors = std::ranges::any_of(
        call.operands, [](const Type* type) { return type->kind == TypeKind::tensor; });
    bool placed = on_tensors;
    stack.clear();
    for (std::size_t k = 0; k < schema.arguments().size(); ++k) {
      const c10::Argument& wanted = schema.arguments()[k];
      if (k >= call.arguments.size()) throw Untried{"the call has fewer arguments than its schema"};
      stack.push_back(boxed(call, call.arguments[k].value, wanted));
      if (wanted.name() != "device" || on_tensors) continue;
      stack.back() = c10::Device(c10::kMeta);  // a factory's: never memory
      placed = true;
    }
    if (!placed) throw Untried{"it has neither tensors nor a device to run it without values on"};
  }
};

MetaCalls::MetaCalls() : operators_(std::make_unique<Operators>()) {}
MetaCalls::~MetaCalls() = default;

bool MetaCalls::has_kernel(const Graph& graph, StringId op) {
  return operators_->of(graph, op).kernel;
}

CallTypes MetaCalls::call(const TypedCall& call) {
  const c10::InferenceMode inference(true);
  const QuietWarnings quiet;
  const Operators::Known& known = operators_->of(call.graph, call.op);
  if (!known.kernel) return CallTypes::none("libtorch's C++ has no meta kernel for it");
  CallTypes out;
  try {
    const c10::FunctionSchema& schema = known.handle->schema();
    operators_->fill(call, schema);
    std::vector<IValue>& stack = operators_->stack;
    known.handle->callBoxed(stack);
    const Device device = result_device(call);
    for (const IValue& value : stack) {
      if (value.isTensorList()) {
        const auto tensors = value.toTensorVector();
        for (const at::Tensor& tensor : tensors) out.types.push_back(tensor_type(tensor, device));
        out.forms.push_back({ArgKind::tensors, static_cast<std::uint32_t>(tensors.size())});
      } else if (value.isTensor() && value.toTensor().defined()) {
        out.types.push_back(tensor_type(value.toTensor(), device));
        out.forms.push_back({ArgKind::tensor, 1});
      } else if (is_scalar_result(value)) {
        out.types.push_back(scalar_result(value));
        out.forms.push_back({value.isInt() ? ArgKind::sym_int : ArgKind::sym_bool, 1});
      } else if (value.isNone() || value.isTensor()) {
        out.forms.push_back({ArgKind::none, 0});
      } else {
        throw Untried{"a result is of a kind that programs cannot record"};
      }
    }
    out.known = true;
    out.rule = "meta kernel";
  } catch (const Untried& untried) {
    out.why = untried.why;
  } catch (const Error& error) {
    out.why = error.diagnostic().what;
  } catch (const c10::NotImplementedError&) {
    out.why = "libtorch's C++ has no meta kernel for a part of it";
  } catch (const std::exception& error) {
    out.why = "libtorch refuses it: " + first_line(error);
  }
  operators_->stack.clear();
  if (!out.known) {
    out.types.clear();
    out.forms.clear();
  }
  return out;
}

}  // namespace fettle
