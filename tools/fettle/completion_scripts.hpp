// Scripts for shells, made from what the commands declare. What only the plugins know is asked of
// `fettle plugins list` when it is needed.
#pragma once

#include <string>
#include <vector>

#include "command_spec.hpp"

namespace fettle {

std::string bash_completion(const std::vector<CommandSpec>& commands);
std::string zsh_completion(const std::vector<CommandSpec>& commands);
std::string fish_completion(const std::vector<CommandSpec>& commands);

}  // namespace fettle
