// The commands of the command line, each in a file of its own.
#pragma once

#include <vector>

#include "command_spec.hpp"

namespace fettle {

CommandSpec run_command();
CommandSpec inspect_command();
CommandSpec diff_command();
CommandSpec verify_command();
CommandSpec bisect_command();
CommandSpec fuzz_command();
CommandSpec bench_command();
CommandSpec plugins_command();
CommandSpec completion_command();
CommandSpec help_command();

// All of them, in the order in which help lists them.
const std::vector<CommandSpec>& all_commands();
const CommandSpec& find_command(const std::string& name);  // usage_unknown_command

}  // namespace fettle
