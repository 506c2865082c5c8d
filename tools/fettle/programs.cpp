#include "programs.hpp"

#include <fmt/format.h>

#include "example_inputs.hpp"

namespace fettle {
namespace {

// A Python string literal.
std::string python_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

std::vector<OptionSpec> with_program_options(std::vector<OptionSpec> options) {
  for (OptionSpec& option : example_input_options()) options.push_back(std::move(option));
  options.push_back({.name = "model",
                     .value = "NAME",
                     .help = "The program to take from an archive that holds several."});
  return options;
}

Program load_program(const Arguments& arguments, const std::string& path) {
  return read_model(path, read_example_inputs(arguments), arguments.text("model"));
}

std::string warnings_text(const Program& program) {
  std::string out;
  for (const Diagnostic& warning : program.warnings) out += format(warning);
  return out;
}

std::vector<std::string> python_lines(const Program& program, const std::string& path) {
  std::vector<std::string> lines = {"import torch"};
  for (const std::string& module : program.imports) {
    lines.push_back(fmt::format("import {}  # defines a class that the outputs have", module));
  }
  if (program.model == "model") {
    lines.push_back(fmt::format("program = torch.export.load({})", python_string(path)));
  } else {  // torch.export.load takes the program of that name alone
    lines.emplace_back("from torch.export.pt2_archive._package import load_pt2");
    lines.push_back(fmt::format("program = load_pt2({}).exported_programs[{}]", python_string(path),
                                python_string(program.model)));
  }
  if (program.samples.empty()) {
    lines.emplace_back(
        "# outputs = program.module()(...)  with inputs of your own: none are stored");
  } else {
    lines.emplace_back("args, kwargs = program.example_inputs");
    lines.emplace_back("outputs = program.module()(*args, **kwargs)");
    lines.emplace_back("print(outputs)");
  }
  return lines;
}

}  // namespace fettle
