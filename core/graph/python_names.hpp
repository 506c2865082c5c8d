// Names that a node of torch.fx cannot have: Python's keywords and builtins ("max", "sum", "slice"), and
// a few of torch's own. FX renames such a node when the program is loaded, "max" to "max_1", and another
// node that has that name already makes the program one that Python refuses.
#pragma once

#include <string_view>

namespace fettle {

bool taken_by_python(std::string_view name);

}  // namespace fettle
