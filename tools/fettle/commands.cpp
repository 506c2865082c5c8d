#include "commands.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "bisect.hpp"
#include "fuzz_worker.hpp"
#include "trial.hpp"
#include "worker.hpp"

namespace fettle {

const std::vector<CommandSpec>& all_commands() {
  static const std::vector<CommandSpec> commands = {
      run_command(),   inspect_command(), diff_command(),       verify_command(),
      bisect_command(), fuzz_command(),    bench_command(),      plugins_command(),
      completion_command(), help_command(),
  };
  return commands;
}

const CommandSpec& find_command(const std::string& name) {
  std::vector<std::string> known;
  static const CommandSpec hidden[] = {worker_command_spec(), fuzz_worker_command_spec(),
                                       trial_command_spec(), bisect_apart_command_spec()};
  for (const CommandSpec& command : hidden) {
    if (name == command.name) return command;
  }
  for (const CommandSpec& command : all_commands()) {
    if (command.name == name) return command;
    known.push_back(command.name);
  }
  throw Error({Code::usage_unknown_command,
               fmt::format("fettle has no command '{}'", name),
               {},
               {},
               suggest(name, known)});
}

}  // namespace fettle
