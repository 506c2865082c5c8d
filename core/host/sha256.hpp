// SHA-256 of a file, by libcrypto: which bytes of a plugin took part goes into every report.
#pragma once

#include <filesystem>
#include <string>

namespace fettle {

std::string sha256_of_file(const std::filesystem::path& path);  // 64 hexadecimal digits

}  // namespace fettle
