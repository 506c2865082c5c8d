// Arithmetic on sizes, exact: Python's scalar operators, and ATen's that ask a tensor for a size.
#include <array>

#include "ops/scalar.hpp"
#include "ops/type_rules.hpp"

namespace fettle {
namespace {

struct Function {
  std::string_view op, sympy;
};

// What has no arithmetic in the algebra is a call of the function that export records.
constexpr std::array kFunctions = {
    Function{"_operator.eq", "Equality"},
    Function{"_operator.ge", "GreaterThan"},
    Function{"_operator.gt", "StrictGreaterThan"},
    Function{"_operator.le", "LessThan"},
    Function{"_operator.lt", "StrictLessThan"},
    Function{"_operator.ne", "Unequality"},
    Function{"torch.sym_ite", "Where"},
    Function{"torch.sym_not", "Not"},
};

Size number_of(const Argument& argument, const TypedCall& call, SizeAlgebra& algebra) {
  if (const auto* number = std::get_if<std::int64_t>(&argument.payload)) return *number;
  if (const auto* flag = std::get_if<bool>(&argument.payload)) return std::int64_t{*flag};
  if (const auto* operand = std::get_if<Operand>(&argument.payload)) {
    const Type& type = *call.operands[operand->index];
    if (type.kind == TypeKind::sym_int || type.kind == TypeKind::sym_bool) {
      return algebra.size(type.scalar);
    }
  }
  throw NoRule{"it computes with floats, whose values are not followed"};
}

CallTypes scalar(TypeKind kind, const Size& size, SizeAlgebra& algebra, std::string rule) {
  CallTypes out;
  out.known = true;
  out.rule = std::move(rule);
  Type& type = out.types.emplace_back();
  type.kind = kind;
  type.scalar = algebra.sym_int(size);
  out.forms.push_back({kind == TypeKind::sym_int ? ArgKind::sym_int : ArgKind::sym_bool, 1});
  return out;
}

CallTypes arithmetic(const TypedCall& call, const ScalarOperator& op, SizeAlgebra& algebra) {
  if (op.result == "SymFloat") throw NoRule{"its result is a float, whose value is not followed"};
  Sizes given;
  for (const NamedArgument& argument : call.arguments) {
    given.push_back(number_of(argument.value, call, algebra));
  }
  if (given.size() != op.arguments.size())
    throw NoRule{"the call has other arguments than it takes"};
  const TypeKind kind = op.result == "SymBool" ? TypeKind::sym_bool : TypeKind::sym_int;
  const auto answer = [&](const Size& size) {
    return scalar(kind, size, algebra, "arithmetic on sizes");
  };
  const bool symbolic = std::ranges::any_of(given, &Size::symbolic);
  if (!symbolic) {
    std::vector<ScalarValue> values;
    for (const Size& size : given) values.emplace_back(size.value);
    try {
      return answer(python::integer(op.evaluate(values)));
    } catch (const ScalarError& error) {
      throw NoRule{error.what()};
    }
  }
  const std::string_view name = op.name;
  if (name == "_operator.add") return answer(algebra.add(given[0], given[1]));
  if (name == "_operator.sub") return answer(algebra.sub(given[0], given[1]));
  if (name == "_operator.mul") return answer(algebra.mul(given[0], given[1]));
  if (name == "_operator.neg") return answer(algebra.mul(given[0], -1));
  if (name == "_operator.pos" || name == "torch.sym_int" || name == "math.trunc") {
    return answer(given[0]);
  }
  if (name == "_operator.floordiv") return answer(algebra.floordiv(given[0], given[1]));
  if (name == "_operator.mod") return answer(algebra.mod(given[0], given[1]));
  if (name == "torch.sym_max") return answer(algebra.max(given[0], given[1]));
  if (name == "torch.sym_min") return answer(algebra.min(given[0], given[1]));
  if (name == "_operator.pow" && !given[1].symbolic() && given[1].value >= 0 &&
      given[1].value <= 8) {
    return answer(algebra.product(Sizes(static_cast<std::size_t>(given[1].value), given[0])));
  }
  if (name == "_operator.and_" || name == "_operator.or_") {
    const auto truth = [&](const Argument& argument) {
      const auto* operand = std::get_if<Operand>(&argument.payload);
      return operand ? call.operands[operand->index]->kind == TypeKind::sym_bool
                     : argument.kind == ArgKind::boolean;
    };
    if (!truth(call.arguments[0].value) || !truth(call.arguments[1].value)) {
      throw NoRule{"it works on the bits of a size"};
    }
    return answer(algebra.call(name == "_operator.and_" ? "And" : "Or", given));
  }
  for (const Function& function : kFunctions) {
    if (function.op == name) return answer(algebra.call(function.sympy, given));
  }
  throw NoRule{"there is no rule for it on symbolic sizes"};
}

// aten.sym_size.int(x, 0) and its like.
std::optional<Size> asked_of_tensor(const RuleCall& call, std::string_view op) {
  const TensorShape self = call.tensor("self");
  if (op == "aten.sym_numel.default") return call.sizes.product(self.sizes);
  if (op == "aten.sym_storage_offset.default") return self.offset;
  if (self.rank() == 0) throw NoRule{"the tensor has no dimensions"};
  const std::size_t d = call.dim("dim", self.rank());
  return op == "aten.sym_size.int" ? self.sizes[d] : self.strides[d];
}

}  // namespace

std::optional<CallTypes> scalar_call_types(const TypedCall& call, SizeAlgebra& algebra) {
  const std::string_view op = call.graph.text(call.op);
  if (const ScalarOperator* found = find_scalar_operator(op))
    return arithmetic(call, *found, algebra);
  if (op != "aten.sym_size.int" && op != "aten.sym_stride.int" && op != "aten.sym_numel.default" &&
      op != "aten.sym_storage_offset.default") {
    return std::nullopt;
  }
  const OperatorSchema* schema = find_operator(op);
  if (!schema) return std::nullopt;
  const RuleCall seen(call, *schema, algebra);
  const auto size = asked_of_tensor(seen, op);
  return scalar(TypeKind::sym_int, *size, algebra, "arithmetic on sizes");
}

}  // namespace fettle
