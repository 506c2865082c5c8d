// Options that several commands have, each declared and read in one place.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "arguments.hpp"
#include "host/host.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/executable.hpp"

namespace fettle {

OptionSpec plugin_dir_option();
OptionSpec device_option();
OptionSpec set_option(std::string example);
OptionSpec report_json_option();

// Where to look for plugins: --plugin-dir first, then the usual places.
Search plugin_search(const Arguments& arguments, const std::filesystem::path& executable);

// --device, if this machine has it.
Device read_device(const Arguments& arguments);

// What --with names, else `otherwise`; and what --set says of them.
std::vector<ComponentUse> read_components(const Arguments& arguments,
                                          const std::vector<std::string>& otherwise);
void apply_overrides(const Arguments& arguments, Pipeline& pipeline);

// A number that is finite and not negative, or nothing when the option is not given.
std::optional<double> read_bound(const Arguments& arguments, const std::string& name);

}  // namespace fettle
