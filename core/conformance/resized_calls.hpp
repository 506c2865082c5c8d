// Calls of a component with structs of another size than today's, as an older or a newer host makes
// them: each call once, on small programs.
#pragma once

#include <string>
#include <vector>

#include "conformance/subject.hpp"

namespace fettle::conformance {

struct ResizedCalls {
  std::vector<std::string> structs;  // those that were handed over
  std::string touched;               // the grown one behind which the component wrote, if it did
};

// Structs as the version that brought them has them, right behind which no memory can be touched.
ResizedCalls call_with_cut_structs(Subject& subject, const Session& session);

// Structs that go on.
ResizedCalls call_with_grown_structs(Subject& subject, const Session& session);

}  // namespace fettle::conformance
