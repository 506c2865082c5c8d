// Values that say less: a tensor of zeros or ones tells a reader that its values do not matter.
#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "bisect/held_tensors.hpp"
#include "bisect/one_tensor.hpp"
#include "bisect/shrink_steps.hpp"

namespace fettle {
namespace {

enum class Kind : std::uint8_t { integer, boolean, real, other };

Kind kind_of(DType dtype) {
  switch (dtype) {
    case DType::uint8:
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
      return Kind::integer;
    case DType::boolean:
      return Kind::boolean;
    case DType::float16:
    case DType::bfloat16:
    case DType::float32:
    case DType::float64:
      return Kind::real;
    default:
      return Kind::other;
  }
}

// From what says least to what says most.
std::span<const std::string_view> simpler(Kind kind) {
  static constexpr std::string_view kInteger[] = {
      "aten.zeros_like.default(x)", "aten.ones_like.default(x)", "aten.remainder.Scalar(x, 2)",
      "aten.remainder.Scalar(x, 10)"};
  static constexpr std::string_view kReal[] = {"aten.zeros_like.default(x)",
                                               "aten.ones_like.default(x)", "aten.round.default(x)",
                                               "aten.round.decimals(x, decimals=1)"};
  switch (kind) {
    case Kind::integer:
      return kInteger;
    case Kind::boolean:
      return std::span(kInteger).first(2);
    case Kind::real:
      return kReal;
    case Kind::other:
      return {};
  }
  return {};
}

bool same_values(const Tensor& a, const Tensor& b) {
  const TensorData one = a.to_constant(), other = b.to_constant();
  return one.storage->size == other.storage->size &&
         std::memcmp(one.storage->data, other.storage->data, one.storage->size) == 0;
}

FrozenProgram with(const FrozenProgram& program, const HeldTensor& held, const Tensor& tensor) {
  FrozenProgram other{program.graph->clone(), program.inputs};
  Journal journal(*other.graph, Journal::Recording::off);
  put_tensor(other, journal, held, tensor);
  return other;
}

}  // namespace

bool simplify_values(Smallest& smallest, Values which) {
  bool kept = false;
  for (const HeldTensor& held : held_tensors(smallest.program())) {
    const Kind kind = kind_of(type_of(smallest.program(), held).dtype);
    if ((kind == Kind::real) != (which == Values::floats)) continue;
    const Tensor now = tensor_of(smallest.program(), held);
    for (const std::string_view call : simpler(kind)) {
      if (smallest.spent()) return kept;
      bool same = false;
      const bool done = smallest.keep_other([&]() -> std::optional<FrozenProgram> {
        const Tensor simple = computed(now, call);
        same = same_values(now, simple);
        if (same) return std::nullopt;
        return with(smallest.program(), held, simple);
      });
      kept |= done;
      if (done || same) break;
    }
  }
  return kept;
}

}  // namespace fettle
