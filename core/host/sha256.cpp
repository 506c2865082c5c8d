#include "host/sha256.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "base/error.hpp"

namespace fettle {

std::string sha256_of_file(const std::filesystem::path& path) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(EVP_MD_CTX_new(),
                                                                      EVP_MD_CTX_free);
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(1 << 16);
  bool hashed = state && file && EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr) == 1;
  while (hashed && file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hashed =
        EVP_DigestUpdate(state.get(), block.data(), static_cast<std::size_t>(file.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!hashed || file.bad() || EVP_DigestFinal_ex(state.get(), digest.data(), &size) != 1) {
    throw Error({.code = Code::plugin_not_found,
                 .what = "a plugin file cannot be read",
                 .where = path.string()});
  }
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace fettle
