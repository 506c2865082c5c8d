// The numbers of ScalarType, Layout and MemoryFormat in torch.export's schema, to c10's and back:
// FLOAT is 7 in an archive and 6 in c10. Includes c10; for ops/ and runtime/ alone.
#pragma once

#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>

#include "graph/types.hpp"

namespace fettle {

std::optional<c10::ScalarType> scalar_type_of(DType dtype);  // nullopt for DType::unknown
DType dtype_of(c10::ScalarType type);                        // unknown for what export cannot write

std::optional<c10::Layout> layout_of(std::int64_t number);
std::int64_t layout_number(c10::Layout layout);  // 0, unknown, for what export cannot write

std::optional<c10::MemoryFormat> memory_format_of(std::int64_t number);
std::int64_t memory_format_number(c10::MemoryFormat format);

}  // namespace fettle
