// Checks of what verifiers, benchmarks and analyses say.
#pragma once

#include "conformance/check.hpp"
#include "conformance/programs.hpp"
#include "host/components.hpp"

namespace fettle::conformance {

// What a verifier that refused found: program, place, by how much.
std::string wrong_by(const NamedProgram& program, const Verdict& verdict, std::string_view verb);

Finding check_accepts_the_same(Subject& subject);
Finding check_refuses_the_wrong(Subject& subject);
Finding check_measures_each_program(Subject& subject);
Finding check_answers_every_program(Subject& subject);

}  // namespace fettle::conformance
