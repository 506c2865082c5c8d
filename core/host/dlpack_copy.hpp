// A borrowed DLPack tensor on the CPU as a constant of a program: contiguous, its own bytes.
#pragma once

#include "fettle/fettle.h"
#include "graph/constants.hpp"

namespace fettle {

TensorData copy_dlpack(const DLTensor& tensor);  // throws graph_bad_edit for what it cannot hold

}  // namespace fettle
