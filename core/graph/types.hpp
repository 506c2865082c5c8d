// Ids and types of the IR: what a node, a value or a block is called, and what a value holds.
//
// Numbers of DType, Layout and MemoryFormat are those of torch.export's schema (ScalarType there:
// FLOAT is 7), not c10's; the archive, the plugin ABI and the text form share them.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fettle {

// 32-bit, stable for the life of the graph, never reused. Default-constructed: none.
template <class Tag>
struct Id {
  static constexpr std::uint32_t kNone = 0xffffffffu;
  std::uint32_t index = kNone;

  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t i) : index(i) {}
  constexpr explicit operator bool() const { return index != kNone; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using NodeId = Id<struct NodeTag>;
using ValueId = Id<struct ValueTag>;
using BlockId = Id<struct BlockTag>;    // a (nested) graph; the program's own graph is kRootBlock
using StringId = Id<struct StringTag>;  // an interned string of the graph's StringPool
using TypeId = Id<struct TypeTag>;      // an interned Type of the graph's TypeTable

inline constexpr BlockId kRootBlock{0};

enum class DType : std::uint8_t {
  unknown = 0, uint8 = 1, int8 = 2, int16 = 3, int32 = 4, int64 = 5, float16 = 6, float32 = 7,
  float64 = 8, complex32 = 9, complex64 = 10, complex128 = 11, boolean = 12, bfloat16 = 13,
  uint16 = 28, float8_e4m3fn = 29, float8_e5m2 = 30, float8_e4m3fnuz = 31, float8_e5m2fnuz = 32,
  float8_e8m0fnu = 33, uint32 = 34, uint64 = 35,
};

// The short names of FX's printer: "f32", "i64", "b8", "bf16" …; nullopt-like "?" for unknown.
std::string_view dtype_name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
std::optional<DType> dtype_from_number(std::int64_t number);
std::size_t dtype_bytes(DType dtype);  // bytes of an element; 0 for unknown

// torch's own name ("float32", "int64", "bool"), as in torch.float32.
std::string_view dtype_torch_name(DType dtype);
std::optional<DType> dtype_from_torch_name(std::string_view name);

struct Device {
  std::string type = "cpu";
  std::optional<std::int64_t> index;
  friend bool operator==(const Device&, const Device&) = default;
};
std::string to_string(const Device& device);              // "cpu", "cuda:0"
std::optional<Device> device_from_string(std::string_view text);

// A size, stride or offset: a number, or an expression over the program's symbols, kept as the
// archive writes it (sympy srepr text) with the hint that export recorded. Never a guess.
struct SymInt {
  std::int64_t value = 0;  // the number; for an expression its hint, if it has one
  std::string expression;  // empty: a plain number
  bool has_hint = true;    // false: an expression whose value at export is unknown

  SymInt() = default;
  SymInt(std::int64_t number) : value(number) {}  // NOLINT: a number is a size
  bool symbolic() const { return !expression.empty(); }
  friend bool operator==(const SymInt&, const SymInt&) = default;
};

enum class Layout : std::uint8_t {
  unknown = 0, sparse_coo = 1, sparse_csr = 2, sparse_csc = 3, sparse_bsr = 4, sparse_bsc = 5,
  mkldnn = 6, strided = 7,
};

enum class TypeKind : std::uint8_t {
  unknown,     // not recorded
  tensor,      // dtype, sizes, strides, device, requires_grad
  sym_int,     // `scalar` holds the recorded value or expression
  sym_float,
  sym_bool,
  token,       // an effect token
  custom_obj,  // `text` is the class
  none,        // a placeholder that is a Python constant (its value is in the input's spec)
};

struct Type {
  TypeKind kind = TypeKind::unknown;
  DType dtype = DType::unknown;
  Layout layout = Layout::strided;
  bool requires_grad = false;
  std::vector<SymInt> sizes;
  std::vector<SymInt> strides;
  SymInt storage_offset;
  Device device;
  SymInt scalar;     // sym_int: number or expression; sym_bool: 0/1 or expression
  std::string text;  // custom_obj: class; sym_float: the number or expression as the archive wrote it

  friend bool operator==(const Type&, const Type&) = default;
};

std::size_t hash_value(const Type& type);

// Elements of a tensor type, or nullopt when a size is symbolic or the product overflows.
std::optional<std::int64_t> element_count(const Type& type);

}  // namespace fettle

template <class Tag>
struct std::hash<fettle::Id<Tag>> {
  std::size_t operator()(fettle::Id<Tag> id) const noexcept { return id.index; }
};
