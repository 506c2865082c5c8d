// Two of inspect's formats; text and dot are the graph's own.
#pragma once

#include <iosfwd>
#include <string>

#include "archive/program.hpp"

namespace fettle {

std::string summary_text(const Program& program, const std::string& path);
void write_json(const Program& program, std::ostream& out);

}  // namespace fettle
