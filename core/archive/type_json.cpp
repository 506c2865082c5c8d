#include "archive/type_json.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace fettle {
namespace {

// An expression and its value at export, which `hint_tag` names ("as_int", "as_bool").
void read_expression(const JsonRef& expression, std::string_view hint_tag, SymInt& into) {
  into.expression = expression.get("expr_str").string();
  if (into.expression.empty())
    expression.get("expr_str").fail(Code::archive_json_shape, "an expression is empty");
  const auto hint = expression.find("hint");
  into.has_hint = hint.has_value();
  if (!hint) return;
  const auto [tag, value] = hint->tagged();
  if (tag != hint_tag)
    value.fail(Code::archive_json_shape, fmt::format("the hint '{}' does not fit here", tag));
  into.value = tag == "as_bool" ? value.boolean() : value.integer();
}

SymInt read_sym_int(const JsonRef& number) {
  SymInt result;
  const auto [tag, value] = number.tagged();
  if (tag == "as_int") {
    result.value = value.integer();
  } else if (tag == "as_expr") {
    read_expression(value, "as_int", result);
  } else {
    value.fail(Code::archive_json_shape, fmt::format("'{}' is no kind of symbolic integer", tag));
  }
  return result;
}

std::vector<SymInt> read_sym_ints(const JsonRef& list) {
  std::vector<SymInt> numbers;
  const std::size_t count = list.array().size();
  numbers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(read_sym_int(list.at(i)));
  return numbers;
}

void write_expression(JsonWriter& out, const SymInt& number, std::string_view hint_tag) {
  out.raw("{\"as_expr\": {\"expr_str\": ");
  out.string(number.expression);
  out.key("hint");
  if (number.has_hint) {
    out.raw("{");
    out.key(hint_tag, true);
    hint_tag == "as_bool" ? out.boolean(number.value != 0) : out.integer(number.value);
    out.raw("}");
  } else {
    out.raw("null");
  }
  out.raw("}}");
}

void write_sym_int(JsonWriter& out, const SymInt& number) {
  if (number.symbolic()) return write_expression(out, number, "as_int");
  out.raw("{\"as_int\": ");
  out.integer(number.value);
  out.raw("}");
}

}  // namespace

const std::array<TypeField, 5> kTypeFields = {
    TypeField{"tensor_values", TypeKind::tensor, shapes::tensor_meta},
    TypeField{"sym_int_values", TypeKind::sym_int, shapes::sym_int},
    TypeField{"sym_bool_values", TypeKind::sym_bool, shapes::sym_bool},
    TypeField{"custom_obj_values", TypeKind::custom_obj, shapes::custom_obj},
    TypeField{"sym_float_values", TypeKind::sym_float, shapes::sym_float},
};

const TypeField& type_field(TypeKind kind) {
  return *std::ranges::find(kTypeFields, kind, &TypeField::kind);
}

DType read_dtype(const JsonRef& number) {
  const auto dtype = dtype_from_number(number.integer());
  if (!dtype)
    number.fail(Code::archive_json_shape,
                fmt::format("there is no dtype number {}", number.integer()));
  return *dtype;
}

Device read_device(const JsonRef& device) {
  Device result;
  result.type = device.get("type").string();
  if (const auto index = device.find("index")) result.index = index->integer();
  return result;
}

Type read_tensor_meta(const JsonRef& meta) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = read_dtype(meta.get("dtype"));
  const JsonRef sizes = meta.get("sizes"), strides = meta.get("strides");
  type.sizes = read_sym_ints(sizes);
  type.strides = read_sym_ints(strides);
  if (type.sizes.size() != type.strides.size()) {
    meta.fail(Code::archive_json_shape, fmt::format("a tensor has {} sizes and {} strides",
                                                    type.sizes.size(), type.strides.size()));
  }
  type.requires_grad = meta.get("requires_grad").boolean();
  const JsonRef device = meta.get("device"), layout = meta.get("layout");
  type.device = read_device(device);
  type.storage_offset = read_sym_int(meta.get("storage_offset"));
  if (layout.count() > static_cast<std::int64_t>(Layout::strided)) {
    layout.fail(Code::archive_json_shape,
                fmt::format("there is no layout number {}", layout.count()));
  }
  type.layout = static_cast<Layout>(layout.count());
  return type;
}

Type read_sym_int_type(const JsonRef& value) {
  Type type;
  type.kind = TypeKind::sym_int;
  type.scalar = read_sym_int(value);
  return type;
}

Type read_sym_bool_type(const JsonRef& value) {
  Type type;
  type.kind = TypeKind::sym_bool;
  const auto [tag, inner] = value.tagged();
  if (tag == "as_bool") {
    type.scalar.value = inner.boolean();
  } else if (tag == "as_expr") {
    read_expression(inner, "as_bool", type.scalar);
  } else {
    inner.fail(Code::archive_json_shape, fmt::format("'{}' is no kind of symbolic boolean", tag));
  }
  return type;
}

Type read_sym_float_type(const JsonRef& value) {
  const auto [tag, inner] = value.tagged();
  if (tag == "as_float") {
    inner.real();
  } else if (tag == "as_expr") {
    inner.get("expr_str").string();
  } else {
    inner.fail(Code::archive_json_shape, fmt::format("'{}' is no kind of symbolic float", tag));
  }
  Type type;
  type.kind = TypeKind::sym_float;
  JsonWriter(type.text).value(value.value());  // kept as text: nothing computes with it
  return type;
}

void write_device(JsonWriter& out, const Device& device) {
  out.raw("{\"type\": ");
  out.string(device.type);
  out.key("index");
  device.index ? out.integer(*device.index) : out.raw("null");
  out.raw("}");
}

void write_tensor_meta(JsonWriter& out, const Type& type) {
  const auto write = [&](const SymInt& number) { write_sym_int(out, number); };
  out.raw("{\"dtype\": ");
  out.integer(static_cast<std::int64_t>(type.dtype));
  out.key("sizes");
  out.list(type.sizes, write);
  out.key("requires_grad");
  out.boolean(type.requires_grad);
  out.key("device");
  write_device(out, type.device);
  out.key("strides");
  out.list(type.strides, write);
  out.key("storage_offset");
  write(type.storage_offset);
  out.key("layout");
  out.integer(static_cast<std::int64_t>(type.layout));
  out.raw("}");
}

void write_sym_type(JsonWriter& out, const Type& type) {
  if (type.kind == TypeKind::sym_float) return out.raw(type.text);
  if (type.kind == TypeKind::sym_int) return write_sym_int(out, type.scalar);
  if (type.scalar.symbolic()) return write_expression(out, type.scalar, "as_bool");
  out.raw("{\"as_bool\": ");
  out.boolean(type.scalar.value != 0);
  out.raw("}");
}

}  // namespace fettle
