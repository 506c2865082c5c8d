// Amounts as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace fettle {

std::string human_bytes(double bytes);         // "1.5 kB", "44.7 MB"; "12 bytes"
std::string human_count(std::uint64_t count);  // 1234567 → "1,234,567"

}  // namespace fettle
