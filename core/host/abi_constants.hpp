// Constants of a program as plugins add and remove them: a constant is an entry of the constant
// table and a placeholder of the root block whose input spec names it; the two come and go
// together.
#pragma once

#include "host/context.hpp"

namespace fettle {

// Copies the tensor into the program, with a fresh qualified name from `name`, and answers its
// value. The placeholder stands before the user inputs, as torch.export wants it.
ValueId add_constant_input(Journal& journal, fettle_graph& handle, std::string_view name,
                           const DLTensor& tensor);

// Erases the placeholder of a parameter, buffer or constant that nobody uses, and the constant
// with it. Refuses user inputs and inputs that an output of the signature updates.
void erase_constant_input(Journal& journal, NodeId placeholder);

}  // namespace fettle
