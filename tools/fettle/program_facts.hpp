// Small answers that several commands need.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "archive/program.hpp"
#include "arguments.hpp"
#include "host/host.hpp"

namespace fettle {

// Where to look for plugins: --plugin-dir first, then the usual places.
Search plugin_search(const Arguments& arguments, const std::filesystem::path& executable);

// Python that loads and runs the program at `path`, with the imports that loading needs.
std::vector<std::string> python_lines(const Program& program, const std::string& path);

}  // namespace fettle
