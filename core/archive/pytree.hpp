// Containers of inputs and outputs, as torch.utils._pytree sees them: the leaves in order, and the
// text of the tree.
#pragma once

#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

namespace fettle {

// The leaves of tuples, lists and dictionaries; None and numbers are leaves too.
std::vector<c10::IValue> tree_leaves(const c10::IValue& value);

// treespec_dumps: "[1, {"type": "builtins.tuple", …}]".
std::string tree_spec(const c10::IValue& value);

}  // namespace fettle
