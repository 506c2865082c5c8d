#include "host/dlpack_copy.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/error.hpp"

namespace fettle {
namespace {

[[noreturn]] void refuse(std::string why) {
  throw Error({.code = Code::graph_bad_edit,
               .what = "a tensor cannot become a constant",
               .why = std::move(why)});
}

struct DTypePair {
  unsigned code, bits;
  DType dtype;
};
constexpr DTypePair kDTypes[] = {
    {kDLUInt, 8, DType::uint8},        {kDLInt, 8, DType::int8},
    {kDLInt, 16, DType::int16},        {kDLInt, 32, DType::int32},
    {kDLInt, 64, DType::int64},        {kDLUInt, 16, DType::uint16},
    {kDLUInt, 32, DType::uint32},      {kDLUInt, 64, DType::uint64},
    {kDLFloat, 16, DType::float16},    {kDLFloat, 32, DType::float32},
    {kDLFloat, 64, DType::float64},    {kDLBfloat, 16, DType::bfloat16},
    {kDLComplex, 32, DType::complex32}, {kDLComplex, 64, DType::complex64},
    {kDLComplex, 128, DType::complex128}, {kDLBool, 8, DType::boolean},
    {kDLFloat8_e4m3fn, 8, DType::float8_e4m3fn}, {kDLFloat8_e4m3fnuz, 8, DType::float8_e4m3fnuz},
    {kDLFloat8_e5m2, 8, DType::float8_e5m2}, {kDLFloat8_e5m2fnuz, 8, DType::float8_e5m2fnuz},
    {kDLFloat8_e8m0fnu, 8, DType::float8_e8m0fnu},
};

DType dtype_of(const DLDataType& given) {
  for (const DTypePair& pair : kDTypes) {
    if (pair.code == given.code && pair.bits == given.bits && given.lanes == 1) return pair.dtype;
  }
  refuse(fmt::format("there is no dtype of code {}, {} bits and {} lanes", given.code, given.bits,
                     given.lanes));
}

Type contiguous_type(const DLTensor& tensor) {
  Type type;
  type.kind = TypeKind::tensor;
  type.dtype = dtype_of(tensor.dtype);
  if (tensor.ndim < 0 || (tensor.ndim > 0 && !tensor.shape)) refuse("it has no shape");
  type.sizes.assign(tensor.shape, tensor.shape + tensor.ndim);
  type.strides.resize(type.sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = type.sizes.size(); i-- > 0;) {
    if (type.sizes[i].value < 0) refuse("a size is negative");
    type.strides[i] = stride;
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(type.sizes[i].value, 1), &stride)) {
      refuse("its size overflows");
    }
  }
  return type;
}

// Copies elements in row-major order. `at` counts like an odometer, so rank may be anything.
void copy_strided(const std::byte* from, const DLTensor& tensor, std::size_t width, std::byte* to,
                  std::int64_t count) {
  std::vector<std::int64_t> at(static_cast<std::size_t>(tensor.ndim));
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to + static_cast<std::size_t>(i) * width, from, width);
    for (std::size_t d = at.size(); d-- > 0;) {
      from += tensor.strides[d] * static_cast<std::int64_t>(width);
      if (++at[d] < tensor.shape[d]) break;
      from -= tensor.strides[d] * static_cast<std::int64_t>(width) * tensor.shape[d];
      at[d] = 0;
    }
  }
}

}  // namespace

TensorData copy_dlpack(const DLTensor& tensor) {
  if (tensor.device.device_type != kDLCPU) refuse("it is not on the CPU; copy it there first");
  const Type type = contiguous_type(tensor);
  const std::int64_t count = *element_count(type);
  const std::size_t width = dtype_bytes(type.dtype);
  if (count > 0 && !tensor.data) refuse("it has no data");
  std::vector<std::byte> bytes(static_cast<std::size_t>(count) * width);
  const auto* from = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
  if (count > 0 && tensor.strides) {
    copy_strided(from, tensor, width, bytes.data(), count);
  } else if (count > 0) {
    std::memcpy(bytes.data(), from, bytes.size());
  }
  return {make_storage(bytes.data(), bytes.size()), type};
}

}  // namespace fettle
