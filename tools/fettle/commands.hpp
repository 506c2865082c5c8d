// The commands of the command line. Each reads its own arguments, prints results on stdout and
// returns an exit status (DESIGN 7); what goes wrong is thrown as fettle::Error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fettle {

struct Invocation {
  std::filesystem::path executable;    // absolute: plugins and configs are found beside it
  std::vector<std::string> arguments;  // after the command's name
};

struct Command {
  std::string_view name, summary;
  int (*run)(const Invocation&);
};

int run_command(const Invocation& invocation);
int inspect_command(const Invocation& invocation);
int plugins_command(const Invocation& invocation);

}  // namespace fettle
