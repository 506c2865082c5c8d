// Calls of a component with structs of another size than today's, as an older or a newer host makes
// them: each call once, on small programs.
#pragma once

#include <string>

#include "conformance/subject.hpp"

namespace fettle::conformance {

// Structs as version 1.0 has them, right behind which no memory can be touched.
void call_with_cut_structs(Subject& subject, const Session& session);

// Structs that go on; answers the one behind which the component wrote, or nothing.
std::string call_with_grown_structs(Subject& subject, const Session& session);

}  // namespace fettle::conformance
