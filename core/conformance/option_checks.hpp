// Checks of what a component makes of its options, all at create: the host has checked them then.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_options_default(Subject& subject);
Finding check_options_allowed(Subject& subject);
Finding check_options_out_of_range(Subject& subject);

}  // namespace fettle::conformance
