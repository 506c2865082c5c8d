#include "ops/torch_numbers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fettle {
namespace {

constexpr std::pair<DType, c10::ScalarType> kDTypes[] = {
    {DType::uint8, c10::ScalarType::Byte},
    {DType::int8, c10::ScalarType::Char},
    {DType::int16, c10::ScalarType::Short},
    {DType::int32, c10::ScalarType::Int},
    {DType::int64, c10::ScalarType::Long},
    {DType::float16, c10::ScalarType::Half},
    {DType::float32, c10::ScalarType::Float},
    {DType::float64, c10::ScalarType::Double},
    {DType::complex32, c10::ScalarType::ComplexHalf},
    {DType::complex64, c10::ScalarType::ComplexFloat},
    {DType::complex128, c10::ScalarType::ComplexDouble},
    {DType::boolean, c10::ScalarType::Bool},
    {DType::bfloat16, c10::ScalarType::BFloat16},
    {DType::uint16, c10::ScalarType::UInt16},
    {DType::uint32, c10::ScalarType::UInt32},
    {DType::uint64, c10::ScalarType::UInt64},
    {DType::float8_e4m3fn, c10::ScalarType::Float8_e4m3fn},
    {DType::float8_e5m2, c10::ScalarType::Float8_e5m2},
    {DType::float8_e4m3fnuz, c10::ScalarType::Float8_e4m3fnuz},
    {DType::float8_e5m2fnuz, c10::ScalarType::Float8_e5m2fnuz},
    {DType::float8_e8m0fnu, c10::ScalarType::Float8_e8m0fnu},
};

// By torch.export's number.
constexpr std::pair<std::int64_t, c10::Layout> kLayouts[] = {
    {1, c10::Layout::Sparse},    {2, c10::Layout::SparseCsr}, {3, c10::Layout::SparseCsc},
    {4, c10::Layout::SparseBsr}, {5, c10::Layout::SparseBsc}, {6, c10::Layout::Mkldnn},
    {7, c10::Layout::Strided},
};
constexpr std::pair<std::int64_t, c10::MemoryFormat> kMemoryFormats[] = {
    {1, c10::MemoryFormat::Contiguous},
    {2, c10::MemoryFormat::ChannelsLast},
    {3, c10::MemoryFormat::ChannelsLast3d},
    {4, c10::MemoryFormat::Preserve},
};

template <class Table, class Key>
auto second_of(const Table& table, Key key) -> std::optional<decltype(table[0].second)> {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const auto& row) { return row.first == key; });
  if (found == std::end(table)) return std::nullopt;
  return found->second;
}

template <class Table, class Key, class First>
First first_of(const Table& table, Key key, First otherwise) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const auto& row) { return row.second == key; });
  return found == std::end(table) ? otherwise : found->first;
}

}  // namespace

std::optional<c10::ScalarType> scalar_type_of(DType dtype) { return second_of(kDTypes, dtype); }
DType dtype_of(c10::ScalarType type) { return first_of(kDTypes, type, DType::unknown); }

std::optional<c10::Layout> layout_of(std::int64_t number) { return second_of(kLayouts, number); }
std::int64_t layout_number(c10::Layout layout) {
  return first_of(kLayouts, layout, std::int64_t{0});
}

std::optional<c10::MemoryFormat> memory_format_of(std::int64_t number) {
  return second_of(kMemoryFormats, number);
}
std::int64_t memory_format_number(c10::MemoryFormat format) {
  return first_of(kMemoryFormats, format, std::int64_t{0});
}

}  // namespace fettle
