// The script for bash, which zsh runs as well through its bashcompinit.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "completion_scripts.hpp"

namespace fettle {
namespace {

// Functions that the generated part calls; `cur` and `prev` are the caller's.
constexpr std::string_view kHead = R"sh(
_fettle_words() {
  COMPREPLY=( $(compgen -W "$1" -- "$cur") )
}
_fettle_folders() {
  COMPREPLY=( $(compgen -d -- "$cur") )
}
# $1: pass, verifier, benchmark or component, of any kind. $2: other words. After commas, too.
_fettle_components() {
  local kind name names="$2" before=""
  while read -r kind name; do
    if [ "$1" = component ] || [ "$1" = "$kind" ]; then names="$names $name"; fi
  done <<EOT
$("${COMP_WORDS[0]}" plugins list --format names 2>/dev/null)
EOT
  case "$cur" in *,*) before="${cur%,*},";; esac
  COMPREPLY=( $(compgen -P "$before" -W "$names" -- "${cur#"$before"}") )
}
_fettle_settings() {
  COMPREPLY=( $(compgen -S = -W "$("${COMP_WORDS[0]}" plugins list --format settings 2>/dev/null)" -- "$cur") )
  compopt -o nospace 2>/dev/null
}
)sh";

// "all changed" of "PASS|all|changed": what is written as it stands.
std::string literal_words(const std::string& value) {
  std::string out;
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find('|', begin), value.size());
    const std::string word = value.substr(begin, end - begin);
    if (std::islower(static_cast<unsigned char>(word[0]))) out += (out.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return out;
}

// What completes a value; nothing for files, which the shell completes itself.
std::string action(Completes completes, const std::vector<std::string>& choices,
                   const std::string& value, const std::vector<CommandSpec>& commands) {
  switch (completes) {
    case Completes::nothing:
    case Completes::file:
      return {};
    case Completes::folder:
      return "_fettle_folders";
    case Completes::choice:
      return fmt::format("_fettle_words '{}'", fmt::join(choices, " "));
    case Completes::pass:
      return fmt::format("_fettle_components pass '{}'", literal_words(value));
    case Completes::verifier:
      return "_fettle_components verifier ''";
    case Completes::benchmark:
      return "_fettle_components benchmark ''";
    case Completes::analysis:
      return "_fettle_components analysis ''";
    case Completes::backend:
      return "_fettle_components backend ''";
    case Completes::component:
      return "_fettle_components component ''";
    case Completes::setting:
      return "_fettle_settings";
    case Completes::command:
      break;
  }
  std::string names;
  for (const CommandSpec& command : commands) names += (names.empty() ? "" : " ") + command.name;
  return fmt::format("_fettle_words '{}'", names);
}

std::string options_of(const CommandSpec& command) {
  std::string out;
  for (const OptionSpec& option : command.options) out += "--" + option.name + " ";
  return out + "--help";
}

// Cases of "COMMAND OPTION": what the option's value may be.
std::string value_cases(const CommandSpec& command, const std::vector<CommandSpec>& commands) {
  std::string out;
  for (const OptionSpec& option : command.options) {
    if (option.value.empty()) continue;
    std::string pattern = fmt::format("'{} --{}'", command.name, option.name);
    if (!option.letter.empty()) pattern += fmt::format("|'{} -{}'", command.name, option.letter);
    out += fmt::format("    {}) {} return;;\n", pattern, [&] {
      const std::string complete = action(option.completes, option.choices, option.value, commands);
      return complete.empty() ? complete : complete + ";";
    }());
  }
  return out;
}

// The first positional may be one of a few words; what follows is completed as the last one is.
std::string positional_case(const CommandSpec& command, const std::vector<CommandSpec>& commands) {
  if (command.positionals.empty()) return {};
  const PositionalSpec &first = command.positionals.front(), &last = command.positionals.back();
  const std::string at_first = action(first.completes, first.choices, "", commands);
  const std::string later = &first == &last ? (first.repeatable ? at_first : "")
                                            : action(last.completes, last.choices, "", commands);
  if (at_first.empty() && later.empty()) return {};
  return fmt::format("    {}) if [ \"$COMP_CWORD\" -eq 2 ]; then {}; else {}; fi;;\n", command.name,
                     at_first.empty() ? ":" : at_first, later.empty() ? ":" : later);
}

std::string functions(const std::vector<CommandSpec>& commands) {
  std::string names, values, options, positionals;
  for (const CommandSpec& command : commands) {
    names += command.name + " ";
    values += value_cases(command, commands);
    options += fmt::format("      {}) _fettle_words '{}';;\n", command.name, options_of(command));
    positionals += positional_case(command, commands);
  }
  return std::string(kHead) + R"sh(_fettle() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="" command="${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _fettle_words ')sh" +
         names + R"sh(--help --version'
    return
  fi
  prev="${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$cur" = "=" ]; then  # --option=value is three words
    cur=""
  elif [ "$prev" = "=" ]; then
    prev="${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$command $prev" in
)sh" + values +
         R"sh(  esac
  case "$cur" in
    -*) case "$command" in
)sh" + options +
         R"sh(    esac
    return;;
  esac
  case "$command" in
)sh" + positionals +
         R"sh(  esac
}
complete -o default -F _fettle fettle
)sh";
}

}  // namespace

std::string bash_completion(const std::vector<CommandSpec>& commands) {
  return "# Completes fettle's command line in bash; made by 'fettle completion bash'." +
         functions(commands);
}

std::string zsh_completion(const std::vector<CommandSpec>& commands) {
  return "# Completes fettle's command line in zsh; made by 'fettle completion zsh'.\n"
         "autoload -U +X bashcompinit && bashcompinit" +
         functions(commands);
}

}  // namespace fettle
