// Values between the host, which knows no torch types, and libtorch's boxed calls.
#pragma once

#include <ATen/core/ivalue.h>

#include "runtime/executable.hpp"

namespace fettle {

c10::IValue to_ivalue(const RunValue& value);
RunValue to_run_value(const c10::IValue& value);

}  // namespace fettle
