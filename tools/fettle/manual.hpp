// The manual: one document for each command, made from its CommandSpec, shown on a terminal or as a
// page for man.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_spec.hpp"
#include "terminal.hpp"

namespace fettle {

// A section's parts, in order.
struct ManualPart {
  enum class Kind { paragraph, literal, definition };
  Kind kind = Kind::paragraph;
  std::string text;
  std::string term = {};  // of a definition
};

struct ManualSection {
  std::string heading;
  std::vector<ManualPart> parts;
};

struct Manual {
  std::string page;  // "fettle-run"
  std::string summary;
  std::vector<ManualSection> sections;
};

Manual manual_of(const CommandSpec& command);
Manual manual_of_all(const std::vector<CommandSpec>& commands);  // fettle(1)

std::string manual_text(const Manual& manual, const Terminal& terminal);
std::string manual_roff(const Manual& manual);

// What -h shows: usage, options in a line each.
std::string brief_help(const CommandSpec& command, const Terminal& terminal);
std::string brief_help_of_all(const std::vector<CommandSpec>& commands, const Terminal& terminal);

}  // namespace fettle
