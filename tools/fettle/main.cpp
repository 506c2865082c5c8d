// fettle's command line: finds the command, and turns whatever comes out of it into an exit status.
#include <fcntl.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <csignal>
#include <iostream>
#include <optional>

#include "arguments.hpp"
#include "commands.hpp"
#include "conformance/child.hpp"
#include "crash_messages.hpp"
#include "failure.hpp"
#include "heap.hpp"
#include "manual.hpp"
#include "plugins_check.hpp"

namespace fettle {
namespace {

int dispatch(const std::filesystem::path& executable, const std::vector<std::string>& given) {
  const std::string name = given.empty() ? "-h" : given[0];
  if (name == "-h") {
    std::cout << brief_help_of_all(all_commands(), Terminal::standard_output());
    return 0;
  }
  if (name == "--help") {
    std::cout << manual_text(manual_of_all(all_commands()), Terminal::standard_output());
    return 0;
  }
  if (name == "--version") {
    std::cout << "fettle " << FETTLE_VERSION << "\n";
    return 0;
  }
  if (name == kCheckChild) return conformance::child_main({given.begin() + 1, given.end()});
  const CommandSpec& command = find_command(name);
  Arguments arguments(command);
  switch (arguments.parse({given.begin() + 1, given.end()})) {
    case HelpAsked::brief:
      std::cout << brief_help(command, Terminal::standard_output());
      return 0;
    case HelpAsked::full:
      std::cout << manual_text(manual_of(command), Terminal::standard_output());
      return 0;
    case HelpAsked::no:
      break;
  }
  std::optional<CrashMessages> last_words;
  if (name != "worker" && name != "trial") last_words.emplace();  // whose host tells
  return command.run({executable}, arguments);
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
  fettle::keep_freed_memory();
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
