#include "graph/text_lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace fettle::text {
namespace {

bool starts_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool continues_identifier(char c) { return starts_identifier(c) || is_digit(c); }

constexpr std::array<std::string_view, 11> kReserved = {
    "None", "True", "False", "inf", "nan", "graph", "return", "self", "torch", "device", "complex",
};

constexpr std::uint64_t kQuietNan = 0x7ff8000000000000u;
constexpr std::uint64_t kSign = 0x8000000000000000u;

}  // namespace

bool is_identifier(std::string_view text) {
  return !text.empty() && starts_identifier(text[0]) &&
         std::ranges::all_of(text, continues_identifier);
}

bool is_reserved(std::string_view word) {
  return std::ranges::find(kReserved, word) != kReserved.end();
}

Lexer::Lexer(std::string_view source, std::string_view name) : source_(source), name_(name) {
  advance();
}

Token Lexer::take() {
  Token taken = std::move(token_);
  advance();
  return taken;
}

bool Lexer::is(std::string_view text) const {
  return (token_.kind == Tok::punct || token_.kind == Tok::word) && token_.raw == text;
}

bool Lexer::take_if(std::string_view text) {
  if (!is(text)) return false;
  advance();
  return true;
}

void Lexer::expect(std::string_view text) {
  if (!take_if(text)) fail_expected(fmt::format("'{}'", text));
}

bool Lexer::is_name() const {
  return token_.kind == Tok::quoted ||
         (token_.kind == Tok::word && token_.raw.find('.') == token_.raw.npos &&
          !is_reserved(token_.raw));
}

std::string Lexer::take_name(std::string_view what) {
  if (!is_name()) fail_expected(what, "write %'…' around a name that is no identifier");
  Token token = take();
  return token.kind == Tok::quoted ? std::move(token.text) : std::string(token.raw);
}

std::string Lexer::take_string(std::string_view what) {
  if (token_.kind != Tok::string) fail_expected(what);
  return take().text;
}

std::string_view Lexer::take_expression(bool in_angles) {
  int depth = 0;
  std::size_t end = token_.at;
  for (; end < source_.size() && source_[end] != '\n' && source_[end] != '#'; ++end) {
    const char c = source_[end];
    const char before = end > token_.at ? source_[end - 1] : ' ';
    const char after = end + 1 < source_.size() ? source_[end + 1] : ' ';
    if (c == '(') ++depth;
    if (depth > 0) {
      if (c == ')') --depth;
      continue;
    }
    if (c == ',' || c == ')' || c == ']' || (c == '>' && in_angles)) break;
    const bool comparison = before == '<' || before == '>' || before == '!' || before == '=';
    if (c == '=' && !comparison && after != '=') break;
    if (source_.substr(end).starts_with(" in [")) break;
  }
  std::string_view text = source_.substr(token_.at, end - token_.at);
  while (text.ends_with(' ')) text.remove_suffix(1);
  position_ = end;
  advance();
  return text;
}

std::int64_t Lexer::take_integer(std::string_view what) {
  if (token_.kind != Tok::integer) fail_expected(what);
  return take().integer;
}

void Lexer::fail_expected(std::string_view what, std::string hint) const {
  fail(Code::text_syntax, token_.at,
       token_.kind == Tok::end ? fmt::format("expected {}, found the end of the text", what)
                               : fmt::format("expected {}, found '{}'", what, token_.raw),
       std::move(hint));
}

void Lexer::fail(Code code, std::size_t at, std::string what, std::string hint) const {
  const std::string_view before = source_.substr(0, at);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = 1 + (start == before.npos ? at : at - start - 1);
  throw Error({.code = code,
               .what = std::move(what),
               .where = fmt::format("{}:{}:{}", name_, line, column),
               .why = {},
               .hint = std::move(hint)});
}

std::size_t Lexer::skip_space(std::size_t from) const {
  while (from < source_.size()) {
    const char c = source_[from];
    if (c == '#') {
      from = std::min(source_.find('\n', from), source_.size());
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++from;
    } else {
      break;
    }
  }
  return from;
}

char Lexer::after() const {
  const std::size_t at = skip_space(position_);
  return at < source_.size() ? source_[at] : '\0';
}

void Lexer::advance() {
  position_ = skip_space(position_);
  token_.at = position_;
  token_.text.clear();
  token_.raw = {};
  token_.kind = Tok::end;
  if (position_ == source_.size()) return;
  const char c = source_[position_];
  const char next = position_ + 1 < source_.size() ? source_[position_ + 1] : '\0';
  if (starts_identifier(c)) return lex_word();
  if (is_digit(c) || (c == '-' && (is_digit(next) || next == 'i' || next == 'n'))) {
    return lex_number();
  }
  if (c == '\'') return lex_string(position_);
  if (c == '%' && next == '\'') {
    lex_string(position_ + 1);
    token_.kind = Tok::quoted;
    return;
  }
  token_.kind = Tok::punct;
  const bool two = (c == ':' && next == '=') || (c == '-' && next == '>');
  token_.raw = source_.substr(position_, two ? 2 : 1);
  position_ += token_.raw.size();
}

void Lexer::lex_word() {
  std::size_t end = position_;
  for (;;) {
    while (end < source_.size() && continues_identifier(source_[end])) ++end;
    const bool more = end + 1 < source_.size() && source_[end] == '.' &&
                      starts_identifier(source_[end + 1]);
    if (!more) break;
    ++end;
  }
  token_.raw = source_.substr(position_, end - position_);
  token_.kind = Tok::word;
  if (token_.raw == "inf" || token_.raw == "nan") return lex_number();
  position_ = end;
}

// [-]digits, [-]digits with point or exponent, [-]inf, [-]nan, [-]nan(0x…) with the NaN's bits.
void Lexer::lex_number() {
  const char* const begin = source_.data() + position_;
  const char* const end = source_.data() + source_.size();
  std::int64_t integer = 0;
  const auto [int_end, int_error] = std::from_chars(begin, end, integer);
  const bool ends_there = int_end == end || (*int_end != '.' && *int_end != 'e' && *int_end != 'E');
  const char* stop = int_end;
  if (int_error == std::errc{} && ends_there) {
    token_.kind = Tok::integer;
    token_.integer = integer;
  } else {
    const bool negative = *begin == '-';
    const std::string_view rest(begin + (negative ? 1 : 0), end);
    token_.kind = Tok::real;
    if (rest.starts_with("nan")) {
      stop = rest.data() + 3;
      std::uint64_t bits = kQuietNan;
      if (rest.starts_with("nan(0x")) {
        const auto [hex_end, hex_error] = std::from_chars(rest.data() + 6, end, bits, 16);
        if (hex_error != std::errc{} || hex_end == end || *hex_end != ')' ||
            !std::isnan(std::bit_cast<double>(bits))) {
          fail(Code::text_syntax, position_, "this is not the bits of a NaN");
        }
        stop = hex_end + 1;
      }
      token_.real = std::bit_cast<double>(bits | (negative ? kSign : 0));
    } else if (rest.starts_with("inf")) {
      stop = rest.data() + 3;
      token_.real = negative ? -std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::infinity();
    } else {
      const auto [real_end, real_error] = std::from_chars(begin, end, token_.real);
      if (ends_there || real_error != std::errc{}) {
        fail(Code::text_syntax, position_, "this number does not fit into 64 bits");
      }
      stop = real_end;
    }
  }
  token_.raw = source_.substr(position_, static_cast<std::size_t>(stop - begin));
  position_ += token_.raw.size();
  if (position_ < source_.size() && continues_identifier(source_[position_])) {
    fail(Code::text_syntax, token_.at, "a number runs into a word");
  }
}

// start: at the opening quote.
void Lexer::lex_string(std::size_t start) {
  token_.kind = Tok::string;
  std::size_t at = start + 1;
  for (; at < source_.size() && source_[at] != '\''; ++at) {
    const char c = source_[at];
    if (c == '\n') break;
    if (c != '\\') {
      token_.text += c;
      continue;
    }
    const char escaped = ++at < source_.size() ? source_[at] : '\0';
    if (escaped == 'x') {
      unsigned byte = 0;
      const char* const digits = source_.data() + at + 1;
      const char* const limit = source_.data() + std::min(at + 3, source_.size());
      const auto [end, error] = std::from_chars(digits, limit, byte, 16);
      if (error != std::errc{} || end != digits + 2) {
        fail(Code::text_syntax, at, "expected two hexadecimal digits after \\x");
      }
      token_.text += static_cast<char>(byte);
      at += 2;
    } else if (escaped == 'n' || escaped == 't' || escaped == 'r') {
      token_.text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : '\r';
    } else if (escaped == '\\' || escaped == '\'') {
      token_.text += escaped;
    } else {
      fail(Code::text_syntax, at, "unknown escape in a string",
           "the escapes are \\\\ \\' \\n \\t \\r and \\xNN");
    }
  }
  if (at >= source_.size() || source_[at] != '\'') {
    fail(Code::text_syntax, token_.at, "a string does not end in its line",
         "write a line break inside a string as \\n");
  }
  token_.raw = source_.substr(token_.at, at + 1 - token_.at);
  position_ = at + 1;
}

// -- printing

void append_string(std::string& out, std::string_view text) {
  out += '\'';
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\'': out += "\\'"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '\'';
}

void append_name(std::string& out, std::string_view name) {
  if (is_identifier(name) && !is_reserved(name)) {
    out += name;
  } else {
    out += '%';
    append_string(out, name);
  }
}

void append_operator(std::string& out, std::string_view name) {
  std::string_view rest = name;
  for (;;) {
    const std::size_t dot = rest.find('.');
    if (!is_identifier(rest.substr(0, dot)) || is_reserved(name)) {
      out += '%';
      return append_string(out, name);
    }
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  out += name;
}

namespace {

template <class Real>
void append_finite(std::string& out, Real value) {
  const std::size_t start = out.size();
  fmt::format_to(std::back_inserter(out), "{}", value);
  if (out.find_first_of(".e", start) == out.npos) out += ".0";
}

}  // namespace

void append_real(std::string& out, double value) {
  if (std::isfinite(value)) return append_finite(out, value);
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "inf";
    return;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value) & ~kSign;
  out += "nan";
  if (bits != kQuietNan) fmt::format_to(std::back_inserter(out), "({:#x})", bits);
}

void append_real(std::string& out, float value) {
  std::isfinite(value) ? append_finite(out, value) : append_real(out, static_cast<double>(value));
}

}  // namespace fettle::text
