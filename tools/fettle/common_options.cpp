#include "common_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.hpp"

namespace fettle {

OptionSpec plugin_dir_option() {
  return {.name = "plugin-dir",
          .value = "DIR",
          .help =
              "Looks for plugins there first. The folder must exist, and nobody else may be able "
              "to write to it.",
          .repeatable = true,
          .completes = Completes::folder};
}

OptionSpec device_option() {
  return {.name = "device",
          .value = "DEVICE",
          .help = "Where programs run: cpu, cuda, cuda:1, mps.",
          .otherwise = "cpu"};
}

OptionSpec set_option(std::string example) {
  return {.name = "set",
          .value = "NAME.OPTION=VALUE",
          .help = "Sets an option of a pass, verifier or benchmark, as in '" + std::move(example) +
                  "'. 'fettle plugins info NAME' lists them with units and defaults.",
          .repeatable = true,
          .completes = Completes::setting};
}

OptionSpec report_json_option() {
  return {.name = "report-json",
          .value = "R.json",
          .help = "Writes a report for programs.",
          .completes = Completes::file};
}

Search plugin_search(const Arguments& arguments, const std::filesystem::path& executable) {
  Search search = Search::standard(executable);
  for (const std::string& folder : arguments.list("plugin-dir")) {
    search.plugin_dirs.emplace_back(folder);
  }
  return search;
}

Device read_device(const Arguments& arguments) {
  const std::string text = arguments.text("device", "cpu");
  const std::optional<Device> device = device_from_string(text);
  std::string why;
  if (device && device_available(*device, &why)) return *device;
  throw Error({Code::usage_bad_argument, fmt::format("cannot run on the device '{}'", text),
               "--device", device ? why : "a device is cpu, cuda, cuda:N or mps",
               "leave --device out to run on cpu"});
}

std::vector<ComponentUse> read_components(const Arguments& arguments,
                                          const std::vector<std::string>& otherwise) {
  std::vector<ComponentUse> uses;
  for (const std::string& name : arguments.has("with") ? arguments.list("with") : otherwise) {
    uses.push_back({name, {}, "--with " + name});
  }
  return uses;
}

void apply_overrides(const Arguments& arguments, Pipeline& pipeline) {
  for (const std::string& text : arguments.list("set")) apply_override(pipeline, text);
}

std::optional<double> read_bound(const Arguments& arguments, const std::string& name) {
  if (!arguments.has(name)) return std::nullopt;
  const std::string given = arguments.text(name);
  double number = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), number);
  if (error == std::errc{} && end == given.data() + given.size() && std::isfinite(number) &&
      number >= 0) {
    return number;
  }
  throw Error(
      {Code::usage_bad_argument,
       fmt::format("--{} must be a number that is not negative, but is '{}'", name, given)});
}

}  // namespace fettle
