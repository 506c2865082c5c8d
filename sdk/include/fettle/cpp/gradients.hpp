// Gradients of programs: what a verifier compares beside the outputs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fettle/cpp/program.hpp"

#if FETTLE_TARGET_MINOR >= 1
namespace fettle {
inline namespace sdk {

// What gradients are taken with respect to: floating user inputs and parameters, as effects of the
// kinds FETTLE_EFFECT_USER_INPUT_GRADIENT and FETTLE_EFFECT_PARAMETER_GRADIENT.
inline std::vector<Effect> gradient_leaves(const Program& program) {
  const fettle_gradients_v1& table = detail::gradients_table();
  std::vector<Effect> found;
  for (std::uint64_t k = 0; k < table.leaf_count(program.raw()); ++k) {
    fettle_effect raw{};
    raw.size = sizeof raw;
    detail::check(table.leaf(program.context().raw(), program.raw(), k, &raw), "leaf");
    found.push_back({raw.kind, std::string(text(raw.target)), raw.value});
  }
  return found;
}

struct BackwardOptions {
  std::optional<std::uint64_t> seed;  // of torch's generator, set before the run
  bool float64 = false;
};
struct BackwardResult {
  Data outputs;
  Data gradients;             // by leaf; none where no path leads there
  std::string no_derivative;  // operators on the way that have none; empty: all have one
};

// The gradients of sum(output * cotangent); a cotangent that is none counts for nothing.
inline BackwardResult run_backward(const Program& program, const Data& inputs,
                                   const Data& cotangents, const BackwardOptions& options = {}) {
  const fettle_gradients_v1& table = detail::gradients_table();
  fettle_run_options raw{};
  raw.size = sizeof raw;
  raw.flags = FETTLE_RUN_CPU_OUTPUTS | (options.seed ? FETTLE_RUN_SEEDED : 0u) |
              (options.float64 ? FETTLE_RUN_FLOAT64 : 0u);
  raw.seed = options.seed.value_or(0);
  BackwardResult result{Data(program.output_count()), Data(table.leaf_count(program.raw())), {}};
  fettle_str no_derivative{};
  detail::check(
      table.run(program.context().raw(), program.raw(), &raw, inputs.raw(), cotangents.raw(),
                result.outputs.raw(), result.gradients.raw(), &no_derivative),
      "run backwards");
  result.outputs.keep_text();
  result.no_derivative = text(no_derivative);
  return result;
}

}  // namespace sdk
}  // namespace fettle
#endif
