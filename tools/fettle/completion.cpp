// fettle completion: scripts that complete the command line in shells.
#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "completion_scripts.hpp"

namespace fettle {
namespace {

int run(const Invocation&, const Arguments& arguments) {
  const std::string shell = arguments.choice("SHELL");
  std::cout << (shell == "bash"  ? bash_completion(all_commands())
                : shell == "zsh" ? zsh_completion(all_commands())
                                 : fish_completion(all_commands()));
  return 0;
}

}  // namespace

CommandSpec completion_command() {
  return {
      .name = "completion",
      .summary = "print a script that completes fettle's command line in a shell",
      .synopsis = {"completion bash|zsh|fish"},
      .description =
          {"Completes commands, options, values that are one of a few, files, and the names and "
           "options of the passes, verifiers and benchmarks that 'fettle plugins list' "
           "finds."},
      .positionals = {{.name = "SHELL",
                       .help = "The shell: bash, zsh or fish.",
                       .choices = {"bash", "zsh", "fish"},
                       .completes = Completes::choice}},
      .examples = {{"source <(fettle completion bash)", "In ~/.bashrc"},
                   {"source <(fettle completion zsh)", "In ~/.zshrc, after compinit"},
                   {"fettle completion fish | source", "In fish's configuration"}},
      .see_also = {"plugins"},
      .run = run};
}

}  // namespace fettle
