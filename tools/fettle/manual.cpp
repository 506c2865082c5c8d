// What the manual says, from what commands declare.
#include "manual.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "arguments.hpp"

namespace fettle {
namespace {

using Kind = ManualPart::Kind;
using Pairs = std::vector<std::pair<std::string, std::string>>;

const Pairs kStatuses = {
    {"0", "Done."},
    {"1", "A check said no: a verification or a comparison."},
    {"2", "Bad input or usage, or an output that cannot be written."},
    {"3", "A plugin broke its contract."},
    {"70", "A bug in fettle."},
    {"130", "Interrupted by Ctrl-C."},
};

constexpr std::string_view kSummary =
    "optimize programs exported from PyTorch, and prove that they still compute the same";

bool has_option(const CommandSpec& command, std::string_view name) {
  return std::ranges::find(command.options, name, &OptionSpec::name) != command.options.end();
}

ManualSection definitions(std::string heading, const Pairs& pairs) {
  ManualSection section{std::move(heading), {}};
  for (const auto& [term, text] : pairs) section.parts.push_back({Kind::definition, text, term});
  return section;
}

ManualSection paragraphs(std::string heading, const std::vector<std::string>& texts) {
  ManualSection section{std::move(heading), {}};
  for (const std::string& text : texts) {
    const bool literal = text.starts_with(' ');
    section.parts.push_back({literal ? Kind::literal : Kind::paragraph, text});
  }
  return section;
}

std::string option_term(const OptionSpec& option) {
  const std::string value = option.value.empty() ? "" : " " + option.value;
  const std::string letter =
      option.letter.empty() ? "" : fmt::format("-{}{}, ", option.letter, value);
  return fmt::format("{}--{}{}", letter, option.name, value);
}

std::string option_meaning(const OptionSpec& option) {
  std::string text = option.help;
  if (!option.choices.empty()) {
    text += fmt::format(" One of {}; default: {}.", fmt::join(option.choices, ", "),
                        option.otherwise.empty() ? option.choices.front() : option.otherwise);
  } else if (!option.otherwise.empty()) {
    text += fmt::format(" Default: {}.", option.otherwise);
  }
  if (option.repeatable) text += " May be given several times.";
  return text;
}

ManualSection options_section(const CommandSpec& command) {
  Pairs pairs;
  for (const OptionSpec& option : command.options) {
    pairs.emplace_back(option_term(option), option_meaning(option));
  }
  pairs.emplace_back("-h", "Shows usage and options in short.");
  pairs.emplace_back("--help", "Shows this.");
  return definitions("OPTIONS", pairs);
}

Pairs environment(bool plugins) {
  Pairs pairs;
  if (plugins) {
    pairs.emplace_back(
        "FETTLE_PLUGIN_PATH",
        "Folders with plugins, absolute, separated by colons; searched after those of "
        "--plugin-dir.");
    pairs.emplace_back("XDG_DATA_HOME",
                       "Where the user's plugin folder is; default: ~/.local/share.");
  }
  pairs.emplace_back("NO_COLOR", "If set and not empty, nothing is coloured.");
  pairs.emplace_back("COLUMNS", "Width of help texts; default: the terminal's, or 80.");
  return pairs;
}

Pairs files(bool pipeline) {
  Pairs pairs;
  if (pipeline) {
    pairs.emplace_back("configs/default.yaml, share/fettle/configs/default.yaml",
                       "The default pipeline, beside the executable's folder.");
  }
  pairs.emplace_back("~/.local/share/fettle/plugins", "The user's plugins.");
  pairs.emplace_back(
      "lib/fettle/plugins",
      "The installed plugins, beside the executable's folder; in a build, the folder "
      "'plugins' beside the executable.");
  return pairs;
}

ManualSection examples_section(const std::vector<Example>& examples) {
  ManualSection section{"EXAMPLES", {}};
  for (const Example& example : examples) {
    section.parts.push_back({Kind::paragraph, example.meaning + ":"});
    section.parts.push_back({Kind::literal, "  " + example.command});
  }
  return section;
}

void add(Manual& manual, ManualSection section) {
  if (!section.parts.empty()) manual.sections.push_back(std::move(section));
}

void add_common(Manual& manual, const Pairs& statuses, bool plugins, bool pipeline,
                const std::vector<Example>& examples, const std::vector<std::string>& see_also) {
  Pairs all = kStatuses;
  for (const auto& [status, meaning] : statuses) {
    const auto found = std::ranges::find(all, status, &Pairs::value_type::first);
    if (found != all.end()) found->second = meaning;
  }
  add(manual, definitions("EXIT STATUS", all));
  add(manual, definitions("ENVIRONMENT", environment(plugins)));
  if (plugins) add(manual, definitions("FILES", files(pipeline)));
  if (!examples.empty()) add(manual, examples_section(examples));
  std::string pages;
  for (const std::string& name : see_also) {
    pages +=
        fmt::format("{}fettle{}{}(1)", pages.empty() ? "" : ", ", name.empty() ? "" : "-", name);
  }
  if (!pages.empty()) add(manual, paragraphs("SEE ALSO", {pages}));
}

std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return end == text.npos ? text : text.substr(0, end + 1);
}

std::string brief_row(std::string term, std::string_view meaning, const Terminal& terminal) {
  constexpr std::size_t kColumn = 34;
  std::string text = wrapped(meaning, terminal.width(), kColumn);
  const std::size_t used = 2 + columns(term);
  if (used + 2 > kColumn) return "  " + std::move(term) + "\n" + text;
  return text.replace(0, used, "  " + term);
}

}  // namespace

Manual manual_of(const CommandSpec& command) {
  Manual manual{"fettle-" + command.name, command.summary, {}};
  add(manual, paragraphs("NAME", {manual.page + " - " + command.summary}));
  std::vector<std::string> synopsis;
  for (const std::string& line : command.synopsis) synopsis.push_back("  fettle " + line);
  add(manual, paragraphs("SYNOPSIS", synopsis));
  add(manual, paragraphs("DESCRIPTION", command.description));
  Pairs arguments;
  for (const PositionalSpec& positional : command.positionals) {
    arguments.emplace_back(positional.name + (positional.repeatable ? " …" : ""), positional.help);
  }
  add(manual, definitions("ARGUMENTS", arguments));
  add(manual, options_section(command));
  std::vector<std::string> see_also = {""};
  see_also.insert(see_also.end(), command.see_also.begin(), command.see_also.end());
  add_common(manual, command.statuses, has_option(command, "plugin-dir"),
             has_option(command, "pipeline"), command.examples, see_also);
  return manual;
}

Manual manual_of_all(const std::vector<CommandSpec>& commands) {
  Manual manual{"fettle", std::string(kSummary), {}};
  add(manual, paragraphs("NAME", {"fettle - " + manual.summary}));
  add(manual, paragraphs("SYNOPSIS", {"  fettle COMMAND [ARGUMENT...]", "  fettle --version"}));
  add(manual,
      paragraphs(
          "DESCRIPTION",
          {"fettle takes a model exported by torch.export, runs a pipeline of plugin passes over "
           "its graph, proves after every pass that the model still computes what the "
           "original computed, measures what the passes bought, and writes a .pt2 that Python "
           "loads.",
           "Results go to standard output; notes, warnings and errors to standard error. A "
           "message says what went wrong, where, why, and what to try next."}));
  Pairs pairs;
  std::vector<std::string> names;
  for (const CommandSpec& command : commands) {
    pairs.emplace_back(command.name, command.summary + ".");
    names.push_back(command.name);
  }
  add(manual, definitions("COMMANDS", pairs));
  add_common(manual, {}, true, true, {}, names);
  return manual;
}

std::string brief_help(const CommandSpec& command, const Terminal& terminal) {
  std::string out =
      "usage: " + usage_text(command, "\n       ") + "\n\n" +
      wrapped("fettle " + command.name + ": " + command.summary + ".", terminal.width(), 0) + "\n";
  for (const OptionSpec& option : command.options) {
    out += brief_row(option_term(option), first_sentence(option.help), terminal);
  }
  return out + "\n" +
         wrapped(fmt::format("'fettle {} --help' tells more.", command.name), terminal.width(), 0);
}

std::string brief_help_of_all(const std::vector<CommandSpec>& commands, const Terminal& terminal) {
  std::string out = wrapped(fmt::format("fettle: {}.", kSummary), terminal.width(), 0) +
                    "\nusage: fettle COMMAND [ARGUMENT...]\n\n";
  for (const CommandSpec& command : commands) {
    out += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  return out + "\n'fettle help COMMAND' tells more; 'fettle --version' the version.\n";
}

}  // namespace fettle
