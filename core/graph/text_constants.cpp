// The elements of small tensors as nested lists, both ways. Needs strided tensors with sizes that
// are numbers; the 8-bit floats and complex32 have no text.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "graph/text_types.hpp"

namespace fettle::text {
namespace {

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t fraction = half & 0x3ffu;
  if (exponent == 0) {
    const float value = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

// Nearest, ties to even.
std::uint16_t float_to_half(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000u : 0u;
  const double size = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00u);
  if (size >= 65520.0) return static_cast<std::uint16_t>(sign | 0x7c00u);
  int exponent = 0;
  std::frexp(size, &exponent);
  const int shift = std::max(exponent - 11, -24);  // of the last kept bit
  const double units = std::nearbyint(std::ldexp(size, -shift));
  const double rounded = std::ldexp(units, shift);
  if (rounded < std::ldexp(1.0, -14)) {
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(std::ldexp(rounded, 24)));
  }
  std::frexp(rounded, &exponent);
  const auto fraction = static_cast<std::uint16_t>(std::ldexp(rounded, 11 - exponent));
  return static_cast<std::uint16_t>(sign | ((exponent + 14) << 10) | (fraction & 0x3ffu));
}

float bfloat_to_float(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

std::uint16_t float_to_bfloat(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

template <class T>
void append_complex(std::string& out, const std::byte* at) {
  out += "complex(";
  append_real(out, load<T>(at));
  out += ", ";
  append_real(out, load<T>(at + sizeof(T)));
  out += ')';
}

void append_element(std::string& out, DType dtype, const std::byte* at) {
  const auto integer = [&](auto value) { fmt::format_to(std::back_inserter(out), "{}", value); };
  switch (dtype) {
    case DType::boolean: out += load<std::uint8_t>(at) ? "True" : "False"; return;
    case DType::uint8: return integer(static_cast<int>(load<std::uint8_t>(at)));
    case DType::int8: return integer(static_cast<int>(load<std::int8_t>(at)));
    case DType::uint16: return integer(load<std::uint16_t>(at));
    case DType::int16: return integer(load<std::int16_t>(at));
    case DType::uint32: return integer(load<std::uint32_t>(at));
    case DType::int32: return integer(load<std::int32_t>(at));
    case DType::int64: return integer(load<std::int64_t>(at));
    case DType::float16: return append_real(out, half_to_float(load<std::uint16_t>(at)));
    case DType::bfloat16: return append_real(out, bfloat_to_float(load<std::uint16_t>(at)));
    case DType::float32: return append_real(out, load<float>(at));
    case DType::float64: return append_real(out, load<double>(at));
    case DType::complex64: return append_complex<float>(out, at);
    case DType::complex128: return append_complex<double>(out, at);
    default: return;
  }
}

bool has_text(DType dtype) {
  switch (dtype) {
    case DType::boolean: case DType::uint8: case DType::int8: case DType::uint16: case DType::int16:
    case DType::uint32: case DType::int32: case DType::int64: case DType::float16:
    case DType::bfloat16: case DType::float32: case DType::float64: case DType::complex64:
    case DType::complex128: return true;
    default: return false;
  }
}

void append_dimension(std::string& out, const TensorData& data, std::size_t d,
                      std::int64_t offset) {
  const Type& type = data.type;
  if (d == type.sizes.size()) {
    const auto bytes = static_cast<std::size_t>(offset) * dtype_bytes(type.dtype);
    return append_element(out, type.dtype, data.storage->data + bytes);
  }
  out += '[';
  for (std::int64_t i = 0; i < type.sizes[d].value; ++i) {
    if (i > 0) out += ", ";
    append_dimension(out, data, d + 1, offset + i * type.strides[d].value);
  }
  out += ']';
}

class Elements {
 public:
  Elements(const Type& type, const Lexer& lexer, std::size_t at)
      : type_(type), lexer_(lexer), at_(at) {}

  std::vector<std::byte> read(const Literal& literal) {
    const auto* list = std::get_if<std::vector<Literal>>(&literal.payload);
    if (list) {
      dimension(literal, 0);
      return std::move(bytes_);
    }
    const std::int64_t count = element_count(type_).value_or(0);
    constexpr std::int64_t kMost = std::int64_t{1} << 24;  // text is for small tensors
    if (count > kMost) fail("a constant in a text has at most 2^24 elements");
    element(literal);
    const std::vector<std::byte> one = std::move(bytes_);
    bytes_.reserve(one.size() * static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) bytes_.insert(bytes_.end(), one.begin(), one.end());
    return std::move(bytes_);
  }

 private:
  [[noreturn]] void fail(std::string what) const {
    lexer_.fail(Code::text_bad_constant, at_, std::move(what),
                fmt::format("the type is {}", print_type(type_)));
  }

  void dimension(const Literal& literal, std::size_t d) {
    if (d == type_.sizes.size()) return element(literal);
    const auto* list = std::get_if<std::vector<Literal>>(&literal.payload);
    if (!list || static_cast<std::int64_t>(list->size()) != type_.sizes[d].value) {
      fail(fmt::format("dimension {} needs a list of {} elements", d, type_.sizes[d].value));
    }
    for (const Literal& item : *list) dimension(item, d + 1);
  }

  template <class T>
  void store(T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof(T));
  }

  double real(const Literal& literal) const {
    if (const auto* value = std::get_if<double>(&literal.payload)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&literal.payload)) {
      return static_cast<double>(*value);
    }
    fail("an element is not a number");
  }

  std::complex<double> complex_number(const Literal& literal) const {
    if (const auto* value = std::get_if<std::complex<double>>(&literal.payload)) return *value;
    return real(literal);
  }

  template <class T>
  void store_integer(const Literal& literal) {
    const auto* value = std::get_if<std::int64_t>(&literal.payload);
    if (!value || !std::in_range<T>(*value)) fail("an element is not an integer of the type");
    store(static_cast<T>(*value));
  }

  void element(const Literal& literal) {
    switch (type_.dtype) {
      case DType::boolean:
        if (const auto* value = std::get_if<bool>(&literal.payload)) {
          return store<std::uint8_t>(*value ? 1 : 0);
        }
        fail("an element is not True or False");
      case DType::uint8: return store_integer<std::uint8_t>(literal);
      case DType::int8: return store_integer<std::int8_t>(literal);
      case DType::uint16: return store_integer<std::uint16_t>(literal);
      case DType::int16: return store_integer<std::int16_t>(literal);
      case DType::uint32: return store_integer<std::uint32_t>(literal);
      case DType::int32: return store_integer<std::int32_t>(literal);
      case DType::int64: return store_integer<std::int64_t>(literal);
      case DType::float16: return store(float_to_half(real(literal)));
      case DType::bfloat16: return store(float_to_bfloat(real(literal)));
      case DType::float32: return store(static_cast<float>(real(literal)));
      case DType::float64: return store(real(literal));
      case DType::complex64: return store(std::complex<float>(complex_number(literal)));
      case DType::complex128: return store(complex_number(literal));
      default: fail("elements of this dtype cannot be written in a text");
    }
  }

  const Type& type_;
  const Lexer& lexer_;
  std::size_t at_;
  std::vector<std::byte> bytes_;
};

}  // namespace

bool can_print_elements(const TensorData& data) {
  return data.storage && has_text(data.type.dtype) && element_count(data.type) &&
         data.type.strides.size() == data.type.sizes.size();
}

void append_elements(std::string& out, const TensorData& data) {
  append_dimension(out, data, 0, data.type.storage_offset.value);
}

TensorData tensor_from(const Literal& literal, const Type& declared, const Lexer& lexer,
                       std::size_t at) {
  if (declared.kind != TypeKind::tensor || !element_count(declared)) {
    lexer.fail(Code::text_bad_constant, at,
               "a constant with a value needs a tensor type in numbers",
               "write its type: c: f32[2, 3] = tensor_constant 'c' value=0.0");
  }
  TensorData data{nullptr, declared};
  data.type.strides = contiguous_strides(declared.sizes);
  data.type.storage_offset = SymInt();
  const std::vector<std::byte> bytes = Elements(data.type, lexer, at).read(literal);
  data.storage = make_storage(bytes.data(), bytes.size());
  return data;
}

}  // namespace fettle::text
