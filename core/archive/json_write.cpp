#include "archive/json_write.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace fettle {
namespace {

void append_escaped(std::string& text, char c) {
  switch (c) {
    case '"':
      text += "\\\"";
      return;
    case '\\':
      text += "\\\\";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\t':
      text += "\\t";
      return;
    case '\r':
      text += "\\r";
      return;
    default:
      break;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  text += "\\u00";
  text += digits[code >> 4];
  text += digits[code & 15];
}

}  // namespace

void JsonWriter::string(std::string_view text) {
  text_ += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = static_cast<unsigned char>(text[i]);
    if (code >= 0x20 && code != '"' && code != '\\') continue;
    text_.append(text, copied, i - copied);
    append_escaped(text_, text[i]);
    copied = i + 1;
  }
  text_.append(text, copied, text.size() - copied);
  text_ += '"';
}

void JsonWriter::integer(std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text_.append(digits.data(), end);
}

void JsonWriter::real(double value) {
  if (std::isnan(value)) return string("NaN");
  if (std::isinf(value)) return string(value > 0 ? "Infinity" : "-Infinity");
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const std::string_view written(digits.data(), static_cast<std::size_t>(end - digits.data()));
  text_ += written;
  if (written.find_first_of(".e") == written.npos)
    text_ += ".0";  // else it would read as an integer
}

void JsonWriter::value(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return raw("null");
    case boost::json::kind::bool_:
      return boolean(value.get_bool());
    case boost::json::kind::int64:
      return integer(value.get_int64());
    case boost::json::kind::uint64:
      return raw(std::to_string(value.get_uint64()));
    case boost::json::kind::double_:
      return real(value.get_double());
    case boost::json::kind::string:
      return string({value.get_string().data(), value.get_string().size()});
    case boost::json::kind::array:
      return list(value.get_array(),
                  [&](const boost::json::value& element) { this->value(element); });
    case boost::json::kind::object:
      break;
  }
  raw("{");
  bool first = true;
  for (const auto& member : value.get_object()) {
    key({member.key().data(), member.key().size()}, first);
    first = false;
    this->value(member.value());
  }
  raw("}");
}

void JsonWriter::key(std::string_view name, bool first) {
  comma(first);
  string(name);
  raw(": ");
}

}  // namespace fettle
