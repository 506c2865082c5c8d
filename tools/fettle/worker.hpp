// fettle worker: the process that runs isolated passes for `fettle run`. It is not listed: nobody
// types it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace fettle {

CommandSpec worker_command_spec();

// The command line of a worker that loads what this run of a command loads.
std::vector<std::string> worker_command(const std::filesystem::path& executable,
                                        const Arguments& arguments);

}  // namespace fettle
