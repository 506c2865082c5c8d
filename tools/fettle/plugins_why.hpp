// fettle plugins why: where a component was looked for, and why it can or cannot be used.
#pragma once

#include "arguments.hpp"

namespace fettle {

// 0 if NAME can be used, 1 if not.
int why_plugin(const Invocation& invocation, const Arguments& arguments);

}  // namespace fettle
