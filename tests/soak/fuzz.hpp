// What fuzz targets share. A target is a file of a dozen lines that defines what is below; fuzz.cpp
// gives it libFuzzer's entry point. -Dfuzz=true links it with libFuzzer (tools/fuzz), and the suite
// always runs it for a second (fuzz_for_a_second.cpp).
#pragma once

#include <string_view>

#include "outcome.hpp"

namespace fettle::soak {

enum class Input { archive, pipeline };
extern const Input kInput;  // which of the soak's cases are inputs of this target

Outcome meet(std::string_view bytes);

}  // namespace fettle::soak
