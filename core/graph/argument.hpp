// Arguments of a call, as the exported schema types them: ArgKind is the tag that the archive writes
// ("as_ints", "as_optional_tensors" …), so nothing about an argument is lost on the way through.
//
// Values are not stored in the argument but in the node's flat operand list; an argument names them
// by operand index. Replacing an operand is thereby O(1) and leaves arguments alone.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/types.hpp"

namespace fettle {

enum class ArgKind : std::uint8_t {
  none, tensor, tensors, optional_tensor, optional_tensors, nested_tensors,
  integer, integers, integer_lists, real, reals, real_lists, boolean, booleans,
  complex_number, string, strings,
  sym_int, sym_ints, sym_float, sym_floats, sym_bool, sym_bools,
  dtype, layout, memory_format, device,
  block,       // a nested graph, owned by the node
  operator_name, custom_obj, dict,
};

struct Operand {  // index into the node's operands
  std::uint32_t index = 0;
  friend bool operator==(const Operand&, const Operand&) = default;
};

struct BlockRef {  // a nested graph and the name that the exported module gave it ("submod_1")
  BlockId block;
  StringId name;
  friend bool operator==(const BlockRef&, const BlockRef&) = default;
};

// A device on the heap: rare among arguments, and large enough to double the size of all of them.
class DeviceArgument {
 public:
  DeviceArgument(Device device)  // NOLINT: a device is what it stands for
      : device_(std::make_shared<const Device>(std::move(device))) {}
  const Device& operator*() const { return *device_; }
  friend bool operator==(const DeviceArgument& a, const DeviceArgument& b) { return *a == *b; }

 private:
  std::shared_ptr<const Device> device_;
};

struct Argument;
struct DictEntry;

// What holds the payload of each kind:
//   none                                    monostate
//   tensor, custom_obj                      Operand
//   optional_tensor                         Operand | monostate
//   sym_int | sym_float | sym_bool          Operand | int64 | double | bool
//   tensors, optional_tensors, sym_ints, sym_floats, sym_bools, nested_tensors, integer_lists,
//   real_lists                              vector<Argument> (each of the element's kind)
//   integer; dtype, layout, memory_format   int64 (serialized numbers)
//   integers                                vector<int64>
//   real, reals                             double, vector<double>
//   boolean                                 bool          (booleans: vector<Argument>)
//   complex_number                          complex<double>
//   string, operator_name                   StringId      (strings: vector<Argument>)
//   device                                  DeviceArgument
//   block                                   BlockRef
//   dict                                    vector<DictEntry>
struct Argument {
  using Payload =
      std::variant<std::monostate, bool, std::int64_t, double, std::complex<double>, StringId,
                   Operand, BlockRef, DeviceArgument, std::vector<std::int64_t>,
                   std::vector<double>, std::vector<Argument>, std::vector<DictEntry>>;
  ArgKind kind = ArgKind::none;
  Payload payload;
};

struct DictEntry {
  StringId key;
  Argument value;
};

// How the call gave the argument. `defaulted`: the call omitted it and the host filled in the
// schema's default, so that every call of an operator has every argument; never written out.
enum class ArgForm : std::uint8_t { positional, keyword, defaulted };

struct NamedArgument {
  StringId name;  // of the operator's schema; empty string for higher-order operators
  ArgForm form = ArgForm::positional;
  Argument value;
};

std::string_view arg_kind_name(ArgKind kind);
std::optional<ArgKind> arg_kind_from_name(std::string_view name);

// The kind of the elements of a vector<Argument> payload: tensors → tensor, nested_tensors →
// tensors, optional_tensors → optional_tensor …; none for kinds with any other payload.
ArgKind element_kind(ArgKind list);

// Whether the payload is of the type that the table above gives the kind, elements included.
bool payload_fits_kind(const Argument& argument);

// Calls fn(Operand&) / fn(const Operand&) for each operand in the argument, in order.
template <class Arg, class Fn>
void for_each_operand(Arg& argument, Fn&& fn) {
  std::visit(
      [&](auto& payload) {
        using P = std::remove_const_t<std::remove_reference_t<decltype(payload)>>;
        if constexpr (std::is_same_v<P, Operand>) {
          fn(payload);
        } else if constexpr (std::is_same_v<P, std::vector<Argument>>) {
          for (auto& element : payload) for_each_operand(element, fn);
        } else if constexpr (std::is_same_v<P, std::vector<DictEntry>>) {
          for (auto& entry : payload) for_each_operand(entry.value, fn);
        }
      },
      argument.payload);
}

// Whether two arguments say the same, bit for bit: 1 differs from 1.0 and from true, 0.0 from -0.0;
// NaN equals the same NaN. Operands are compared by index: compare the operand lists beside it.
bool same_argument(const Argument& a, const Argument& b);
bool same_call(const std::vector<NamedArgument>& a, const std::vector<NamedArgument>& b);
std::size_t hash_argument(const Argument& argument);  // agrees with same_argument

}  // namespace fettle
