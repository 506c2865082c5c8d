#include "answer.hpp"

#include <algorithm>

namespace {

std::optional<std::uint32_t> effect_kind(std::uint32_t input_kind) {
  switch (input_kind) {
    case FETTLE_INPUT_USER:
      return FETTLE_EFFECT_USER_INPUT;
    case FETTLE_INPUT_PARAMETER:
      return FETTLE_EFFECT_PARAMETER;
    case FETTLE_INPUT_BUFFER:
      return FETTLE_EFFECT_BUFFER;
    case FETTLE_INPUT_TENSOR_CONSTANT:
      return FETTLE_EFFECT_CONSTANT;
    default:
      return std::nullopt;
  }
}

std::string key(const fettle::Effect& effect) {
  return std::to_string(effect.kind) + " " + effect.target;
}

}  // namespace

std::optional<Run> run_or_nothing(const fettle::Program& program, const fettle::Data& inputs,
                                  std::uint64_t seed, const fettle::Data* start,
                                  std::uint32_t contents, bool float64) {
  fettle::RunOptions options;
  options.seed = seed;
  options.start = start;
  options.uninitialized = contents;
  options.float64 = float64;
  try {
    fettle::RunResult result = program.run(inputs, options);
    return Run{std::move(result.outputs), std::move(result.effects)};
  } catch (const fettle::Failure& failure) {
    if (failure.status() == FETTLE_E_CANCELLED) throw;
    return std::nullopt;
  }
}

Effects::Effects(std::vector<fettle::Effect> effects) : effects_(std::move(effects)) {
  for (std::size_t k = 0; k < effects_.size(); ++k) index_.emplace(key(effects_[k]), k);
}

std::optional<std::size_t> Effects::find(const fettle::Effect& effect) const {
  const auto found = index_.find(key(effect));
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

bool Effects::carry_state() const {
  return std::any_of(effects_.begin(), effects_.end(),
                     [](const fettle::Effect& effect) { return effect.is_state(); });
}

fettle::Data Effects::matched(const fettle::Data& values, const Effects& other) const {
  fettle::Data result(other.effects_.size());
  for (std::size_t k = 0; k < effects_.size(); ++k) {
    const auto theirs = other.find(effects_[k]);
    if (theirs && effects_[k].is_state() && values.is_tensor(k))
      result.set(*theirs, fettle::Tensor::copy_of(values.tensor(k)));
  }
  return result;
}

Initial::Initial(const fettle::Program& program) : graph_(program.graph()) {
  std::size_t input = 0;
  for (const fettle::Node node : graph_.nodes()) {
    const fettle_node_info info = node.info();
    if (info.opcode != FETTLE_OPCODE_PLACEHOLDER) break;
    const bool given =
        info.input_kind == FETTLE_INPUT_USER || info.input_kind == FETTLE_INPUT_CONSTANT;
    const std::optional<std::size_t> position = given ? std::optional(input++) : std::nullopt;
    const auto kind = effect_kind(info.input_kind);
    if (!kind || info.n_results != 1) continue;
    const fettle::Value value = graph_.value(info.first_result);
    const std::string target(position ? value.name() : fettle::text(info.input_target));
    places_.emplace(key({*kind, target}), Place{value.id(), position});
  }
}

std::optional<fettle::Data> Initial::value(const fettle::Effect& effect,
                                           const fettle::Data& inputs) const {
  const auto place = places_.find(key(effect));
  if (place == places_.end()) return std::nullopt;
  fettle::Data value(1);
  if (const auto input = place->second.input) {
    if (*input >= inputs.size() || !inputs.is_tensor(*input)) return std::nullopt;
    value.set(0, fettle::Tensor::copy_of(inputs.tensor(*input)));
    return value;
  }
  fettle::Tensor stored = graph_.constant(graph_.value(place->second.value));
  if (!stored) return std::nullopt;
  value.set(0, std::move(stored));
  return value;
}
