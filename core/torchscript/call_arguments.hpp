// Values of a boxed call into the arguments that a graph's node has, by the operator's schema: the
// other way round than runtime/boxing.
#pragma once

#include <ATen/core/ivalue.h>

#include <functional>
#include <vector>

#include "graph/journal.hpp"
#include "ops/registry.hpp"

namespace fettle {

// The graph's value that a tensor is.
using ValueOfTensor = std::function<ValueId(const at::Tensor&)>;

// Adds the arguments and operands to `spec`. What equals its default at the end of the list, or as a
// keyword, is left out, as torch.export leaves it out. Throws torchscript_unsupported for values that
// have no form in an archive; its `where` is empty.
void add_call_arguments(const Graph& graph, const OperatorSchema& schema,
                        const std::vector<c10::IValue>& values, const ValueOfTensor& value_of,
                        NodeSpec& spec);

// A number, a string or None by itself.
Argument constant_argument(const Graph& graph, const c10::IValue& value);

}  // namespace fettle
