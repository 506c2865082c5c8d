#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace fettle {
namespace {

constexpr std::size_t kNarrowest = 40, kWidest = 100, kUsual = 80;

std::size_t standard_width() {
  std::size_t width = 0;
  if (const std::string_view text = std::getenv("COLUMNS") ? std::getenv("COLUMNS") : "";
      !text.empty()) {
    std::from_chars(text.data(), text.data() + text.size(), width);
  }
  winsize size = {};
  if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  return width == 0 ? kUsual : std::clamp(width, kNarrowest, kWidest);
}

bool standard_colour() {
  const char* none = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) && !(none && *none) && term && std::string_view(term) != "dumb";
}

}  // namespace

Terminal Terminal::standard_output() {
  return {standard_width(), standard_colour()};
}

std::string Terminal::styled(std::string_view text, Style style) const {
  constexpr std::string_view codes[] = {"", "1", "31", "32", "36"};
  const std::string_view code = codes[static_cast<std::size_t>(style)];
  if (!colour_ || code.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out, line;
  const auto flush = [&] {
    if (!line.empty()) out.append(indent, ' ').append(line) += '\n';
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!line.empty() && indent + columns(line) + 1 + columns(word) > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
  }
  flush();
  return out;
}

}  // namespace fettle
