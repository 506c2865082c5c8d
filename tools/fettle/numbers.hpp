// Numbers as people read them; amounts are base/quantity.hpp's.
#pragma once

#include <string>

#include "base/quantity.hpp"

namespace fettle {

std::string human_seconds(double seconds);     // "0.35 ms", "12.30 s"
std::string error_size(double error);          // "0", "1.2e-06", "nan"

}  // namespace fettle
