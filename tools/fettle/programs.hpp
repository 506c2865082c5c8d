// From a path to a program: the one place where commands load one. And what is told of it.
#pragma once

#include <string>
#include <vector>

#include "archive/program.hpp"
#include "arguments.hpp"

namespace fettle {

// A command's options, and behind them what loading takes beside a path: inputs of a TorchScript
// module, which program of several.
std::vector<OptionSpec> with_program_options(std::vector<OptionSpec> options);

// A .pt2 or a TorchScript archive, by its content.
Program load_program(const Arguments& arguments, const std::string& path);

// What was read and not understood, for stderr.
std::string warnings_text(const Program& program);

// Python that loads and runs the program at `path`, with the imports that loading needs.
std::vector<std::string> python_lines(const Program& program, const std::string& path);

}  // namespace fettle
