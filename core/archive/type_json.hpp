// Types as the archive writes them: tensor metadata, and symbolic numbers whose expressions stay
// the sympy text that they are.
#pragma once

#include <array>
#include <string_view>

#include "archive/json_ref.hpp"
#include "archive/json_shape.hpp"
#include "archive/json_write.hpp"
#include "graph/types.hpp"

namespace fettle {

// The fields of a graph that say its values' types, in the order of torch's schema.
struct TypeField {
  std::string_view name;
  TypeKind kind;
  const Shape& shape;
};
extern const std::array<TypeField, 5> kTypeFields;
const TypeField& type_field(TypeKind kind);

Type read_tensor_meta(const JsonRef& meta);
Type read_sym_int_type(const JsonRef& value);  // {"as_int": 3} or {"as_expr": {…}}
Type read_sym_bool_type(const JsonRef& value);
Type read_sym_float_type(const JsonRef& value);
Device read_device(const JsonRef& device);
DType read_dtype(const JsonRef& number);

void write_tensor_meta(JsonWriter& out, const Type& type);
void write_sym_type(JsonWriter& out, const Type& type);  // sym_int, sym_bool, sym_float
void write_device(JsonWriter& out, const Device& device);

}  // namespace fettle
