// fettle help: the manual of a command, and the pages for man.
#include <fmt/format.h>

#include <iostream>

#include "arguments.hpp"
#include "base/error.hpp"
#include "commands.hpp"
#include "manual.hpp"
#include "pipeline/report.hpp"

namespace fettle {
namespace {

// Every page, as FOLDER/fettle.1 and FOLDER/fettle-run.1 …
void write_pages(const std::filesystem::path& folder) {
  std::vector<Manual> manuals = {manual_of_all(all_commands())};
  for (const CommandSpec& command : all_commands()) manuals.push_back(manual_of(command));
  for (const Manual& manual : manuals) {
    write_report(folder / (manual.page + ".1"), manual_roff(manual));
  }
}

int run(const Invocation&, const Arguments& arguments) {
  if (arguments.has("man-dir")) {
    write_pages(arguments.text("man-dir"));
    return 0;
  }
  const std::string name = arguments.text("COMMAND");
  const Manual manual =
      name.empty() ? manual_of_all(all_commands()) : manual_of(find_command(name));
  std::cout << (arguments.flag("man") ? manual_roff(manual)
                                      : manual_text(manual, Terminal::standard_output()));
  return 0;
}

}  // namespace

CommandSpec help_command() {
  return {
      .name = "help",
      .summary = "show the manual of a command",
      .synopsis = {"help [COMMAND] [--man]", "help --man-dir DIR"},
      .description = {"Shows what 'fettle COMMAND --help' shows; without COMMAND, what fettle "
                      "is and which commands it has."},
      .positionals = {{.name = "COMMAND",
                       .help = "The command to explain.",
                       .required = false,
                       .completes = Completes::command}},
      .options = {{.name = "man",
                   .help = "Prints the page in roff, for man. 'fettle help run --man | man -l -' "
                           "shows it."},
                  {.name = "man-dir",
                   .value = "DIR",
                   .help = "Writes all pages into a folder.",
                   .completes = Completes::folder}},
      .examples = {{"fettle help run", "Everything about 'fettle run'"},
                   {"fettle help run --man | man -l -", "The same, in man's pager"}},
      .run = run};
}

}  // namespace fettle
