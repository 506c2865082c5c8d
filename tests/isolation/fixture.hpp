// What the isolation's tests share: a program in a file, runs of the command line, reports.
#pragma once

#include <boost/json.hpp>

#include "archive/program.hpp"
#include "archive/small_archive.hpp"
#include "catch.hpp"
#include "graph/text.hpp"
#include "pipeline/process.hpp"

namespace fettle::test {

namespace json = boost::json;

inline fs::path small_model(const Folder& folder) {
  return folder.write("small.pt2", zip(small_program()).bytes);
}

// Everything of the program in a file.
inline std::string program_text(const fs::path& path) {
  return print(*read_program(path).graph, PrintOptions::exact());
}

struct Ran : Finished {
  fs::path output, report_path;
  json::value report() const { return json::parse(read_file(report_path)); }
};

// Runs a pipeline's text over a model; output and report go into the folder under `name`.
inline Ran run_model(const Folder& folder, const std::string& name, const fs::path& model,
                     const std::string& pipeline, std::vector<std::string> more = {}) {
  Ran ran;
  ran.output = folder / (name + ".pt2");
  ran.report_path = folder / (name + ".json");
  std::vector<std::string> arguments = {"run",
                                        model.string(),
                                        "-p",
                                        folder.write(name + ".yaml", pipeline).string(),
                                        "-o",
                                        ran.output.string(),
                                        "--report-json",
                                        ran.report_path.string(),
                                        "--plugin-dir",
                                        FETTLE_ISOLATION_PLUGINS};
  arguments.insert(arguments.end(), more.begin(), more.end());
  static_cast<Finished&>(ran) = fettle_command(arguments);
  return ran;
}

inline std::string text_at(const json::value& value, const char* key) {
  return std::string(value.at(key).as_string());
}

}  // namespace fettle::test
