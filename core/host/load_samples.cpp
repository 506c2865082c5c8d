// Samples of an archive as values: inputs unpickled, eager outputs from their records. Apart from
// the handle itself, as it alone needs the archive.
#include "archive/sample_inputs.hpp"
#include "host/program_handle.hpp"

namespace fettle {
namespace {

RunValue value_of(const ExpectedOutput& output) {
  if (output.tensor) return Tensor::from_constant(*output.tensor, false);
  const boost::json::value& value = output.value;
  if (value.is_bool()) return value.get_bool();
  if (value.is_int64()) return value.get_int64();
  if (value.is_double()) return value.get_double();
  if (value.is_string()) return std::string(value.get_string());
  return std::monostate{};
}

}  // namespace

std::vector<LoadedSample> load_samples(const Program& program) {
  std::vector<LoadedSample> loaded;
  for (const Sample& sample : program.samples) {
    LoadedSample& out = loaded.emplace_back();
    out.inputs = load_sample_inputs(program, sample);
    for (const ExpectedOutput& output : sample.outputs) {
      out.eager_outputs.push_back(value_of(output));
    }
    if (!sample.effects) continue;
    out.eager_effects.emplace();
    for (const ExpectedEffect& effect : *sample.effects) {
      out.eager_effects->push_back({effect.name, value_of(effect.value)});
    }
  }
  return loaded;
}

}  // namespace fettle
