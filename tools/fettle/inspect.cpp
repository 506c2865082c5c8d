// fettle inspect: what a program is made of, as a summary, as text, as JSON or as a Graphviz
// drawing.
#include <fmt/format.h>

#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "graph/dot.hpp"
#include "graph/text.hpp"
#include "inspect_formats.hpp"

namespace fettle {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kAbout =
    "Shows a program exported from PyTorch without running it.\n"
    "  summary   signature, weights, operators, samples, versions\n"
    "  text      every node, close to what print(exported_program) shows\n"
    "  json      every node, for other programs\n"
    "  dot       a drawing: fettle inspect M.pt2 --format dot | dot -Tsvg > M.svg\n";

std::string warnings_text(const Program& program) {
  std::string out;
  for (const Diagnostic& warning : program.warnings) out += format(warning);
  return out;
}

}  // namespace

int inspect_command(const Invocation& invocation) {
  Arguments arguments("inspect MODEL.pt2 [--format summary|text|json|dot]", kAbout);
  arguments.positional("MODEL.pt2", true);
  arguments.options()("format,f", po::value<std::string>()->value_name("FORMAT"),
                      "summary (default), text, json or dot");
  if (!arguments.parse(invocation.arguments)) return 0;
  const std::string format = arguments.choice("format", {"summary", "text", "json", "dot"});

  const Program program = read_program(arguments.text("MODEL.pt2"));
  std::cerr << warnings_text(program);
  if (format == "summary") {
    std::cout << summary_text(program, arguments.text("MODEL.pt2"));
  } else if (format == "text") {
    std::cout << print(*program.graph);
  } else if (format == "json") {
    write_json(program, std::cout);
  } else {
    std::cout << to_dot(*program.graph);
  }
  return 0;
}

}  // namespace fettle
