// Tokens of the text form (grammar in graph/text.hpp). One token and a character of look-ahead;
// white space and comments never matter. Also how names and strings are quoted, for the printer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace fettle::text {

enum class Tok : std::uint8_t {
  end,
  word,      // identifier, or several joined by dots: aten.add.Tensor
  quoted,    // %'any text'
  string,    // 'any text'
  integer,
  real,      // has a point, an exponent, or is inf or nan
  punct,     // one character, or ":=" or "->"
};

struct Token {
  Tok kind = Tok::end;
  std::string_view raw;     // as written
  std::string text;         // of string and quoted, without escapes
  std::int64_t integer = 0;
  double real = 0;
  std::size_t at = 0;       // offset in the source
};

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view name);

  const Token& peek() const { return token_; }
  Token take();
  bool is(std::string_view punct_or_word) const;
  bool take_if(std::string_view punct_or_word);
  void expect(std::string_view punct_or_word);
  char after() const;            // the first character after the current token; 0 at the end
  bool is_name() const;          // a word without dots that is not reserved, or quoted
  std::string take_name(std::string_view what);
  std::string take_string(std::string_view what);
  std::int64_t take_integer(std::string_view what);
  // An expression over symbols, raw: up to `,`, `]`, `)`, `=`, ` in [` or the line's end outside of its
  // own parentheses, and up to `>` where `in_angles`. Empty if there is none.
  std::string_view take_expression(bool in_angles = false);

  // "expected `what`, found `…`" at the current token.
  [[noreturn]] void fail_expected(std::string_view what, std::string hint = {}) const;
  [[noreturn]] void fail(Code code, std::size_t at, std::string what, std::string hint = {}) const;

 private:
  void advance();
  std::size_t skip_space(std::size_t from) const;
  void lex_word();
  void lex_number();
  void lex_string(std::size_t start);

  std::string_view source_;
  std::string name_;
  std::size_t position_ = 0;
  Token token_;
};

bool is_identifier(std::string_view text);
bool is_reserved(std::string_view word);  // no value may be so called without %'…'

void append_string(std::string& out, std::string_view text);     // 'it\'s'
void append_name(std::string& out, std::string_view name);       // add, %'odd name'
void append_operator(std::string& out, std::string_view name);   // dotted words, else %'…'
void append_real(std::string& out, double value);                // always seen to be real
void append_real(std::string& out, float value);

}  // namespace fettle::text
