#include "numbers.hpp"

#include <fmt/format.h>

#include <cmath>

namespace fettle {

std::string human_seconds(double seconds) {
  if (seconds < 1) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

std::string error_size(double error) {
  return error == 0 ? "0" : std::isnan(error) ? "nan" : fmt::format("{:.2g}", error);
}

}  // namespace fettle
