#include "ops/numbers_as_tensors.hpp"

#include <algorithm>

namespace fettle {
namespace {

constexpr std::string_view kNames[] = {
    "_conj", "_to_copy", "add", "copy", "div", "divide", "floor_divide", "mul", "multiply",
    "sub", "subtract", "to", "true_divide",
};

}  // namespace

bool takes_numbers_as_tensors(std::string_view op) {
  constexpr std::string_view kNamespace = "aten.";
  if (!op.starts_with(kNamespace)) return false;
  op.remove_prefix(kNamespace.size());
  op = op.substr(0, op.find('.'));
  if (op.ends_with("_out")) op.remove_suffix(4);
  if (op.ends_with('_')) op.remove_suffix(1);  // the in-place twin
  return std::ranges::binary_search(kNames, op);
}

}  // namespace fettle
