#include "ops/type_rules.hpp"

#include <algorithm>

namespace fettle {

const Argument* RuleCall::find(std::string_view name) const {
  for (const NamedArgument& argument : call_.arguments) {
    if (call_.graph.text(argument.name) == name) return &argument.value;
  }
  return nullptr;
}

const Argument& RuleCall::get(std::string_view name) const {
  if (const Argument* argument = find(name)) return *argument;
  throw NoRule{"the call has no argument '" + std::string(name) + "'"};
}

bool RuleCall::given(std::string_view name) const {
  const Argument* argument = find(name);
  return argument && !std::holds_alternative<std::monostate>(argument->payload);
}

TensorShape RuleCall::shape_of(const Operand& operand) const {
  const Type& type = *call_.operands[operand.index];
  if (type.kind != TypeKind::tensor) throw NoRule{"an operand is not a tensor"};
  return fettle::shape_of(type, sizes);
}

TensorShape RuleCall::tensor(std::string_view name) const {
  const auto* operand = std::get_if<Operand>(&get(name).payload);
  if (!operand) throw NoRule{"'" + std::string(name) + "' is not a tensor"};
  return shape_of(*operand);
}

bool RuleCall::requires_grad(std::string_view name) const {
  const auto* operand = std::get_if<Operand>(&get(name).payload);
  return operand && call_.operands[operand->index]->requires_grad;
}

TensorShapes RuleCall::tensors(std::string_view name) const {
  TensorShapes all;
  for_each_operand(get(name), [&](const Operand& operand) { all.push_back(shape_of(operand)); });
  return all;
}

Size RuleCall::size_of(const Argument& argument) const {
  if (const auto* number = std::get_if<std::int64_t>(&argument.payload)) return *number;
  if (const auto* flag = std::get_if<bool>(&argument.payload)) return std::int64_t{*flag};
  if (const auto* operand = std::get_if<Operand>(&argument.payload)) {
    const Type& type = *call_.operands[operand->index];
    if (type.kind == TypeKind::sym_int) return sizes.size(type.scalar);
  }
  throw NoRule{"an argument is no whole number"};
}

Size RuleCall::size(std::string_view name) const {
  return size_of(get(name));
}

Sizes RuleCall::ints(std::string_view name) const {
  const Argument& argument = get(name);
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&argument.payload)) {
    return {numbers->begin(), numbers->end()};
  }
  if (const auto* elements = std::get_if<std::vector<Argument>>(&argument.payload)) {
    Sizes all;
    for (const Argument& element : *elements) all.push_back(size_of(element));
    return all;
  }
  if (std::holds_alternative<std::monostate>(argument.payload)) return {};
  return {size_of(argument)};
}

bool RuleCall::flag(std::string_view name) const {
  const Size value = size(name);
  if (value.symbolic()) throw NoRule{"'" + std::string(name) + "' is not known"};
  return value.value != 0;
}

double RuleCall::real(std::string_view name) const {
  const Argument& argument = get(name);
  if (const auto* number = std::get_if<double>(&argument.payload)) return *number;
  const Size value = size_of(argument);
  if (value.symbolic()) throw NoRule{"'" + std::string(name) + "' is not known"};
  return static_cast<double>(value.value);
}

std::string_view RuleCall::text(std::string_view name) const {
  const auto* id = std::get_if<StringId>(&get(name).payload);
  return id ? call_.graph.text(*id) : std::string_view{};
}

std::optional<DType> RuleCall::dtype(std::string_view name) const {
  const Argument* argument = find(name);
  const auto* number = argument ? std::get_if<std::int64_t>(&argument->payload) : nullptr;
  return number ? dtype_from_number(*number) : std::nullopt;
}

std::optional<std::int64_t> RuleCall::memory_format(std::string_view name) const {
  const Argument* argument = find(name);
  const auto* number = argument ? std::get_if<std::int64_t>(&argument->payload) : nullptr;
  return number ? std::optional(*number) : std::nullopt;
}

std::size_t RuleCall::dim(std::int64_t given, std::size_t rank) const {
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(rank, 1));
  if (given < -count || given >= count) throw NoRule{"there is no such dimension"};
  return static_cast<std::size_t>(given < 0 ? given + count : given);
}

std::size_t RuleCall::dim(std::string_view name, std::size_t rank) const {
  const Size given = size(name);
  if (given.symbolic()) throw NoRule{"which dimension is not known"};
  return dim(given.value, rank);
}

TensorShape RuleCall::dense(Sizes result, DType dtype, const TensorShape& like) const {
  TensorShape shape;
  shape.strides = sizes.contiguous(result);
  shape.sizes = std::move(result);
  shape.dtype = dtype;
  shape.device = like.device;
  return shape;
}

TensorShape shape_of(const Type& type, SizeAlgebra& algebra) {
  if (type.dtype == DType::unknown) throw NoRule{"the dtype of an operand is not known"};
  if (type.layout != Layout::strided) throw NoRule{"an operand is not a strided tensor"};
  if (type.strides.size() != type.sizes.size())
    throw NoRule{"the strides of an operand are not recorded"};
  return {type.dtype, algebra.sizes(type.sizes), algebra.sizes(type.strides),
          algebra.size(type.storage_offset), type.device};
}

Type type_of(const TensorShape& shape, SizeAlgebra& algebra) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = shape.dtype;
  type.sizes = algebra.sym_ints(shape.sizes);
  type.strides = algebra.sym_ints(shape.strides);
  type.storage_offset = algebra.sym_int(shape.offset);
  type.device = shape.device;
  return type;
}

Sizes broadcast(SizeAlgebra& algebra, const Sizes& a, const Sizes& b) {
  const Sizes& longer = a.size() >= b.size() ? a : b;
  const Sizes& shorter = a.size() >= b.size() ? b : a;
  Sizes result = longer;
  const std::size_t ahead = longer.size() - shorter.size();
  for (std::size_t d = 0; d < shorter.size(); ++d) {
    const Size& one = longer[ahead + d];
    const Size& other = shorter[d];
    if (one == other || other.is(1)) continue;
    if (one.is(1)) {
      result[ahead + d] = other;
    } else if (!one.symbolic() || !other.symbolic()) {
      // The symbolic one must be 1 or the number: either way the result is the number.
      if (!one.symbolic() && !other.symbolic()) throw NoRule{"sizes do not broadcast"};
      result[ahead + d] = one.symbolic() ? other : one;
      if (algebra.same(one, other) == false && algebra.less(1, one.symbolic() ? one : other)) {
        throw NoRule{"sizes do not broadcast"};
      }
    } else {
      throw NoRule{"two symbolic sizes are not known to be equal"};
    }
  }
  return result;
}

}  // namespace fettle
