#include "graph/argument.hpp"

#include <array>
#include <bit>
#include <boost/container_hash/hash.hpp>

namespace fettle {
namespace {

// Bitwise for floating point, so that 0.0 and -0.0 differ and a NaN equals itself.
bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}
bool same(const double& a, const double& b) { return same_bits(a, b); }
bool same(const std::complex<double>& a, const std::complex<double>& b) {
  return same_bits(a.real(), b.real()) && same_bits(a.imag(), b.imag());
}
bool same(const Argument& a, const Argument& b) { return same_argument(a, b); }
bool same(const DictEntry& a, const DictEntry& b) {
  return a.key == b.key && same_argument(a.value, b.value);
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

std::size_t hash(std::monostate) { return 0; }
std::size_t hash(bool v) { return v ? 1 : 2; }
std::size_t hash(std::int64_t v) { return boost::hash_value(v); }
std::size_t hash(double v) { return boost::hash_value(std::bit_cast<std::uint64_t>(v)); }
std::size_t hash(const std::complex<double>& v) { return hash(v.real()) * 31 + hash(v.imag()); }
std::size_t hash(StringId v) { return v.index; }
std::size_t hash(Operand v) { return v.index; }
std::size_t hash(const BlockRef& v) { return v.block.index; }
std::size_t hash(const Device& v) {
  return boost::hash_value(v.type) + static_cast<std::size_t>(v.index.value_or(-1));
}
std::size_t hash(const Argument& v) { return hash_argument(v); }
std::size_t hash(const DictEntry& v) { return v.key.index * 31 + hash_argument(v.value); }
template <class T>
std::size_t hash(const std::vector<T>& v) {
  std::size_t seed = v.size();
  for (const T& element : v) boost::hash_combine(seed, hash(element));
  return seed;
}

}  // namespace

std::string_view arg_kind_name(ArgKind kind) {
  constexpr std::array<std::string_view, 31> names = {
      "none", "tensor", "tensors", "optional_tensor", "optional_tensors", "nested_tensors",
      "int", "ints", "int_lists", "float", "floats", "float_lists", "bool", "bools",
      "complex", "string", "strings",
      "sym_int", "sym_ints", "sym_float", "sym_floats", "sym_bool", "sym_bools",
      "scalar_type", "layout", "memory_format", "device",
      "graph", "operator", "custom_obj", "string_to_argument",
  };
  static_assert(static_cast<std::size_t>(ArgKind::dict) + 1 == names.size());
  return names[static_cast<std::size_t>(kind)];
}

bool same_argument(const Argument& a, const Argument& b) {
  if (a.kind != b.kind || a.payload.index() != b.payload.index()) return false;
  return std::visit(
      [&](const auto& x) {
        return same(x, std::get<std::remove_cvref_t<decltype(x)>>(b.payload));
      },
      a.payload);
}

std::size_t hash_argument(const Argument& argument) {
  std::size_t seed = static_cast<std::size_t>(argument.kind);
  boost::hash_combine(seed, std::visit([](const auto& x) { return hash(x); }, argument.payload));
  return seed;
}

}  // namespace fettle
