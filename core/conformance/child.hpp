// The child's part: runs the checks from the given one on, and tells of each before it begins and
// when it ended, as lines of JSON. What the plugin does to this process is the parent's to find
// out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "conformance/check.hpp"
#include "conformance/subject.hpp"

namespace fettle::conformance {

struct ChildPlan {
  Settings settings;
  std::size_t first = 0;  // the items before it were told by earlier children
  // Vital checks that failed there: "check" or "check@component".
  std::vector<std::string> failed;
};
std::vector<std::string> arguments_of(const ChildPlan& plan);

// The child's main, with what arguments_of answered. Its exit status tells nothing.
int child_main(const std::vector<std::string>& arguments);

}  // namespace fettle::conformance
