// libtorch's registry read through c10::Dispatcher, once for each operator that is asked for.
//
// The memo is the one static of ops/: it only repeats what libtorch's own registry, a process-wide
// singleton, says. Entries are never dropped, so that pointers to them stay valid; an operator that
// is not there is asked for again, since a library loaded later may register it.

#include "ops/registry.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/jit_type.h>

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "ops/higher_order.hpp"
#include "ops/operator_name.hpp"
#include "ops/scalar.hpp"
#include "ops/torch_numbers.hpp"

namespace fettle {
namespace {

// The type below "?" and, for a list, what it holds.
struct TypeParts {
  c10::TypePtr element;
  bool optional = false, list = false, optional_elements = false, nested = false;
};

TypeParts parts_of(c10::TypePtr type) {
  TypeParts parts;
  if (type->kind() == c10::TypeKind::OptionalType) {
    parts.optional = true;
    type = type->expectRef<c10::OptionalType>().getElementType();
  }
  if (type->kind() == c10::TypeKind::ListType) {
    parts.list = true;
    type = type->expectRef<c10::ListType>().getElementType();
    if (type->kind() == c10::TypeKind::OptionalType) {
      parts.optional_elements = true;
      type = type->expectRef<c10::OptionalType>().getElementType();
    } else if (type->kind() == c10::TypeKind::ListType) {
      parts.nested = true;
      type = type->expectRef<c10::ListType>().getElementType();
    }
  }
  parts.element = type;
  return parts;
}

ArgKind list_kind(const TypeParts& parts) {
  switch (parts.element->kind()) {
    case c10::TypeKind::TensorType:
      if (parts.nested) return ArgKind::nested_tensors;
      return parts.optional_elements ? ArgKind::optional_tensors : ArgKind::tensors;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return parts.nested ? ArgKind::integer_lists : ArgKind::integers;
    case c10::TypeKind::FloatType: return parts.nested ? ArgKind::real_lists : ArgKind::reals;
    case c10::TypeKind::NumberType: return ArgKind::reals;
    case c10::TypeKind::BoolType: return ArgKind::booleans;
    case c10::TypeKind::StringType: return ArgKind::strings;
    default: return ArgKind::none;
  }
}

ArgKind kind_of(const TypeParts& parts) {
  if (parts.list) return list_kind(parts);
  switch (parts.element->kind()) {
    case c10::TypeKind::TensorType: return ArgKind::tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return ArgKind::integer;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
    case c10::TypeKind::NumberType: return ArgKind::real;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType: return ArgKind::boolean;
    case c10::TypeKind::ComplexType: return ArgKind::complex_number;
    case c10::TypeKind::StringType: return ArgKind::string;
    case c10::TypeKind::ScalarTypeType: return ArgKind::dtype;
    case c10::TypeKind::LayoutType: return ArgKind::layout;
    case c10::TypeKind::MemoryFormatType: return ArgKind::memory_format;
    case c10::TypeKind::DeviceObjType: return ArgKind::device;
    case c10::TypeKind::ClassType: return ArgKind::custom_obj;
    default: return ArgKind::none;
  }
}

// A list-typed argument is annotated on the list, on its elements, or both.
void add_alias_sets(const c10::AliasInfo& info, std::vector<std::string>& sets, bool& written) {
  for (const c10::Symbol& set : info.beforeSets()) sets.emplace_back(set.toUnqualString());
  written = written || info.isWrite();
  for (const c10::AliasInfo& contained : info.containedTypes()) {
    add_alias_sets(contained, sets, written);
  }
}

Argument boolean_list(const c10::IValue& value) {
  std::vector<Argument> elements;
  for (bool b : value.toBoolList()) elements.push_back({ArgKind::boolean, b});
  return {ArgKind::booleans, std::move(elements)};
}

Argument default_number(const c10::IValue& value, ArgKind kind) {
  if (value.isBool()) return {ArgKind::boolean, value.toBool()};
  if (value.isDouble()) return {ArgKind::real, value.toDouble()};
  const std::int64_t number = value.toInt();
  switch (kind) {
    case ArgKind::dtype:
      return {kind, static_cast<std::int64_t>(dtype_of(static_cast<c10::ScalarType>(number)))};
    case ArgKind::layout: return {kind, layout_number(static_cast<c10::Layout>(number))};
    case ArgKind::memory_format:
      return {kind, memory_format_number(static_cast<c10::MemoryFormat>(number))};
    default: return {ArgKind::integer, number};
  }
}

// nullopt: a default that no graph can spell (a device, a generator); the call must give it.
std::optional<Argument> default_of(const c10::IValue& value, ArgKind kind) {
  if (value.isNone()) return Argument{};
  if (value.isBool() || value.isInt() || value.isDouble()) return default_number(value, kind);
  if (value.isString()) return Argument{ArgKind::string, StringId{}};
  if (value.isIntList()) return Argument{ArgKind::integers, value.toIntVector()};
  if (value.isDoubleList()) return Argument{ArgKind::reals, value.toDoubleVector()};
  if (value.isBoolList()) return boolean_list(value);
  if (value.isList() && value.toListRef().empty()) return Argument{kind, std::vector<Argument>{}};
  return std::nullopt;
}

std::string printed_type(const c10::Argument& argument) {
  std::string text = argument.real_type()->str();
  if (argument.N() && text.ends_with("[]")) {
    text.insert(text.size() - 1, std::to_string(*argument.N()));
  }
  return text;
}

SchemaArgument read_argument(const c10::Argument& from) {
  const TypeParts parts = parts_of(from.real_type());
  SchemaArgument to;
  to.name = from.name();
  to.type = printed_type(from);
  to.keyword_only = from.kwarg_only();
  to.kind = kind_of(parts);
  to.optional = parts.optional || parts.element->kind() == c10::TypeKind::NoneType;
  to.fixed_length = parts.list ? from.N().value_or(0) : 0;
  if (from.default_value()) {
    to.default_value = default_of(*from.default_value(), to.kind);
    if (from.default_value()->isString()) to.default_text = from.default_value()->toStringRef();
  }
  if (from.alias_info()) add_alias_sets(*from.alias_info(), to.alias_sets, to.written);
  return to;
}

SchemaReturn read_return(const c10::Argument& from) {
  SchemaReturn to;
  to.type = printed_type(from);
  if (from.alias_info()) add_alias_sets(*from.alias_info(), to.alias_sets, to.written);
  return to;
}

OperatorSchema read_schema(std::string_view name, const c10::OperatorHandle& handle) {
  OperatorSchema schema;
  schema.name = name;
  const c10::FunctionSchema& registered = handle.schema();
  for (const c10::Argument& a : registered.arguments()) {
    schema.arguments.push_back(read_argument(a));
  }
  for (const c10::Argument& r : registered.returns()) schema.returns.push_back(read_return(r));
  schema.variadic_arguments = registered.is_vararg();
  schema.variadic_returns = registered.is_varret();

  const auto has = [&](c10::DispatchKey key) { return handle.hasKernelForDispatchKey(key); };
  schema.composite_implicit = has(c10::DispatchKey::CompositeImplicitAutograd);
  schema.has_meta_kernel = schema.composite_implicit || has(c10::DispatchKey::Meta) ||
                           has(c10::DispatchKey::CompositeExplicitAutograd) ||
                           has(c10::DispatchKey::CompositeExplicitAutogradNonFunctional);
  schema.pointwise = handle.hasTag(at::Tag::pointwise);
  schema.nondeterministic_seeded = handle.hasTag(at::Tag::nondeterministic_seeded);
  schema.inplace_view = handle.hasTag(at::Tag::inplace_view);
  schema.view_copy = handle.hasTag(at::Tag::view_copy);
  schema.data_dependent_output = handle.hasTag(at::Tag::data_dependent_output);
  schema.dynamic_output_shape = handle.hasTag(at::Tag::dynamic_output_shape);
  schema.core = handle.hasTag(at::Tag::core);
  return schema;
}

OperatorSchema scalar_schema(const ScalarOperator& op) {
  OperatorSchema schema;
  schema.name = op.name;
  schema.source = SchemaSource::scalar;
  for (char letter : op.arguments) {
    SchemaArgument argument;
    argument.name = std::string(1, letter);
    argument.type = "Scalar";
    argument.kind = ArgKind::real;
    schema.arguments.push_back(std::move(argument));
  }
  schema.returns.push_back({std::string(op.result), {}, false});
  return schema;
}

std::optional<OperatorSchema> look_up(std::string_view name) {
  if (const ScalarOperator* scalar = find_scalar_operator(name)) return scalar_schema(*scalar);
  if (is_higher_order(name)) {
    if (!find_higher_order(name)) return std::nullopt;
    OperatorSchema schema;
    schema.name = name;
    schema.source = SchemaSource::higher_order;
    schema.variadic_arguments = schema.variadic_returns = true;
    return schema;
  }
  const auto parts = split_operator_name(name);
  if (!parts) return std::nullopt;
  const auto handle = c10::Dispatcher::singleton().findSchema(
      {std::string(parts->qualified), std::string(parts->overload)});
  if (!handle) return std::nullopt;
  return read_schema(name, *handle);
}

class Memo {
 public:
  const OperatorSchema* find(std::string_view name) {
    {
      std::shared_lock lock(mutex_);
      if (const auto found = schemas_.find(name); found != schemas_.end()) return found->second.get();
    }
    std::optional<OperatorSchema> schema = look_up(name);
    if (!schema) return nullptr;
    std::unique_lock lock(mutex_);
    auto& entry = schemas_[std::string(name)];  // another thread may have been faster
    if (!entry) entry = std::make_unique<const OperatorSchema>(std::move(*schema));
    return entry.get();
  }

 private:
  std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<const OperatorSchema>, std::less<>> schemas_;
};

}  // namespace

std::optional<OperatorNameParts> split_operator_name(std::string_view name) {
  const std::size_t first = name.find('.');
  const std::size_t last = name.rfind('.');
  if (first == name.npos || first == last || first == 0 || last + 1 == name.size()) {
    return std::nullopt;
  }
  OperatorNameParts parts;
  parts.qualified.append(name.substr(0, first)).append("::");
  parts.qualified.append(name.substr(first + 1, last - first - 1));
  if (const std::string_view overload = name.substr(last + 1); overload != "default") {
    parts.overload = overload;
  }
  return parts;
}

const OperatorSchema* find_operator(std::string_view name) {
  static Memo memo;
  return memo.find(name);
}

ResultForms result_forms_of(const OperatorSchema& schema) {
  ResultForms forms;
  for (const SchemaReturn& r : schema.returns) {
    std::string_view type = r.type;
    if (type.ends_with('?')) type.remove_suffix(1);
    if (type == "Tensor[]") {
      forms.push_back({ArgKind::tensors, 0});  // how many only the call's types tell
    } else if (type == "Tensor") {
      forms.push_back({ArgKind::tensor, 1});
    } else if (type == "bool" || type == "SymBool") {
      forms.push_back({ArgKind::sym_bool, 1});
    } else if (type == "float" || type == "SymFloat" || type == "Scalar") {
      forms.push_back({ArgKind::sym_float, 1});
    } else if (type == "int" || type == "SymInt") {
      forms.push_back({ArgKind::sym_int, 1});
    } else {
      forms.push_back({ArgKind::none, 0});
    }
  }
  return forms;
}

}  // namespace fettle
