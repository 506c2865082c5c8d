// Two of inspect's formats; text and dot are the graph's own.
#pragma once

#include <boost/json/object.hpp>
#include <iosfwd>
#include <string>

#include "archive/program.hpp"

namespace fettle {

std::string summary_text(const Program& program, const std::string& path);
void write_json(const Program& program, std::ostream& out);
// The peak of the program's own values, as the analysis of their lives has it: a line, an object.
std::string memory_text(const Graph& graph);
boost::json::object memory_json(const Graph& graph);

}  // namespace fettle
