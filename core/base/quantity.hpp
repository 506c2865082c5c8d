// Amounts as people read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fettle {

std::string human_bytes(double bytes);         // "1.5 kB", "44.7 MB"; "12 bytes"
std::string human_count(std::uint64_t count);  // 1234567 → "1,234,567"


// An amount of memory as people give it: "512 MiB", "4GB", "1.5 GiB"; a plain number is bytes.
std::optional<std::uint64_t> bytes_from_text(std::string_view text);
std::string exact_bytes(std::uint64_t bytes);  // "8 GiB", "1536 MiB", "12 bytes": reads back the same

}  // namespace fettle
