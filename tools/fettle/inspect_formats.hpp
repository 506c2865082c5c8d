// Inspect's formats; text is the graph's own.
#pragma once

#include <boost/json/object.hpp>
#include <iosfwd>
#include <span>
#include <string>

#include "analysis/cost.hpp"
#include "archive/program.hpp"
#include "arguments.hpp"

namespace fettle {

std::string summary_text(const Program& program, const std::string& path);
// `profile`: what --top measured; null if nobody asked.
void write_json(const Program& program, const boost::json::object* profile, std::ostream& out);
// What follows from the types of the inputs, beside what is recorded.
struct TypesText {
  std::string text;
  bool agree = true;
};
TypesText types_text(const Graph& graph);
// The peak of the program's own values, as the analysis of their lives has it: a line, an object.
std::string memory_text(const Graph& graph);
boost::json::object memory_json(const Graph& graph);
// What the calls have to compute and to move: a line or two, a table, an object, a node's.
std::string cost_text(const Costs& costs);
std::string operators_text(const Graph& graph, const Costs& costs);
boost::json::object cost_json(const Graph& graph, const Costs& costs);
boost::json::object node_cost_json(const Costs& costs, NodeId node);

// Pictures: dot, svg, html. What is wrong with their options is thrown before a program is loaded.
bool is_picture(const std::string& format);
void check_picture_options(const Arguments& arguments);
bool colours_by_time(const Arguments& arguments);
// `seconds`: of each node by its id, where colours_by_time.
std::string picture_text(const Arguments& arguments, const Program& program,
                         const std::string& path, std::span<const double> seconds);
std::vector<OptionSpec> picture_options();

}  // namespace fettle
