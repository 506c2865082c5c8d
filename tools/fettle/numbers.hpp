// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace fettle {

std::string human_bytes(double bytes);         // "1.5 kB", "44.7 MB"; "12 bytes"
std::string human_count(std::uint64_t count);  // 1234567 → "1,234,567"
std::string human_seconds(double seconds);     // "0.35 ms", "12.30 s"
std::string error_size(double error);          // "0", "1.2e-06", "nan"

}  // namespace fettle
