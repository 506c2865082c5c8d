#include "graph/argument.hpp"

#include <algorithm>
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
std::size_t hash(const DeviceArgument& v) {
  return boost::hash_value((*v).type) + static_cast<std::size_t>((*v).index.value_or(-1));
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

namespace {

constexpr std::array<std::string_view, 31> kKindNames = {
    "none", "tensor", "tensors", "optional_tensor", "optional_tensors", "nested_tensors",
    "int", "ints", "int_lists", "float", "floats", "float_lists", "bool", "bools",
    "complex", "string", "strings",
    "sym_int", "sym_ints", "sym_float", "sym_floats", "sym_bool", "sym_bools",
    "scalar_type", "layout", "memory_format", "device",
    "graph", "operator", "custom_obj", "string_to_argument",
};
static_assert(static_cast<std::size_t>(ArgKind::dict) + 1 == kKindNames.size());

}  // namespace

std::string_view arg_kind_name(ArgKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<ArgKind> arg_kind_from_name(std::string_view name) {
  const auto found = std::ranges::find(kKindNames, name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<ArgKind>(found - kKindNames.begin());
}

ArgKind element_kind(ArgKind list) {
  switch (list) {
    case ArgKind::tensors: return ArgKind::tensor;
    case ArgKind::optional_tensors: return ArgKind::optional_tensor;
    case ArgKind::nested_tensors: return ArgKind::tensors;
    case ArgKind::integer_lists: return ArgKind::integers;
    case ArgKind::real_lists: return ArgKind::reals;
    case ArgKind::booleans: return ArgKind::boolean;
    case ArgKind::strings: return ArgKind::string;
    case ArgKind::sym_ints: return ArgKind::sym_int;
    case ArgKind::sym_floats: return ArgKind::sym_float;
    case ArgKind::sym_bools: return ArgKind::sym_bool;
    default: return ArgKind::none;
  }
}

bool payload_fits_kind(const Argument& argument) {
  const auto& payload = argument.payload;
  const auto holds = [&]<class... T>() { return (std::holds_alternative<T>(payload) || ...); };
  switch (argument.kind) {
    case ArgKind::none: return holds.operator()<std::monostate>();
    case ArgKind::tensor:
    case ArgKind::custom_obj: return holds.operator()<Operand>();
    case ArgKind::optional_tensor: return holds.operator()<Operand, std::monostate>();
    case ArgKind::sym_int: return holds.operator()<Operand, std::int64_t>();
    case ArgKind::sym_float: return holds.operator()<Operand, double>();
    case ArgKind::sym_bool: return holds.operator()<Operand, bool>();
    case ArgKind::integer:
    case ArgKind::dtype:
    case ArgKind::layout:
    case ArgKind::memory_format: return holds.operator()<std::int64_t>();
    case ArgKind::integers: return holds.operator()<std::vector<std::int64_t>>();
    case ArgKind::real: return holds.operator()<double>();
    case ArgKind::reals: return holds.operator()<std::vector<double>>();
    case ArgKind::boolean: return holds.operator()<bool>();
    case ArgKind::complex_number: return holds.operator()<std::complex<double>>();
    case ArgKind::string:
    case ArgKind::operator_name: return holds.operator()<StringId>();
    case ArgKind::device: return holds.operator()<DeviceArgument>();
    case ArgKind::block: return holds.operator()<BlockRef>();
    case ArgKind::dict: {
      const auto* entries = std::get_if<std::vector<DictEntry>>(&payload);
      return entries && std::ranges::all_of(*entries, [](const DictEntry& entry) {
               return entry.value.kind != ArgKind::block && payload_fits_kind(entry.value);
             });
    }
    default: break;
  }
  const auto* elements = std::get_if<std::vector<Argument>>(&payload);
  return elements && std::ranges::all_of(*elements, [&](const Argument& element) {
           return element.kind == element_kind(argument.kind) && payload_fits_kind(element);
         });
}

bool same_argument(const Argument& a, const Argument& b) {
  if (a.kind != b.kind || a.payload.index() != b.payload.index()) return false;
  return std::visit(
      [&](const auto& x) {
        return same(x, std::get<std::remove_cvref_t<decltype(x)>>(b.payload));
      },
      a.payload);
}

bool same_call(const std::vector<NamedArgument>& a, const std::vector<NamedArgument>& b) {
  return std::ranges::equal(a, b, [](const NamedArgument& x, const NamedArgument& y) {
    return x.name == y.name && x.form == y.form && same_argument(x.value, y.value);
  });
}

std::size_t hash_argument(const Argument& argument) {
  std::size_t seed = static_cast<std::size_t>(argument.kind);
  boost::hash_combine(seed, std::visit([](const auto& x) { return hash(x); }, argument.payload));
  return seed;
}

}  // namespace fettle
