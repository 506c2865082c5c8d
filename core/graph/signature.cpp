#include "graph/signature.hpp"

#include <algorithm>
#include <array>

#include "graph/effects.hpp"

namespace fettle {
namespace {

constexpr std::array<std::string_view, 7> kInputKinds = {
    "user_input", "parameter", "buffer", "tensor_constant", "custom_obj", "token", "constant_input",
};
constexpr std::array<std::string_view, 8> kOutputKinds = {
    "user_output",         "loss_output",           "buffer_mutation",
    "parameter_mutation",  "user_input_mutation",   "gradient_to_parameter",
    "gradient_to_user_input", "token",
};

constexpr std::array<std::string_view, 6> kEffectKinds = {
    "buffer", "parameter", "constant", "user_input", "parameter_gradient", "user_input_gradient",
};

template <class Kind, std::size_t N>
std::optional<Kind> from_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Kind>(found - names.begin());
}

}  // namespace

std::string_view input_kind_name(InputKind kind) {
  return kInputKinds[static_cast<std::size_t>(kind)];
}
std::string_view output_kind_name(OutputKind kind) {
  return kOutputKinds[static_cast<std::size_t>(kind)];
}
std::optional<InputKind> input_kind_from_name(std::string_view name) {
  return from_name<InputKind>(kInputKinds, name);
}
std::optional<OutputKind> output_kind_from_name(std::string_view name) {
  return from_name<OutputKind>(kOutputKinds, name);
}
std::string_view effect_kind_name(EffectKind kind) {
  return kEffectKinds[static_cast<std::size_t>(kind)];
}
std::optional<EffectKind> effect_kind_from_name(std::string_view name) {
  return from_name<EffectKind>(kEffectKinds, name);
}

}  // namespace fettle
