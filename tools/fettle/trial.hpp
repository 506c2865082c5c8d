// fettle trial: a process that `fettle bisect` starts for a trial that may take its process down.
// It is not listed: nobody types it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace fettle {

CommandSpec trial_command_spec();

// The command line of `command` with those of these arguments that it takes too, each as
// NAME=VALUE, except `without`; then the model.
std::vector<std::string> command_line(const std::filesystem::path& executable,
                                      const CommandSpec& command, const Arguments& arguments,
                                      const std::vector<std::string>& more,
                                      const std::vector<std::string>& without,
                                      const std::string& model);

// A trial of the model and pipeline that the arguments name, or of others.
std::vector<std::string> trial_command(const std::filesystem::path& executable,
                                       const Arguments& arguments,
                                       const std::filesystem::path& program,
                                       const std::filesystem::path& pipeline,
                                       std::uint64_t rewrite_limit);

}  // namespace fettle
