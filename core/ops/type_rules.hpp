// What a rule of types sees of a call: its arguments by name, tensors with sizes that may be
// symbolic. A rule answers the results' types, exact for all values of the symbols, or throws
// NoRule: it never guesses.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/size_algebra.hpp"
#include "ops/meta_call.hpp"
#include "ops/registry.hpp"

namespace fettle {

// torch.export's numbers.
inline constexpr std::int64_t kContiguousFormat = 1, kPreserveFormat = 4;

struct NoRule {
  std::string why;
};

struct TensorShape {
  DType dtype = DType::unknown;
  Sizes sizes, strides;
  Size offset;
  Device device;

  std::size_t rank() const { return sizes.size(); }
};
using TensorShapes = std::vector<TensorShape>;

class RuleCall {
 public:
  RuleCall(const TypedCall& call, const OperatorSchema& schema, SizeAlgebra& algebra)
      : call_(call), schema_(schema), sizes(algebra) {}

  const OperatorSchema& schema() const { return schema_; }
  const TypedCall& call() const { return call_; }

  bool given(std::string_view name) const;            // and not None
  TensorShape tensor(std::string_view name) const;    // NoRule where it is None
  bool requires_grad(std::string_view name) const;    // itself, or what it was computed from
  TensorShapes tensors(std::string_view name) const;  // of a list; None is left out
  Size size(std::string_view name) const;
  Sizes ints(std::string_view name) const;  // a single number is a list of one
  bool flag(std::string_view name) const;
  double real(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  std::optional<DType> dtype(std::string_view name) const;
  std::optional<std::int64_t> memory_format(std::string_view name) const;

  // A dimension as the schema counts them: -1 is the last. NoRule if there is no such.
  std::size_t dim(std::string_view name, std::size_t rank) const;
  std::size_t dim(std::int64_t given, std::size_t rank) const;

  // Dense, on the device of `like`.
  TensorShape dense(Sizes sizes, DType dtype, const TensorShape& like) const;

 private:
  const Argument* find(std::string_view name) const;
  const Argument& get(std::string_view name) const;
  Size size_of(const Argument& argument) const;
  TensorShape shape_of(const Operand& operand) const;

  const TypedCall& call_;
  const OperatorSchema& schema_;

 public:
  SizeAlgebra& sizes;
};

Type type_of(const TensorShape& shape, SizeAlgebra& algebra);
TensorShape shape_of(const Type& type, SizeAlgebra& algebra);

// The sizes that both fit into; NoRule where it cannot be told.
Sizes broadcast(SizeAlgebra& algebra, const Sizes& a, const Sizes& b);

// An operator that works element by element, with the result's dtype given: sizes broadcast,
// strides as TensorIterator lays results out. NoRule where the order of symbolic strides cannot be
// proved.
TensorShape pointwise(const RuleCall& call, std::span<const TensorShape> operands, DType dtype);
// The tensors among a call's arguments.
TensorShapes tensor_operands(const RuleCall& call);

// What torch's type promotion makes of these arguments.
DType promoted(const RuleCall& call, std::span<const std::string_view> arguments);
bool is_floating(DType dtype);
DType default_float();

// The table: operators by name without overload. Some come before libtorch's meta kernels, because
// those answer for meta tensors what is different on a real device.
using TypeRule = TensorShapes (*)(const RuleCall& call);
struct TypeRow {
  std::string_view op;  // "aten.relu"
  TypeRule rule;
  bool before_meta = false;
};
const TypeRow* find_type_row(std::string_view op);

// Results of Python's arithmetic on sizes and of aten.sym_size and its like; nothing for others.
std::optional<CallTypes> scalar_call_types(const TypedCall& call, SizeAlgebra& algebra);

}  // namespace fettle
