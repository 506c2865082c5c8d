// The name of a signal that ended a process, for people.
#pragma once

#include <string>

namespace fettle {

std::string signal_name(int signal);  // "SIGSEGV"; "signal 42" for the unusual

}  // namespace fettle
