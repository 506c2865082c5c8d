#include "base/bytes.hpp"

#include <fmt/format.h>

#include <boost/locale/utf.hpp>

#include "base/error.hpp"

namespace fettle {

void ByteReader::refuse(std::string why) {
  throw Error({.code = Code::isolation_bad_answer,
               .what = "what another process sent cannot be read",
               .why = std::move(why)});
}

void ByteReader::expect_end() const {
  if (!at_end()) refuse(fmt::format("{} bytes are left over", left_.size()));
}

std::string_view ByteReader::bytes(std::uint64_t size) {
  if (size > left_.size()) {
    refuse(fmt::format("{} bytes were announced, and {} are left", size, left_.size()));
  }
  const std::string_view taken = left_.substr(0, size);
  left_.remove_prefix(size);
  return taken;
}

std::uint32_t ByteReader::choice(std::uint32_t bound) {
  const auto value = number<std::uint8_t>();
  if (value >= bound) refuse(fmt::format("{} stands where only {} values are known", value, bound));
  return value;
}

std::size_t ByteReader::count() {
  const auto n = number<std::uint64_t>();
  if (n > left_.size()) {
    refuse(fmt::format("a list of {} cannot lie in {} bytes", n, left_.size()));
  }
  return n;
}

std::string ByteReader::utf8() {
  namespace utf = boost::locale::utf;
  const std::string_view given = text();
  for (auto at = given.begin(); at != given.end();) {
    const utf::code_point point = utf::utf_traits<char>::decode(at, given.end());
    if (point == utf::illegal || point == utf::incomplete || point == 0) {
      refuse("a name or message is not UTF-8");
    }
  }
  return std::string(given);
}

}  // namespace fettle
