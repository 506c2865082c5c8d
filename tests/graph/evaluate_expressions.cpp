// What fettle makes of expressions, for tests/python to hold against sympy.
//
//   evaluate_expressions < FILE      a line each: SREPR, ranges and any number of values, by tabs:
//     Add(…)  s77=2:50 u0=:4  s77=7 u0=-3  s77=9 u0=4
//   answers a line each: the bounds, then what it comes to under each of the values:
//     -1:54  4  13          True, 3.5, and "? why" where there is no value
#include <fmt/format.h>

#include <iostream>

#include "graph/symbolic.hpp"

using namespace fettle;

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find(separator, start)) != text.npos; start = end + 1) {
    parts.push_back(text.substr(start, end - start));
  }
  parts.push_back(text.substr(start));
  return parts;
}

// "s77=…" for each symbol.
template <class Fn>
void for_each_symbol(const std::string& text, Fn fn) {
  for (const std::string& part : split(text, ' ')) {
    const std::size_t equals = part.find('=');
    if (equals != part.npos) fn(part.substr(0, equals), part.substr(equals + 1));
  }
}

std::optional<std::int64_t> bound(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::int64_t>(std::stoll(text));
}
std::string text_of(std::optional<std::int64_t> bound) {
  return bound ? std::to_string(*bound) : "";
}

std::string text_of(const Evaluation& result) {
  if (!result.value) return "? " + result.why;
  if (const auto* truth = std::get_if<bool>(&*result.value)) return *truth ? "True" : "False";
  if (const auto* whole = std::get_if<std::int64_t>(&*result.value)) return std::to_string(*whole);
  return fmt::format("{:.17e}", std::get<double>(*result.value));
}

}  // namespace

int main() {
  Expressions all;
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<std::string> parts = split(line, '\t');
    const ExprId id = all.parse(parts[0]);
    SymbolRanges ranges;
    for_each_symbol(parts.at(1), [&](const std::string& name, const std::string& range) {
      const std::vector<std::string> ends = split(range, ':');
      ranges[name] = {bound(ends.at(0)), bound(ends.at(1))};
    });
    const Interval bounds = all.bounds(id, ranges);
    std::cout << text_of(bounds.low) << ':' << text_of(bounds.high);
    for (std::size_t k = 2; k < parts.size(); ++k) {
      SymbolValues values;
      for_each_symbol(parts[k], [&](const std::string& name, const std::string& value) {
        values[name] = std::stoll(value);
      });
      std::cout << '\t' << text_of(all.evaluate(id, values));
    }
    std::cout << '\n';
  }
}
