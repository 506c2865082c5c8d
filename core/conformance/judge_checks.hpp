// Checks of what verifiers, benchmarks and analyses say.
#pragma once

#include "conformance/check.hpp"

namespace fettle::conformance {

Finding check_accepts_the_same(Subject& subject);
Finding check_refuses_the_wrong(Subject& subject);
Finding check_measures_each_program(Subject& subject);
Finding check_answers_every_program(Subject& subject);

}  // namespace fettle::conformance
