#include "graph/types.hpp"

#include <array>
#include <boost/container_hash/hash.hpp>
#include <charconv>

namespace fettle {
namespace {

struct DTypeFacts {
  DType dtype;
  std::string_view name;        // as FX prints it in "f32[2, 3]"
  std::string_view torch_name;  // as in torch.float32
  std::size_t bytes;
};

constexpr std::array<DTypeFacts, 21> kDTypes = {{
    {DType::uint8, "u8", "uint8", 1},
    {DType::int8, "i8", "int8", 1},
    {DType::int16, "i16", "int16", 2},
    {DType::int32, "i32", "int32", 4},
    {DType::int64, "i64", "int64", 8},
    {DType::float16, "f16", "float16", 2},
    {DType::float32, "f32", "float32", 4},
    {DType::float64, "f64", "float64", 8},
    {DType::complex32, "c32", "complex32", 4},
    {DType::complex64, "c64", "complex64", 8},
    {DType::complex128, "c128", "complex128", 16},
    {DType::boolean, "b8", "bool", 1},
    {DType::bfloat16, "bf16", "bfloat16", 2},
    {DType::uint16, "u16", "uint16", 2},
    {DType::float8_e4m3fn, "f8e4m3fn", "float8_e4m3fn", 1},
    {DType::float8_e5m2, "f8e5m2", "float8_e5m2", 1},
    {DType::float8_e4m3fnuz, "f8e4m3fnuz", "float8_e4m3fnuz", 1},
    {DType::float8_e5m2fnuz, "f8e5m2fnuz", "float8_e5m2fnuz", 1},
    {DType::float8_e8m0fnu, "f8e8m0fnu", "float8_e8m0fnu", 1},
    {DType::uint32, "u32", "uint32", 4},
    {DType::uint64, "u64", "uint64", 8},
}};

const DTypeFacts* facts(DType dtype) {
  for (const DTypeFacts& f : kDTypes) {
    if (f.dtype == dtype) return &f;
  }
  return nullptr;
}

void combine(std::size_t& hash, const SymInt& size) {
  boost::hash_combine(hash, size.value);
  boost::hash_combine(hash, size.expression);
}

}  // namespace

std::string_view dtype_name(DType dtype) {
  const DTypeFacts* f = facts(dtype);
  return f ? f->name : "?";
}

std::string_view dtype_torch_name(DType dtype) {
  const DTypeFacts* f = facts(dtype);
  return f ? f->torch_name : "?";
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeFacts& f : kDTypes) {
    if (f.name == name) return f.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_torch_name(std::string_view name) {
  for (const DTypeFacts& f : kDTypes) {
    if (f.torch_name == name) return f.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_number(std::int64_t number) {
  for (const DTypeFacts& f : kDTypes) {
    if (static_cast<std::int64_t>(f.dtype) == number) return f.dtype;
  }
  return std::nullopt;
}

std::size_t dtype_bytes(DType dtype) {
  const DTypeFacts* f = facts(dtype);
  return f ? f->bytes : 0;
}

std::string to_string(const Device& device) {
  return device.index ? device.type + ":" + std::to_string(*device.index) : device.type;
}

std::optional<Device> device_from_string(std::string_view text) {
  Device device;
  const std::size_t colon = text.find(':');
  device.type = std::string(text.substr(0, colon));
  if (device.type.empty()) return std::nullopt;
  if (colon != std::string_view::npos) {
    const std::string_view number = text.substr(colon + 1);
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    device.index = index;
  }
  return device;
}

std::size_t hash_value(const Type& type) {
  std::size_t hash = static_cast<std::size_t>(type.kind);
  boost::hash_combine(hash, static_cast<int>(type.dtype));
  boost::hash_combine(hash, type.requires_grad);
  for (const SymInt& size : type.sizes) combine(hash, size);
  for (const SymInt& stride : type.strides) combine(hash, stride);
  combine(hash, type.scalar);
  boost::hash_combine(hash, type.text);
  return hash;
}

std::optional<std::int64_t> element_count(const Type& type) {
  std::int64_t count = 1;
  for (const SymInt& size : type.sizes) {
    if (size.symbolic() || size.value < 0 ||
        __builtin_mul_overflow(count, size.value, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

}  // namespace fettle
