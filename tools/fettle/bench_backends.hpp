// fettle bench MODEL --backend NAME…: one program on several backends, verified before measured.
#pragma once

#include "arguments.hpp"

namespace fettle {

int bench_backends(const Invocation& invocation, const Arguments& arguments);

}  // namespace fettle
