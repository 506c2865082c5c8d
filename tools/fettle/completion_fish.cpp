// The script for fish.
#include <fmt/format.h>

#include "completion_scripts.hpp"

namespace fettle {
namespace {

// Between single quotes, in which fish knows two escapes.
std::string fish_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string components(std::string_view kind) {
  return fmt::format(
      "-x -a '(fettle plugins list --format names 2>/dev/null | string replace -rf "
      "\"^{} \" \"\")'",
      kind);
}

std::string action(Completes completes, const std::vector<std::string>& choices,
                   const std::vector<CommandSpec>& commands) {
  switch (completes) {
    case Completes::nothing:
      return "-x";
    case Completes::file:
      return "-r -F";
    case Completes::folder:
      return "-x -a '(__fish_complete_directories)'";
    case Completes::choice:
      return fmt::format("-x -a {}", fish_string(fmt::format("{}", fmt::join(choices, " "))));
    case Completes::pass:
      return components("pass");
    case Completes::verifier:
      return components("verifier");
    case Completes::benchmark:
      return components("benchmark");
    case Completes::analysis:
      return components("analysis");
    case Completes::backend:
      return components("backend");
    case Completes::component:
      return components("[a-z]+");
    case Completes::setting:
      return "-x -a '(fettle plugins list --format settings 2>/dev/null | string replace -r \"$\" "
             "\"=\")'";
    case Completes::command:
      break;
  }
  std::string names;
  for (const CommandSpec& command : commands) names += (names.empty() ? "" : " ") + command.name;
  return fmt::format("-x -a {}", fish_string(names));
}

}  // namespace

std::string fish_completion(const std::vector<CommandSpec>& commands) {
  std::string out =
      "# Completes fettle's command line in fish; made by 'fettle completion fish'.\n"
      "complete -c fettle -n __fish_use_subcommand -l version -f -d 'show the version'\n"
      "complete -c fettle -l help -s h -f -d 'show help'\n";
  for (const CommandSpec& command : commands) {
    out += fmt::format("complete -c fettle -n __fish_use_subcommand -f -a {} -d {}\n", command.name,
                       fish_string(command.summary));
    const std::string here =
        fmt::format("complete -c fettle -n '__fish_seen_subcommand_from {}'", command.name);
    for (const PositionalSpec& positional : command.positionals) {
      if (positional.completes == Completes::file) continue;  // as fish does anyway
      out +=
          fmt::format("{} {}\n", here, action(positional.completes, positional.choices, commands));
    }
    for (const OptionSpec& option : command.options) {
      const std::string letter = option.letter.empty() ? "" : " -s " + option.letter;
      const std::string value =
          option.value.empty() ? "-f" : action(option.completes, option.choices, commands);
      const std::string help = option.help.substr(0, option.help.find(". "));
      out += fmt::format("{} -l {}{} {} -d {}\n", here, option.name, letter, value, fish_string(help));
    }
  }
  return out;
}

}  // namespace fettle
