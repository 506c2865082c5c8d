#include "call.hpp"

namespace {

bool is_float(fettle::Dtype dtype) {
  return dtype == fettle::Dtype::float32 || dtype == fettle::Dtype::float64;
}

}  // namespace

fettle::Dtype dtype_of(fettle::Value value) {
  const fettle::Type type = value.type();
  return type.is_tensor() ? type.dtype() : fettle::Dtype::unknown;
}

std::size_t rank_of(fettle::Value value) { return value.type().sizes().size(); }

bool of_one_float(fettle::Node call, std::span<const std::uint32_t> operands) {
  const fettle::Dtype dtype = dtype_of(call.result());
  if (!is_float(dtype)) return false;
  for (std::uint32_t k = 0; k < call.result_count(); ++k) {
    if (dtype_of(call.result(k)) != dtype) return false;
  }
  for (const std::uint32_t k : operands) {
    if (dtype_of(call.operand(k)) != dtype) return false;
  }
  return true;
}

bool all_of_one_float(fettle::Node call) {
  std::vector<std::uint32_t> tensors;
  const std::vector<fettle::Value> operands = call.operands();
  for (std::uint32_t k = 0; k < operands.size(); ++k) {
    if (operands[k].type().is_tensor()) tensors.push_back(k);
  }
  return !tensors.empty() && of_one_float(call, tensors);
}

double constant_of(fettle::Node call, std::string_view argument, double otherwise) {
  const auto given = call.argument(argument);
  if (!given) return otherwise;
  const fettle_arg& raw = given->raw();
  if (raw.payload == FETTLE_PAYLOAD_FLOAT) return raw.f;
  const bool whole = raw.payload == FETTLE_PAYLOAD_INT || raw.payload == FETTLE_PAYLOAD_BOOL;
  return whole ? static_cast<double>(raw.i) : otherwise;
}
