// fettle plugins new: a project of its own for a plugin, from the SDK's templates.
#pragma once

#include "arguments.hpp"

namespace fettle {

std::vector<OptionSpec> new_plugin_options();
int new_plugin(const Invocation& invocation, const Arguments& arguments);

}  // namespace fettle
