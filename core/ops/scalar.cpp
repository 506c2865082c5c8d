#include "ops/scalar.hpp"

#include <algorithm>

namespace fettle {
namespace {

using namespace python;

constexpr ScalarOperator kOperators[] = {
    {"_operator.add", "ab", "SymInt", add},
    {"_operator.and_", "ab", "SymBool", bit_and},
    {"_operator.eq", "ab", "SymBool", eq},
    {"_operator.floordiv", "ab", "SymInt", floordiv},
    {"_operator.ge", "ab", "SymBool", ge},
    {"_operator.gt", "ab", "SymBool", gt},
    {"_operator.le", "ab", "SymBool", le},
    {"_operator.lshift", "ab", "SymInt", lshift},
    {"_operator.lt", "ab", "SymBool", lt},
    {"_operator.mod", "ab", "SymInt", mod},
    {"_operator.mul", "ab", "SymInt", mul},
    {"_operator.ne", "ab", "SymBool", ne},
    {"_operator.neg", "a", "SymInt", neg},
    {"_operator.or_", "ab", "SymBool", bit_or},
    {"_operator.pos", "a", "SymInt", pos},
    {"_operator.pow", "ab", "SymInt", power},
    {"_operator.rshift", "ab", "SymInt", rshift},
    {"_operator.sub", "ab", "SymInt", sub},
    {"_operator.truediv", "ab", "SymFloat", truediv},
    {"math.trunc", "x", "SymInt", truncate},
    {"torch._sym_sqrt", "a", "SymFloat", square_root},
    {"torch.sym_float", "a", "SymFloat", to_float},
    {"torch.sym_int", "a", "SymInt", truncate},
    {"torch.sym_ite", "btf", "SymInt", choose},
    {"torch.sym_max", "ab", "SymInt", maximum},
    {"torch.sym_min", "ab", "SymInt", minimum},
    {"torch.sym_not", "a", "SymBool", logical_not},
};

}  // namespace

std::span<const ScalarOperator> scalar_operators() { return kOperators; }

const ScalarOperator* find_scalar_operator(std::string_view name) {
  const auto found = std::lower_bound(
      std::begin(kOperators), std::end(kOperators), name,
      [](const ScalarOperator& op, std::string_view wanted) { return op.name < wanted; });
  return found != std::end(kOperators) && found->name == name ? found : nullptr;
}

}  // namespace fettle
