// fettle plugins check FILE.so: whether a plugin keeps the rules of the ABI.
#pragma once

#include <string_view>

#include "arguments.hpp"

namespace fettle {

int check_plugin(const Invocation& invocation, const Arguments& arguments);

std::vector<OptionSpec> plugins_check_options();

// What the executable is called with to run checks in a process of its own; not a command.
inline constexpr std::string_view kCheckChild = "plugins-check-child";

}  // namespace fettle
