// The tensors that a frozen program holds: the inputs of the failing run and the weights, by the
// placeholders of its own graph.
#pragma once

#include <optional>
#include <vector>

#include "bisect/shrink.hpp"
#include "graph/journal.hpp"

namespace fettle {

struct HeldTensor {
  NodeId placeholder;
  ValueId value;
  std::optional<std::size_t> input;  // which user input; none: a weight
};
std::vector<HeldTensor> held_tensors(const FrozenProgram& program);

Tensor tensor_of(const FrozenProgram& program, const HeldTensor& held);
const Type& type_of(const FrozenProgram& program, const HeldTensor& held);

// Another one, of the same dtype. Sizes of the placeholder that are numbers become its sizes.
// `journal` is the program's graph's.
void put_tensor(FrozenProgram& program, Journal& journal, const HeldTensor& held,
                const Tensor& tensor);

}  // namespace fettle
