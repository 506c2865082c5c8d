#include "host/datum.hpp"

#include <fmt/format.h>

namespace fettle {
namespace {

fettle_datum empty_datum(std::uint32_t kind) {
  fettle_datum out{};
  out.kind = kind;
  return out;
}

RunValue value_of(const fettle_datum& datum) {
  switch (datum.kind) {
    case FETTLE_DATUM_NONE:
      return std::monostate{};
    case FETTLE_DATUM_TENSOR:
      if (datum.tensor) return Tensor::from_dlpack(datum.tensor->dl_tensor);
      break;
    case FETTLE_DATUM_INT:
      return datum.i;
    case FETTLE_DATUM_FLOAT:
      return datum.f;
    case FETTLE_DATUM_BOOL:
      return datum.i != 0;
    case FETTLE_DATUM_STRING:
      return std::string(to_view(datum.s));
    default:
      break;
  }
  throw Error(
      {.code = Code::plugin_bad_answer,
       .what = fmt::format("a datum of kind {} cannot be an input", datum.kind),
       .hint = "FETTLE_DATUM_TENSOR needs a tensor; the other kinds are listed in fettle.h"});
}

}  // namespace

DatumArray::DatumArray(fettle_ctx* ctx, std::span<const RunValue> values) {
  data_.reserve(values.size());
  for (const RunValue& value : values) {
    fettle_datum datum = empty_datum(FETTLE_DATUM_NONE);
    if (const auto* tensor = std::get_if<Tensor>(&value)) {
      if (tensor->defined()) {
        tensors_.emplace_back(tensor->to_dlpack());
        datum.kind = FETTLE_DATUM_TENSOR;
        datum.tensor = tensors_.back().get();
      }
    } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
      datum.kind = FETTLE_DATUM_INT, datum.i = *i;
    } else if (const auto* f = std::get_if<double>(&value)) {
      datum.kind = FETTLE_DATUM_FLOAT, datum.f = *f;
    } else if (const auto* b = std::get_if<bool>(&value)) {
      datum.kind = FETTLE_DATUM_BOOL, datum.i = *b;
    } else if (const auto* s = std::get_if<std::string>(&value)) {
      datum.kind = FETTLE_DATUM_STRING, datum.s = ctx ? ctx->keep(*s) : to_abi(*s);
    }
    data_.push_back(datum);
  }
}

void DatumArray::hand_over(fettle_datum* out) {
  std::copy(data_.begin(), data_.end(), out);
  for (OwnedTensor& tensor : tensors_) tensor.release();
}

std::vector<RunValue> values_of(const fettle_datum* data, std::size_t n) {
  std::vector<RunValue> values;
  values.reserve(n);
  for (std::size_t i = 0; i < n; ++i) values.push_back(value_of(data[i]));
  return values;
}

}  // namespace fettle
