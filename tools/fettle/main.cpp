// fettle's command line: finds the command, and turns whatever comes out of it into an exit status.
#include <fcntl.h>
#include <fmt/format.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <csignal>
#include <iostream>

#include "base/error.hpp"
#include "commands.hpp"
#include "failure.hpp"

namespace fettle {
namespace {

constexpr Command kCommands[] = {
    {"run", "optimize a program by a pipeline of passes, verify and measure it", run_command},
    {"inspect", "show what a program is made of", inspect_command},
    {"plugins", "list the passes, verifiers and benchmarks there are", plugins_command},
};

std::string help() {
  std::string text =
      "fettle: optimizes programs exported from PyTorch, and proves that they still compute the "
      "same\n\n"
      "usage: fettle COMMAND [ARGUMENT...]\n\n";
  for (const Command& command : kCommands) {
    text += fmt::format("  {:<10}{}\n", command.name, command.summary);
  }
  return text +
         "\n'fettle COMMAND --help' tells more; 'fettle --version' the version.\n"
         "Exit status: 0 done; 1 a check said no; 2 bad input or usage; 3 a plugin broke its "
         "contract;\n"
         "70 a bug in fettle.\n";
}

int dispatch(const std::filesystem::path& executable, const std::vector<std::string>& arguments) {
  const std::string name = arguments.empty() ? "--help" : arguments[0];
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << help();
    return 0;
  }
  if (name == "--version") {
    std::cout << "fettle " << FETTLE_VERSION << "\n";
    return 0;
  }
  std::vector<std::string> known;
  for (const Command& command : kCommands) {
    if (command.name == name) {
      return command.run({executable, {arguments.begin() + 1, arguments.end()}});
    }
    known.emplace_back(command.name);
  }
  throw Error({Code::usage_unknown_command,
               fmt::format("fettle has no command '{}'", name),
               {},
               {},
               suggest(name, known)});
}

void guard_streams() {
  // A reader that has seen enough (`| head`) must not kill a run before its output is written, and
  // a file that grows past the limit is an error like a full disk.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // A file opened while stdout is closed would get its number, and the results written into it.
  for (int stream = 0; stream <= 2; ++stream) {
    if (::fcntl(stream, F_GETFD) == -1)
      (void)::open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace
}  // namespace fettle

int main(int argc, char** argv) {
  fettle::guard_streams();
  std::ios::sync_with_stdio(false);
  try {
    const std::filesystem::path executable = boost::dll::program_location().string();
    const int status = fettle::dispatch(executable, {argv + 1, argv + argc});
    fettle::flush_results();
    return status;
  } catch (...) {
    std::cout.flush();
    return fettle::describe_failure(std::current_exception(), std::cerr);
  }
}
