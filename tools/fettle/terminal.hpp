// What stdout is: how wide, and whether it shows colours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fettle {

enum class Style { plain, bold, removed, added, heading };

class Terminal {
 public:
  // COLUMNS, else the terminal's own width, else 80; colours on a terminal only, unless NO_COLOR is
  // set or TERM is "dumb".
  static Terminal standard_output();
  Terminal(std::size_t width, bool colour) : width_(width), colour_(colour) {}

  std::size_t width() const { return width_; }
  bool colour() const { return colour_; }
  std::string styled(std::string_view text, Style style) const;

 private:
  std::size_t width_;
  bool colour_;
};

// Columns that a UTF-8 text takes: its characters; ours have no wide ones.
std::size_t columns(std::string_view text);

// Words in lines of at most `width` columns, each behind `indent` spaces.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace fettle
