#include "ops/type_inference.hpp"

#include <algorithm>

#include "ops/type_probing.hpp"
#include "ops/type_rules.hpp"

namespace fettle {
namespace {

bool symbolic_sizes(const std::vector<SymInt>& sizes) {
  return std::ranges::any_of(sizes, &SymInt::symbolic);
}

bool is_symbolic(const Type& type) {
  return type.scalar.symbolic() || type.storage_offset.symbolic() || symbolic_sizes(type.sizes) ||
         symbolic_sizes(type.strides) || (type.kind == TypeKind::sym_float && !type.text.empty());
}

// Every result is one tensor, or one list of them, as the schema returns them.
CallTypes typed(TensorShapes shapes, const OperatorSchema& schema, SizeAlgebra& algebra,
                std::string rule) {
  CallTypes out;
  out.known = true;
  out.rule = std::move(rule);
  for (const TensorShape& shape : shapes) {
    if (shape.dtype != DType::unknown) out.types.push_back(type_of(shape, algebra));
  }
  if (schema.returns.size() == 1 && schema.returns[0].type.ends_with("[]")) {
    out.forms.push_back({ArgKind::tensors, static_cast<std::uint32_t>(shapes.size())});
  } else {
    for (const TensorShape& shape : shapes) {  // no dtype: None
      const bool made = shape.dtype != DType::unknown;
      out.forms.push_back({made ? ArgKind::tensor : ArgKind::none, made ? 1u : 0u});
    }
  }
  return out;
}

// By tag, but that indexing does so only where masks are among the indices.
bool depends_on_data(const TypedCall& call, const OperatorSchema& schema) {
  if (schema.data_dependent_output) return true;
  if (!schema.dynamic_output_shape) return false;
  if (!schema.name.starts_with("aten.index.") || call.operands.empty()) return true;
  return std::ranges::any_of(call.operands.subspan(1), [](const Type* type) {
    return type->dtype == DType::boolean || type->dtype == DType::uint8;
  });
}

}  // namespace

TypeInference::TypeInference(const Graph& graph) : sizes_(graph) {}
TypeInference::~TypeInference() = default;

CallTypes TypeInference::call(const TypedCall& call) {
  try {
    if (auto scalar = scalar_call_types(call, sizes_)) return std::move(*scalar);
  } catch (const NoRule& none) {
    return CallTypes::none(none.why);
  } catch (const SizeError& error) {
    return CallTypes::none(error.what());
  }
  const OperatorSchema* schema = find_operator(call.graph.text(call.op));
  if (!schema || schema->source != SchemaSource::dispatcher) {
    return CallTypes::none("the operator has no schema in libtorch's registry");
  }
  if (schema->returns.empty() && !schema->variadic_returns) {
    CallTypes nothing;
    nothing.known = true;
    nothing.rule = "schema";
    return nothing;
  }
  if (depends_on_data(call, *schema)) return CallTypes::none("it depends on data");
  bool has_symbols = false;
  for (const Type* type : call.operands) {
    if (type->kind == TypeKind::unknown)
      return CallTypes::none("the type of an operand is not known");
    has_symbols = has_symbols || is_symbolic(*type);
  }
  return has_symbols ? symbolic(call, *schema) : concrete(call, *schema);
}

CallTypes TypeInference::concrete(const TypedCall& call, const OperatorSchema& schema) {
  CallTypes reviewed = by_table(call, schema, true);
  if (reviewed.known || !reviewed.why.empty()) return reviewed;
  CallTypes meta = meta_.call(call);
  if (meta.known) return meta;
  CallTypes pointwise = by_pointwise(call, schema);
  if (pointwise.known) return pointwise;
  CallTypes table = by_table(call, schema, false);
  return table.known || !table.why.empty() ? table : meta;
}

CallTypes TypeInference::symbolic(const TypedCall& call, const OperatorSchema& schema) {
  CallTypes reviewed = by_table(call, schema, true);
  if (reviewed.known || !reviewed.why.empty()) return reviewed;
  CallTypes table = by_table(call, schema, false);
  if (table.known) return table;
  if (CallTypes pointwise = by_pointwise(call, schema); pointwise.known) return pointwise;
  CallTypes probed = types_by_probing(call, sizes_, meta_);
  return probed.known || table.why.empty() ? probed : table;
}

CallTypes TypeInference::by_table(const TypedCall& call, const OperatorSchema& schema,
                                  bool before_meta) {
  const TypeRow* row = find_type_row(schema.name);
  if (!row || row->before_meta != before_meta) return {};
  try {
    const RuleCall seen(call, schema, sizes_);
    return typed(row->rule(seen), schema, sizes_, "table: " + std::string(row->op));
  } catch (const NoRule& none) {
    return CallTypes::none(none.why);
  } catch (const SizeError& error) {
    return CallTypes::none(error.what());
  }
}

// The dtype is that of the meta kernel for operands of one element each, of the same ranks: it does
// not depend on sizes.
CallTypes TypeInference::by_pointwise(const TypedCall& call, const OperatorSchema& schema) {
  if (!schema.pointwise || schema.returns.size() != 1 || schema.returns[0].type != "Tensor")
    return {};
  try {
    const RuleCall seen(call, schema, sizes_);
    const TensorShapes operands = tensor_operands(seen);
    if (schema.returns[0].written) {  // in place: the operand itself
      return typed({seen.tensor("self")}, schema, sizes_, "pointwise");
    }
    std::vector<Type> small;
    std::vector<const Type*> pointers;
    for (const Type* type : call.operands) {
      Type one = *type;
      for (SymInt& size : one.sizes) size = 1;
      for (SymInt& stride : one.strides) stride = 1;
      one.storage_offset = 0;
      if (one.scalar.symbolic()) one.scalar = SymInt(2);
      if (one.kind == TypeKind::sym_float) one.text = "1.5";
      small.push_back(std::move(one));
    }
    for (const Type& type : small) pointers.push_back(&type);
    const CallTypes meta = meta_.call({call.graph, call.op, call.arguments, pointers});
    if (!meta.known || meta.types.size() != 1) return CallTypes::none(meta.why);
    return typed({pointwise(seen, operands, meta.types[0].dtype)}, schema, sizes_, "pointwise");
  } catch (const NoRule& none) {
    return CallTypes::none(none.why);
  } catch (const SizeError& error) {
    return CallTypes::none(error.what());
  }
}

}  // namespace fettle
