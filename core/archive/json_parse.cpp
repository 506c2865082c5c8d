#include "archive/json_parse.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <limits>

#include "base/error.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 512;

// Boost.JSON's own handler builds values the same way, but takes its parser's word for a double.
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack stack;
  bool integer_overflow = false;

  explicit Builder(json::storage_ptr storage) { stack.reset(std::move(storage)); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t n, json::error_code&) { return stack.push_object(n), true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) { return stack.push_array(n), true; }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    return stack.push_chars(s), true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    return stack.push_key(s), true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    return stack.push_chars(s), true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    return stack.push_string(s), true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, json::error_code&) {
    return stack.push_int64(i), true;
  }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code& ec) { return overflow(ec); }
  bool on_bool(bool b, json::error_code&) { return stack.push_bool(b), true; }
  bool on_null(json::error_code&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  // The whole document lies in one buffer, so `text` is the whole number.
  bool on_double(double value, json::string_view text, json::error_code& ec) {
    if (text.find_first_of(".eE") == json::string_view::npos) return overflow(ec);
    double exact = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exact);
    // Out of range is 0 or infinity, as Python reads it; the parser has that right.
    const bool read = error == std::errc{} && end == text.data() + text.size();
    return stack.push_double(read ? exact : value), true;
  }
  bool overflow(json::error_code& ec) {
    integer_overflow = true;
    ec = json::error::not_exact;
    return false;
  }
};

std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == before.npos ? offset + 1 : offset - newline;
  return fmt::format("line {}, column {}", line, column);
}

// Quotes bare NaN, Infinity and -Infinity outside of strings.
std::string quote_nonfinite(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      out.append(text.substr(i, end - i));
      i = end;
      continue;
    }
    std::size_t length = 0;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text.substr(i, word.size()) == word) length = word.size();
    }
    if (length > 0) {
      out.append("\"").append(text.substr(i, length)).append("\"");
      i += length;
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

struct Outcome {
  json::error_code error;
  std::size_t read = 0;
  bool integer_overflow = false;
};

Outcome parse(std::string_view text, const json::storage_ptr& storage, json::value& result) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::basic_parser<Builder> parser(options, storage);
  Outcome outcome;
  outcome.read = parser.write_some(false, text.data(), text.size(), outcome.error);
  if (!outcome.error && outcome.read < text.size()) outcome.error = json::error::extra_data;
  outcome.integer_overflow = parser.handler().integer_overflow;
  if (!outcome.error) result = parser.handler().stack.release();
  return outcome;
}

}  // namespace

json::value parse_json(std::string_view text, const std::string& where, json::storage_ptr storage) {
  json::value result(storage);
  Outcome outcome = parse(text, storage, result);
  if (!outcome.error) return result;
  if (outcome.error == json::error::syntax) {
    const std::string quoted = quote_nonfinite(text);
    if (quoted.size() != text.size() && !parse(quoted, storage, result).error) return result;
  }
  throw Error({.code = Code::archive_json_syntax,
               .what = "the archive's JSON cannot be read",
               .where = where + ": " + position(text, outcome.read),
               .why = outcome.integer_overflow ? "an integer does not fit into 64 bits"
                                               : outcome.error.message(),
               .hint = "export the model again"});
}

}  // namespace fettle
