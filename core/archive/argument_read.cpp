#include <fmt/core.h>

#include "archive/argument_json.hpp"
#include "archive/type_json.hpp"

namespace fettle {
namespace {

[[noreturn]] void unknown_tag(const JsonRef& at, std::string_view tag, std::string_view what) {
  at.fail(Code::archive_json_shape, fmt::format("'{}' is no kind of {}", tag, what));
}

template <class T, class Fn>
std::vector<T> read_list(const JsonRef& values, Fn&& read) {
  std::vector<T> result;
  const std::size_t count = values.array().size();
  result.reserve(count);
  for (std::size_t i = 0; i < count; ++i) result.push_back(read(values.at(i)));
  return result;
}

// The serialized enumerations; their numbers are checked so that later code may trust them.
std::int64_t read_number(const JsonRef& value, std::int64_t last, std::string_view what) {
  if (value.count() > last)
    value.fail(Code::archive_json_shape,
               fmt::format("there is no {} number {}", what, value.count()));
  return value.count();
}

}  // namespace

Argument ArgumentReader::read(const JsonRef& argument, std::vector<ValueId>& operands) {
  operands_ = &operands;
  const auto [tag, value] = argument.tagged();
  const auto kind = argument_kind(tag);
  if (!kind) unknown_tag(value, tag, "argument");
  return {*kind, payload(*kind, value)};
}

Argument::Payload ArgumentReader::operand(const JsonRef& name) {
  const StringId id = graph_.strings().find(name.string());
  const auto found = id ? names_.find(id) : names_.end();
  if (found == names_.end()) {
    name.fail(Code::archive_dangling_value,
              fmt::format("the value '{}' is used before anything defines it", name.string()),
              "it is neither an input of this graph nor a result of an earlier node");
  }
  operands_->push_back(found->second);
  return Operand{static_cast<std::uint32_t>(operands_->size() - 1)};
}

// {"as_name": "s0"} or the plain number.
Argument::Payload ArgumentReader::sym_scalar(ArgKind kind, const JsonRef& scalar) {
  const auto [tag, value] = scalar.tagged();
  if (tag == "as_name") return operand(value);
  if (tag == "as_int" && kind == ArgKind::sym_int) return value.integer();
  if (tag == "as_float" && kind == ArgKind::sym_float) return value.real();
  if (tag == "as_bool" && kind == ArgKind::sym_bool) return value.boolean();
  unknown_tag(value, tag, "symbolic argument");
}

Argument::Payload ArgumentReader::list(ArgKind element, const JsonRef& values) {
  return read_list<Argument>(values, [&](const JsonRef& v) {
    return Argument{element, payload(element, v)};
  });
}

Argument::Payload ArgumentReader::dictionary(const JsonRef& members) {
  std::vector<DictEntry> entries;
  const std::size_t count = members.object().size();
  for (std::size_t i = 0; i < count; ++i) {
    const JsonRef member = members.at(i);
    const std::string_view key = (members.object().begin() + static_cast<std::ptrdiff_t>(i))->key();
    entries.push_back({graph_.intern(key), read(member, *operands_)});
  }
  return entries;
}

Argument::Payload ArgumentReader::payload(ArgKind kind, const JsonRef& value) {
  switch (kind) {
    case ArgKind::none:
      return std::monostate{};
    case ArgKind::tensor:
    case ArgKind::custom_obj:
      return operand(value.get("name"));
    case ArgKind::optional_tensor: {
      const auto [tag, tensor] = value.tagged();
      if (tag == "as_none") return std::monostate{};
      if (tag != "as_tensor") unknown_tag(tensor, tag, "optional tensor");
      return operand(tensor.get("name"));
    }
    case ArgKind::sym_int:
    case ArgKind::sym_float:
    case ArgKind::sym_bool:
      return sym_scalar(kind, value);
    case ArgKind::tensors:
      return list(ArgKind::tensor, value);
    case ArgKind::optional_tensors:
      return list(ArgKind::optional_tensor, value);
    case ArgKind::nested_tensors:
      return list(ArgKind::tensors, value);
    case ArgKind::sym_ints:
      return list(ArgKind::sym_int, value);
    case ArgKind::sym_floats:
      return list(ArgKind::sym_float, value);
    case ArgKind::sym_bools:
      return list(ArgKind::sym_bool, value);
    case ArgKind::integer_lists:
      return list(ArgKind::integers, value);
    case ArgKind::real_lists:
      return list(ArgKind::reals, value);
    case ArgKind::booleans:
      return list(ArgKind::boolean, value);
    case ArgKind::strings:
      return list(ArgKind::string, value);
    case ArgKind::integer:
      return value.integer();
    case ArgKind::integers:
      return read_list<std::int64_t>(value, [](const JsonRef& v) { return v.integer(); });
    case ArgKind::real:
      return value.real();
    case ArgKind::reals:
      return read_list<double>(value, [](const JsonRef& v) { return v.real(); });
    case ArgKind::boolean:
      return value.boolean();
    case ArgKind::complex_number:
      return std::complex<double>(value.get("real").real(), value.get("imag").real());
    case ArgKind::string:
      return graph_.intern(value.string());
    case ArgKind::operator_name:
      return graph_.intern(operator_from_target(value.string()));
    case ArgKind::dtype:
      return static_cast<std::int64_t>(read_dtype(value));
    case ArgKind::layout:
      return read_number(value, static_cast<std::int64_t>(Layout::strided), "layout");
    case ArgKind::memory_format:
      return read_number(value, 4, "memory format");
    case ArgKind::device:
      return read_device(value);
    case ArgKind::block:
      return read_block_(value);
    case ArgKind::dict:
      return dictionary(value);
  }
  value.wrong_type("an argument");
}

}  // namespace fettle
