#include "torchscript/operator_kinds.hpp"

#include <algorithm>
#include <array>

namespace fettle {
namespace {

// Sorted, for binary search.
constexpr std::array<std::string_view, 42> kMetadata = {
    "aten::__is__", "aten::__isnot__", "aten::dense_dim", "aten::device",
    "aten::dim", "aten::element_size", "aten::get_device", "aten::is_complex", "aten::is_conj",
    "aten::is_contiguous", "aten::is_floating_point", "aten::is_inference", "aten::is_leaf",
    "aten::is_neg", "aten::is_same_size", "aten::is_signed", "aten::is_strides_like_format",
    "aten::len", "aten::ndimension", "aten::numel", "aten::output_nr", "aten::result_type",
    "aten::size", "aten::storage_offset", "aten::stride", "aten::sym_numel", "aten::sym_size",
    "aten::sym_storage_offset", "aten::sym_stride", "prim::device", "prim::dtype",
    "prim::is_cpu", "prim::is_cuda", "prim::is_meta", "prim::is_quantized", "prim::is_sparse",
    "prim::itemsize", "prim::layout", "prim::name", "prim::nbytes", "prim::requires_grad",
    "prim::shape"};

constexpr std::array<std::string_view, 8> kDropped = {
    "aten::_set_grad_enabled", "aten::grad_mode", "aten::set_grad_enabled", "aten::warn",
    "prim::Print", "profiler::_record_function_enter", "profiler::_record_function_exit",
    "profiler::_record_function_exit_new"};

static_assert(std::ranges::is_sorted(kMetadata) && std::ranges::is_sorted(kDropped));

}  // namespace

std::string graph_operator_name(const c10::FunctionSchema& schema) {
  constexpr std::string_view kTwin = "hacked_twin";
  std::string name = schema.name();
  if (const std::size_t colons = name.find("::"); colons != name.npos) name.replace(colons, 2, ".");
  std::string overload = schema.overload_name();
  if (overload.ends_with(kTwin)) overload.resize(overload.size() - kTwin.size());
  if (overload.ends_with('_')) overload.pop_back();
  return name + "." + (overload.empty() ? "default" : overload);
}

bool computes_tensors(const OperatorSchema& schema) {
  const auto is_tensor = [](const auto& part) {
    return part.type.find("Tensor") != std::string::npos;
  };
  return schema.source == SchemaSource::dispatcher &&
         (std::ranges::any_of(schema.returns, is_tensor) ||
          std::ranges::any_of(schema.arguments, [&](const SchemaArgument& argument) {
            return argument.written && is_tensor(argument);
          }));
}

bool reads_metadata_alone(std::string_view name) {
  return std::ranges::binary_search(kMetadata, name);
}

bool is_dropped(std::string_view name) { return std::ranges::binary_search(kDropped, name); }

}  // namespace fettle
