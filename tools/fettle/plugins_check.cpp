#include "plugins_check.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iostream>

#include "conformance/conformance.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using conformance::Line;
using conformance::Report;
using conformance::Result;

fs::path plugin_file(const std::string& given) {
  std::error_code error;
  const fs::path file = fs::canonical(given, error);
  if (!error && fs::is_regular_file(file, error)) return file;
  throw Error({.code = Code::plugin_not_found,
               .what = error ? "the plugin file does not exist" : "the plugin is not a file",
               .where = given,
               .why = error ? error.message() : "it is a folder or a device",
               .hint = "usage: fettle plugins check FILE.so"});
}

std::string known_check(const std::string& name) {
  std::vector<std::string> known;
  for (const std::string_view check : conformance::check_names()) known.emplace_back(check);
  if (name.empty() || std::ranges::find(known, name) != known.end()) return name;
  throw Error({.code = Code::usage_bad_argument,
               .what = fmt::format("there is no check '{}'", name),
               .hint = suggest(name, known)});
}

conformance::Settings read_settings(const Invocation& invocation, const Arguments& arguments) {
  conformance::Settings settings;
  settings.file = plugin_file(arguments.text("NAME"));
  settings.seed = static_cast<std::uint64_t>(arguments.whole_number("seed", 1, 0, INT64_MAX));
  settings.only = known_check(arguments.text("only"));
  // Only what came with fettle judges: other plugins, and what they do, stay out of this.
  const Search search = Search::standard(invocation.executable);
  settings.verifier = "numeric";
  if (search.build_dir)
    settings.verifier_folder = *search.build_dir;
  else if (search.system_dir)
    settings.verifier_folder = *search.system_dir;
  return settings;
}

std::string text_of(const Line& line) {
  std::string text = fmt::format("{}  {:<26}", result_name(line.finding.result), line.check);
  if (!line.component.empty()) text += fmt::format(" [{}]", line.component);
  if (!line.finding.text.empty()) text += " " + line.finding.text;
  if (!line.finding.hint.empty()) text += "; " + line.finding.hint;
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

json::object json_of(const conformance::Settings& settings, const Report& report) {
  json::array checks;
  for (const Line& line : report.lines) {
    json::object check{{"name", line.check},
                       {"result", line.finding.result == Result::fail
                                      ? "fail"
                                      : std::string(result_name(line.finding.result))},
                       {"holds", conformance::check_holds(line.check)},
                       {"what", line.finding.text},
                       {"hint", line.finding.hint}};
    if (!line.component.empty()) check["component"] = line.component;
    checks.push_back(std::move(check));
  }
  return {{"file", settings.file.string()},
          {"plugin", report.plugin},
          {"version", report.version},
          {"seed", settings.seed},
          {"checks", std::move(checks)},
          {"passed", report.count(Result::pass)},
          {"failed", report.count(Result::fail)},
          {"skipped", report.count(Result::skip)}};
}

// No plugin at all is a mistake of whoever named it; a plugin that fails a check is its author's.
int status_of(const Report& report) {
  for (const Line& line : report.lines) {
    const bool about_the_file = line.check == "whole-library" || line.check == "exports-entry";
    if (about_the_file && line.finding.result == Result::fail) return 2;
  }
  return report.count(Result::fail) ? 1 : 0;
}

}  // namespace

int check_plugin(const Invocation& invocation, const Arguments& arguments) {
  const std::string format = arguments.choice("format");
  if (format != "table" && format != "json") {
    throw Error({.code = Code::usage_bad_argument,
                 .what = fmt::format("'plugins check' has no format '{}'", format),
                 .hint = "leave it out, or --format json"});
  }
  const conformance::Settings settings = read_settings(invocation, arguments);
  constexpr std::int64_t kSeconds = 60, kMostSeconds = 86400;
  const std::chrono::seconds limit(arguments.whole_number("timeout", kSeconds, 1, kMostSeconds));
  const conformance::ChildCommand child{invocation.executable, {std::string(kCheckChild)}};
  const bool text = format == "table";
  const Report report = conformance::check_plugin(settings, child, limit, [&](const Line& line) {
    if (text) std::cout << text_of(line) << std::flush;
  });
  if (text) {
    std::cout << fmt::format("{} passed, {} failed, {} skipped (seed {})\n",
                             report.count(Result::pass), report.count(Result::fail),
                             report.count(Result::skip), settings.seed);
  } else {
    std::cout << json::serialize(json_of(settings, report)) << "\n";
  }
  return status_of(report);
}

std::vector<OptionSpec> plugins_check_options() {
  return {{.name = "seed",
           .value = "N",
           .help = "Of the random programs that 'check' makes.",
           .otherwise = "1"},
          {.name = "timeout",
           .value = "SECONDS",
           .help = "How long 'check' waits for each check before it fails.",
           .otherwise = "60"},
          {.name = "only",
           .value = "CHECK",
           .help = "The one check that 'check' runs, by the name on its line."}};
}

}  // namespace fettle
