// What a run of a program leaves behind for its caller, besides what it returns: the kinds, and the
// names by which archives and messages call them. ops/effects.hpp finds a program's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fettle {

enum class EffectKind : std::uint8_t {
  buffer, parameter, constant, user_input, parameter_gradient, user_input_gradient,
};

// "buffer", "parameter_gradient" …
std::string_view effect_kind_name(EffectKind kind);
std::optional<EffectKind> effect_kind_from_name(std::string_view name);

// Which one: no program has two effects of one kind and target.
struct EffectName {
  EffectKind kind = EffectKind::buffer;
  std::string target;  // "bn1.running_mean"; a user input's name
  friend bool operator==(const EffectName&, const EffectName&) = default;
};

}  // namespace fettle
