// Fuzz target: the text of a pipeline, to parse_pipeline.
#include "fuzz.hpp"
#include "pipeline/pipeline.hpp"

namespace fettle::soak {

const Input kInput = Input::pipeline;

Outcome meet(std::string_view bytes) {
  return outcome_of([&] { return parse_pipeline(bytes, "case.yaml"), 0; });
}

}  // namespace fettle::soak
