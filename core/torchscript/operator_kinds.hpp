// What TorchScript's operators mean to the evaluator: which become nodes of the graph, which only look
// at a tensor's sizes and dtype, and which a program can do without.
#pragma once

#include <ATen/core/function_schema.h>

#include <string>
#include <string_view>

#include "ops/registry.hpp"

namespace fettle {

// "aten.add.Tensor" for aten::add(Tensor, …). TorchScript's twins of operators that take lists of
// optional tensors ("index.Tensor_hacked_twin") get the name of the original.
std::string graph_operator_name(const c10::FunctionSchema& schema);

// Whether a call of it belongs into the graph: it answers a tensor, or writes one.
bool computes_tensors(const OperatorSchema& schema);

// Operators on tensors whose results follow from dtype, device, sizes and identity.
bool reads_metadata_alone(std::string_view name);

// Statements without effect on the results: prints, warnings, profiling, gradient modes.
bool is_dropped(std::string_view name);

}  // namespace fettle
