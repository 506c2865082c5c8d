// "aten.add.Tensor" as a graph writes it, and ("aten::add", "Tensor") as libtorch registers it;
// the overload "default" is the empty one there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fettle {

struct OperatorNameParts {
  std::string qualified;  // "aten::add"
  std::string overload;   // "Tensor"
};

// Nothing when the name does not have the form namespace.operator.overload.
std::optional<OperatorNameParts> split_operator_name(std::string_view name);

}  // namespace fettle
