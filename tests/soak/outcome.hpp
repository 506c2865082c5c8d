// How what meets damaged input has to end: well, or with a diagnostic that blames the input.
#pragma once

#include <functional>
#include <string>

namespace fettle::soak {

struct Outcome {
  std::string code = "done";  // of the error, "check" for exit status 1 without one
  std::string finding;        // what must not be; empty: all is well
};

// Of an action that returns an exit status.
Outcome outcome_of(const std::function<int()>& action);

}  // namespace fettle::soak
