// Checks of how a plugin takes it that the host is another one than it was written on, or fails it.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_absent_extensions(Subject& subject);
Finding check_old_host(Subject& subject);
Finding check_newer_host(Subject& subject);
Finding check_failing_calls(Subject& subject);
Finding check_cancellation(Subject& subject);
Finding check_tensors_released(Subject& subject);

}  // namespace fettle::conformance
