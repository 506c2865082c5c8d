// Checks of what backends compute.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_agrees_with_libtorch(Subject& subject);

}  // namespace fettle::conformance
