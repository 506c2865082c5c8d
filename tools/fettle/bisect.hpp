// What `fettle bisect` becomes when it crashed: the same, each trial in a process of its own. It is
// not listed: nobody types it.
#pragma once

#include "command_spec.hpp"

namespace fettle {

CommandSpec bisect_apart_command_spec();

}  // namespace fettle
