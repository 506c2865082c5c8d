// fettle diff: what changed between two programs.
#include <fmt/format.h>

#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "pipeline/program_diff.hpp"
#include "pipeline/report.hpp"
#include "programs.hpp"
#include "terminal.hpp"

namespace fettle {
namespace {

std::string coloured(std::string_view text, const Terminal& terminal) {
  if (!terminal.colour()) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const Style style = line.starts_with("@@")  ? Style::heading
                        : line.starts_with('-') ? Style::removed
                        : line.starts_with('+') ? Style::added
                        : line.starts_with('!') ? Style::bold
                                                : Style::plain;
    out += terminal.styled(line, style) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

int run(const Invocation&, const Arguments& arguments) {
  const std::string path_a = arguments.text("A.pt2"), path_b = arguments.text("B.pt2");
  const Program a = load_program(arguments, path_a), b = load_program(arguments, path_b);
  std::cerr << warnings_text(a) << warnings_text(b);
  const ProgramDiff diff = diff_programs(a, b);
  if (!arguments.flag("quiet")) {
    if (arguments.choice("format") == "json") {
      boost::json::object json{{"fettle_version", FETTLE_VERSION}, {"a", path_a}, {"b", path_b}};
      const boost::json::object differences = to_json(a, b, diff);
      json.insert(differences.begin(), differences.end());
      std::cout << pretty(json);
    } else {
      const std::string text = unified_text(a, b, diff);
      if (!text.empty()) std::cout << fmt::format("--- {}\n+++ {}\n", path_a, path_b);
      std::cout << coloured(text, Terminal::standard_output()) << summary_line(diff) << "\n";
    }
  }
  return diff.same() ? 0 : 1;
}

}  // namespace

CommandSpec diff_command() {
  return {
      .name = "diff",
      .summary = "show what changed between two programs",
      .synopsis = {"diff A.pt2 B.pt2 [--format text|json] [--quiet]"},
      .description =
          {"Compares two programs as Python would load them: nodes of all graphs with their "
           "arguments "
           "and types, the signature, constants with their bytes and what shares storage, range "
           "constraints, metadata, stored inputs, outputs and effects, and other records. How a program was "
           "made (the pipeline that fettle recorded in it) is no difference.",
           "Nodes are matched by name, and by what they compute where names have shifted; a node "
           "whose "
           "operand was merely renamed is the same node. The text is a unified diff in the form "
           "that "
           "'fettle inspect --format text' shows: '-' is only in A, '+' only in B, and '!' marks "
           "what "
           "differs in a way that the text does not show, which is named behind '#'. The last line "
           "sums "
           "up.",
           "Both programs are only read; nothing of them is run. 'fettle verify' tells whether "
           "they "
           "compute the same."},
      .positionals = {{.name = "A.pt2", .help = "The program before."},
                      {.name = "B.pt2", .help = "The program after."}},
      .options = with_program_options({{.name = "format",
                                        .letter = "f",
                                        .value = "FORMAT",
                                        .help = "How differences are shown.",
                                        .choices = {"text", "json"},
                                        .completes = Completes::choice},
                                       {.name = "quiet",
                                        .letter = "q",
                                        .help = "Prints nothing; the exit status is the answer."}}),
      .statuses = {{"0", "The programs are the same."}, {"1", "They differ."}},
      .examples = {{"fettle diff model.pt2 small.pt2", "What a pipeline did to a program"},
                   {"fettle diff -q a.pt2 b.pt2 || echo changed", "Only whether they differ"}},
      .see_also = {"verify", "inspect"},
      .run = run};
}

}  // namespace fettle
