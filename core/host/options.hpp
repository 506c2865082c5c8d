// Options of components: the declaration is checked once when a plugin is loaded, given values are
// read by it before the plugin sees them, and defaults are filled in.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/host.hpp"

namespace fettle {

bool is_snake_case(std::string_view name);

// Throws plugin_bad_descriptor; `where` names plugin and component.
OptionInfo describe_option(const fettle_option_decl& declared, const std::string& where);

// Options as a plugin is given them, in declared order. The text of strings lives in `texts`.
struct BoundOptions {
  std::vector<fettle_option> values;
  ResolvedOptions texts;
};

// Throws option_unknown, option_type, option_range, option_choice, option_duplicate.
BoundOptions bind_options(std::string_view component, std::span<const fettle_option_decl> declared,
                          const std::vector<Host::GivenOption>& given);

}  // namespace fettle
